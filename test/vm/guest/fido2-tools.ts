import assert from 'node:assert/strict';
import { createHash, createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { decodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborMap } from '../../../shared/cbor/value.ts';
import type { Guest, Outcome } from './guest.ts';

export const TOOLS_RP_ID = 'tools.example';

/** A credential that fido2-cred made and verified. */
export interface ToolsCredential {
  /** Base64, as the tools write it. */
  readonly id: string;
  readonly publicKeyPem: string;
}

/** The credential that an assertion is to be of. */
export interface AssertedCredential {
  /** Base64; without it the key looks for a discoverable one. */
  readonly id?: string;
  readonly publicKeyPem: string;
  readonly rpId?: string;
}

/** What fido2-assert answered, after it verified it. */
export interface ToolsAssertion {
  /** Lines behind the signature, base64: the user's ID with `-r`, the secret with `-h`. */
  readonly more: readonly string[];
}

/** How to call a tool. */
export interface ToolOptions {
  /** Letters of options besides the operation, such as `rv`. */
  readonly letters?: string;
  /** Lines for the questions for PINs: without a terminal the tools take their standard input. */
  readonly pins?: readonly string[];
}

/** Debian's fido2-tools: a client that shares nothing with ours. */
export class Fido2Tools {
  readonly #guest: Guest;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'fido2-'));

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  /** Runs `fido2-token` whatever comes of it. */
  token(args: readonly string[], pins: readonly string[] = []): Promise<Outcome> {
    return this.#guest.run('fido2-token', args, { input: pins.map((pin) => `${pin}\n`).join('') });
  }

  /** Runs `fido2-token` and gives what it printed. */
  async ask(args: readonly string[], pins: readonly string[] = []): Promise<string> {
    return mustWork(await this.token(args, pins)).stdout;
  }

  /** Makes a credential (`fido2-cred -M`) and has it verified (`fido2-cred -V`). */
  async makeCredential(device: string, { letters = '', pins = [] }: ToolOptions = {}): Promise<ToolsCredential> {
    const input = this.#file('cred-in', [hash('made'), TOOLS_RP_ID, 'ada', base64('user of the tools')]);
    const made = path.join(this.#folder, 'cred');
    await this.#must('fido2-cred', ['-M', ...options(letters), '-i', input, '-o', made, device], pins);
    const kept = letters.replaceAll(/[bruq]/g, '');
    const verified = await this.#must('fido2-cred', ['-V', ...options(kept), '-i', made]);
    const [id = '', ...pem] = verified.stdout.split('\n');
    return { id, publicKeyPem: pem.join('\n') };
  }

  /** Gets an assertion (`fido2-assert -G`) and has it verified (`fido2-assert -V`) with the key. */
  async getAssertion(
    device: string,
    credential: AssertedCredential,
    { letters = '', pins = [] }: ToolOptions = {},
  ): Promise<ToolsAssertion> {
    const got = await this.prepareAssertion(device, credential, letters, pins)();
    const key = this.#file('key.pem', [credential.publicKeyPem]);
    const kept = letters.replaceAll(/[br]/g, '');
    await this.#must('fido2-assert', ['-V', ...options(kept), '-i', got, key, 'es256']);
    return { more: readFileSync(got, 'utf8').trimEnd().split('\n').slice(4) };
  }

  /** A function that gets an assertion, and does nothing else; it resolves with the file that has it. */
  prepareAssertion(
    device: string,
    { id, rpId = TOOLS_RP_ID }: AssertedCredential,
    letters: string,
    pins: readonly string[] = [],
  ): () => Promise<string> {
    const salt = letters.includes('h') ? [base64('a salt of thirty-two bytes is it')] : [];
    const input = this.#file('assert-in', [hash('asserted'), rpId, ...(id === undefined ? [] : [id]), ...salt]);
    const got = path.join(this.#folder, 'assert');
    return async () => {
      await this.#must('fido2-assert', ['-G', ...options(letters), '-i', input, '-o', got, device], pins);
      return got;
    };
  }

  async #must(tool: string, args: readonly string[], pins: readonly string[] = []): Promise<Outcome> {
    return mustWork(await this.#guest.run(tool, args, { input: pins.map((pin) => `${pin}\n`).join('') }));
  }

  #file(name: string, lines: readonly string[]): string {
    const file = path.join(this.#folder, name);
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  }
}

/** A P-256 key of COSE (RFC 9053 §7.1.1) as the tools take it. */
export function pemOf(cose: Uint8Array): string {
  const decoded = decodeCbor(new Uint8Array(cose));
  if (!decoded.ok) throw new Error('The public key is no CBOR.');
  const map = decoded.value.value as CborMap;
  const coordinate = (label: number): string => Buffer.from(map.get(label) as Uint8Array).toString('base64url');
  const key = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: coordinate(-2), y: coordinate(-3) } });
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/** The operation itself has to stand alone. */
function options(letters: string): readonly string[] {
  return letters === '' ? [] : [`-${letters}`];
}

function mustWork(outcome: Outcome): Outcome {
  assert.equal(outcome.code, 0, outcome.stderr);
  return outcome;
}

/** What the client data of both clients hashes to. */
function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
