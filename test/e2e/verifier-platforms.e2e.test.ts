import { type KeyObject, constants, generateKeyPairSync, sign } from 'node:crypto';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { encodeBase64url } from '../../shared/bytes/base64url.ts';
import { type Bytes, concatBytes } from '../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../shared/cbor/codec.ts';
import type { CborValue } from '../../shared/cbor/value.ts';
import * as fixture from '../shared/verifier/fixture.ts';
import * as make from '../shared/verifier/attestation/statements.ts';
import { type KeyPair, basicConstraints, certificate, der, oid } from '../shared/x509/certificate-builder.ts';
import { findFirefox, launchFirefox } from '../support/firefox.ts';
import { launchPlainChromium } from '../support/plain-chromium.ts';

const isMissing = findFirefox() === undefined;
const why = isMissing ? ' (skipped: there is none; install firefox-esr or name one by KEYSTILE_FIREFOX)' : '';

/** What `keystile verify` reads, and the verdict that is right. */
interface Case {
  readonly entry: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly verdict: 'accepted' | 'refused';
}

const EXPECTED = { challenge: encodeBase64url(fixture.CHALLENGE), origin: fixture.COMMON.origins[0], rpId: fixture.COMMON.rpId, at: fixture.NOW };

function registered(name: string, spec: fixture.RegistrationSpec): Case {
  const { response, anchors = [] } = fixture.registration(spec);
  return { entry: { name, kind: 'registration', response, expected: EXPECTED, trustRoots: anchors.map(encodeBase64url) }, verdict: 'accepted' };
}

const RSA_SHA256 = der(0x30, oid('1.2.840.113549.1.1.11'), der(0x05));

/** A root with a key of its own, an attestation key of the same kind, and a registration by them. */
function attestedBy(name: string, key: KeyPair, algorithm: number, identifier: Bytes, hash: string | null): Case {
  const signing = { algorithm: identifier, sign: (signed: Bytes) => sign(hash, signed, key.privateKey) };
  const issuer = [['2.5.4.3', name]] as const;
  const root = certificate({ subject: issuer, issuer, key, issuerKey: key, signing, extensions: [basicConstraints(true)] });
  const leaf = fixture.leaf({ key, issuer, issuerKey: key, signing });
  const signature = new Uint8Array(sign(hash, concatBytes(fixture.REGISTRATION_DATA, fixture.sha256(fixture.REGISTRATION_CLIENT_DATA)), key.privateKey));
  const attStmt = new Map<CborValue, CborValue>([['alg', algorithm], ['sig', signature], ['x5c', [leaf]]]);
  return registered(`packed under ${name}`, { fmt: 'packed', attStmt, input: { anchors: [root] } });
}

/** The key with a SubjectPublicKeyInfo whose identifier lacks its NULL. */
function withoutNull({ publicKey, privateKey }: KeyPair): KeyPair {
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const bare = der(0x30, der(0x30, oid('1.2.840.113549.1.1.1')), spki.subarray(4 + 2 + 11 + 2));
  return { privateKey, publicKey: { export: () => bare } as unknown as KeyObject };
}

/** A sign-in as it should be, and one whose signature has another last bit. */
function signedIn(name: string, key: KeyPair, members: readonly (readonly [number, CborValue])[], how: { hash: string | null; padding?: number; saltLength?: number }): Case[] {
  const client = fixture.clientData('webauthn.get');
  const data = fixture.authData({ flags: 0x05, signCount: 6 });
  const { hash, ...options } = how;
  const signature = new Uint8Array(sign(hash, concatBytes(data, fixture.sha256(client)), { key: key.privateKey, ...options }));
  const changed = signature.slice();
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  const credential = { id: encodeBase64url(fixture.CREDENTIAL_ID), publicKey: encodeBase64url(encodeCbor(new Map<CborValue, CborValue>(members))), counter: 5 };
  const entry = (bytes: Bytes): Readonly<Record<string, unknown>> => ({
    kind: 'authentication',
    response: fixture.authentication({ client, data, signature: bytes }).response,
    expected: EXPECTED,
    credential,
  });
  return [
    { entry: { name, ...entry(signature) }, verdict: 'accepted' },
    { entry: { name: `${name}, changed`, ...entry(changed) }, verdict: 'refused' },
  ];
}

function cases(): readonly Case[] {
  const member = ({ publicKey }: KeyPair, name: 'x' | 'y' | 'n' | 'e'): Bytes => new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' })[name] ?? '', 'base64url'));
  const curve = (namedCurve: string): KeyPair => generateKeyPairSync('ec', { namedCurve });
  const [p384, p521, ed25519] = [curve('P-384'), curve('P-521'), generateKeyPairSync('ed25519')];
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const small = generateKeyPairSync('rsa', { modulusLength: 2049, publicExponent: 3 });
  const ec2 = (key: KeyPair, algorithm: number, id: number): readonly (readonly [number, CborValue])[] => [[1, 2], [3, algorithm], [-1, id], [-2, member(key, 'x')], [-3, member(key, 'y')]];
  const ofRsa = (key: KeyPair, algorithm: number): readonly (readonly [number, CborValue])[] => [[1, 3], [3, algorithm], [-1, member(key, 'n')], [-2, member(key, 'e')]];
  return [
    registered('fido-u2f', make.u2f()),
    registered('apple', make.apple()),
    registered('android-key', make.androidKey()),
    registered('tpm', make.tpm()),
    registered('tpm, RSA and SHA-1', make.rsaTpm()),
    registered('android-safetynet', make.safetyNet()),
    registered('packed, self', { fmt: 'packed', attStmt: fixture.packedSelf() }),
    attestedBy('P-384', p384, -35, der(0x30, oid('1.2.840.10045.4.3.3')), 'SHA384'),
    attestedBy('P-521', p521, -36, der(0x30, oid('1.2.840.10045.4.3.4')), 'SHA512'),
    attestedBy('Ed25519', ed25519, -8, der(0x30, oid('1.3.101.112')), null),
    attestedBy('RSA', rsa, -257, RSA_SHA256, 'SHA256'),
    attestedBy('RSA of 2049 bits, with exponent 3', small, -257, RSA_SHA256, 'SHA256'),
    attestedBy('RSA without NULL', withoutNull(rsa), -257, RSA_SHA256, 'SHA256'),
    ...signedIn('ES384', p384, ec2(p384, -35, 2), { hash: 'SHA384' }),
    ...signedIn('ES512', p521, ec2(p521, -36, 3), { hash: 'SHA512' }),
    ...signedIn('EdDSA', ed25519, [[1, 1], [3, -8], [-1, 6], [-2, member(ed25519, 'x')]], { hash: null }),
    ...signedIn('RS256', small, ofRsa(small, -257), { hash: 'SHA256' }),
    ...signedIn('PS512', rsa, ofRsa(rsa, -39), { hash: 'SHA512', padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 }),
  ];
}

/** `verifyFile` as a script: the verifier itself takes byte arrays, which do not cross to a page as they are. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: "import { verifyFile } from './native-host/verify/verify-file.ts'; globalThis.verifyFile = verifyFile;",
      resolveDir: path.resolve(import.meta.dirname, '../..'),
    },
    bundle: true,
    write: false,
    format: 'iife',
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}

/** The page verifies as soon as it is loaded, and posts what it found. */
const PAGE = `<!doctype html><meta charset="utf-8"><script src="/script"></script><script>
const judge = async () => verifyFile(await (await fetch('/cases')).text(), 0);
judge().catch((error) => ({ error: String(error) })).then((found) => fetch('/found', { method: 'POST', body: JSON.stringify(found) }));
</script>`;

/** The verifier is the same code everywhere, WebCrypto is not: browsers must come to the verdicts that Node comes to. */
describe('the verifier in browsers', () => {
  const all = cases();
  let server: Server;
  let address: string;
  let take: (found: string) => void = () => undefined;

  beforeAll(async () => {
    const answers = new Map([['/', PAGE], ['/script', await bundle()], ['/cases', JSON.stringify(all.map(({ entry }) => entry))]]);
    server = createServer((request, response) => {
      response.setHeader('content-type', request.url === '/script' ? 'text/javascript' : 'text/html');
      response.end(answers.get(request.url ?? '') ?? '');
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        if (request.url === '/found') take(Buffer.concat(parts).toString());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port.toString()}/`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  async function foundBy(open: (url: string) => Promise<unknown>): Promise<unknown> {
    const found = new Promise<string>((resolve) => (take = resolve));
    await open(address);
    return JSON.parse(await found);
  }

  const right = { ok: true, value: { results: all.map(({ entry: { name }, verdict }) => expect.objectContaining({ name, verdict }) as unknown), notJudged: [] } };

  test('Chromium', async () => {
    const chromium = await launchPlainChromium();
    try {
      expect(await foundBy(async (url) => (await chromium.context.newPage()).goto(url))).toMatchObject(right);
    } finally {
      await chromium.close();
    }
  });

  test.skipIf(isMissing)(`Firefox${why}`, async () => {
    const firefox = await launchFirefox({ host: false });
    try {
      expect(await foundBy((url) => firefox.openTab(url))).toMatchObject(right);
    } finally {
      await firefox.close();
    }
  });
});
