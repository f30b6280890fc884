import { createPublicKey, type KeyObject, verify } from 'node:crypto';

import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { type Bytes, concatBytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import { decodeCborPrefix, decodeCborStrict, encodeCbor } from '../../../shared/cbor/codec.ts';
import { type CborMap, type CborValue, isCborMap } from '../../../shared/cbor/value.ts';
import { Authenticator } from '../authenticator/authenticator.ts';
import type { WorkStatus } from '../authenticator/exchange.ts';
import { defaultSettings, type Protocol, type Settings } from '../authenticator/settings.ts';
import { ManualEnvironment } from './manual-environment.ts';
import { authenticate, bytesOf, decryptFrom, encryptFor, hashPin, openPlatformSession, padPin, type PlatformSession } from './pin-platform.ts';

/** What a command answered. */
export interface Answer {
  readonly status: number;
  readonly map: CborMap;
}

/** A proof of user verification, ready to be sent. */
export interface UvProof {
  readonly param: Bytes;
  readonly protocol: number;
}

/** Parameters as a plain object; undefined members are left out. */
export type Members = Readonly<Record<string | number, CborValue>>;

export const CLIENT_DATA_HASH: Bytes = new Uint8Array(32).fill(0xcd);
export const RP_ID = 'example.org';

/** A map with integer keys. */
export function parameters(members: Members): CborMap {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return new Map<CborValue, CborValue>(entries.map(([key, value]) => [Number(key), value]));
}

/** A map with text keys. */
export function texts(members: Members): CborMap {
  return new Map<CborValue, CborValue>(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** A small platform over a virtual key without a transport, for tests of the commands. */
export class Platform {
  readonly environment = new ManualEnvironment();
  readonly authenticator: Authenticator;
  readonly keepalives: WorkStatus[] = [];
  abort = new AbortController();

  constructor(protocol: Protocol = 'ctap2_1', settings: Partial<Settings> = {}) {
    this.authenticator = new Authenticator({ ...defaultSettings(protocol), ...settings }, this.environment);
  }

  async raw(request: Bytes): Promise<Bytes> {
    const keepalive = (status: WorkStatus): void => void this.keepalives.push(status);
    return await this.authenticator.call(request, { keepalive, signal: this.abort.signal });
  }

  /** Resolves when the key waits for a touch. */
  async blinking(): Promise<void> {
    if (this.authenticator.waitingForTouch) return;
    await new Promise<void>((resolve) => {
      const stop = this.authenticator.observe(() => {
        if (!this.authenticator.waitingForTouch) return;
        stop();
        resolve();
      });
    });
  }

  async send(command: number, members?: CborMap): Promise<Answer> {
    const encoded = members === undefined ? new Uint8Array() : encodeCbor(members);
    const response = await this.raw(concatBytes(Uint8Array.of(command), encoded));
    if (response.length <= 1) return { status: response[0] ?? -1, map: new Map<CborValue, CborValue>() };
    const decoded = decodeCborStrict(response.slice(1));
    if (!decoded.ok || !isCborMap(decoded.value)) throw new TypeError('A response must be a canonical map.');
    return { status: response[0] ?? -1, map: decoded.value };
  }

  async makeCredential(changes: Members = {}, proof?: UvProof): Promise<Answer> {
    return await this.send(1, parameters({
      1: CLIENT_DATA_HASH,
      2: texts({ id: RP_ID, name: 'Example' }),
      3: texts({ id: encodeUtf8('user-1'), name: 'alice', displayName: 'Alice' }),
      4: [texts({ alg: -7, type: 'public-key' })],
      8: proof?.param,
      9: proof?.protocol,
      ...changes,
    }));
  }

  async getAssertion(changes: Members = {}, proof?: UvProof): Promise<Answer> {
    return await this.send(2, parameters({ 1: RP_ID, 2: CLIENT_DATA_HASH, 6: proof?.param, 7: proof?.protocol, ...changes }));
  }

  /** Registers a credential and gives its id; fails the test when that fails. */
  async register(changes: Members = {}, proof?: UvProof): Promise<Bytes> {
    const { status, map } = await this.makeCredential(changes, proof);
    if (status !== 0) throw new Error(`makeCredential answered ${status.toString(16)}`);
    return parseAuthenticatorData(bytesOf(map.get(2))).credentialId;
  }

  async session(number: 1 | 2): Promise<PlatformSession> {
    const { map } = await this.send(6, parameters({ 1: number, 2: 2 }));
    return await openPlatformSession(number, map.get(1) as CborMap);
  }

  async setPin(pin: string, number: 1 | 2 = 2): Promise<number> {
    const session = await this.session(number);
    const newPinEnc = await encryptFor(session, padPin(pin));
    const param = await authenticate(number, session.hmacKey, newPinEnc);
    return (await this.send(6, parameters({ 1: number, 2: 3, 3: session.keyAgreement, 4: param, 5: newPinEnc }))).status;
  }

  async changePin(oldPin: string, newPin: string, number: 1 | 2 = 2): Promise<number> {
    const session = await this.session(number);
    const newPinEnc = await encryptFor(session, padPin(newPin));
    const pinHashEnc = await encryptFor(session, await hashPin(oldPin));
    const param = await authenticate(number, session.hmacKey, concatBytes(newPinEnc, pinHashEnc));
    const members = { 1: number, 2: 4, 3: session.keyAgreement, 4: param, 5: newPinEnc, 6: pinHashEnc };
    return (await this.send(6, parameters(members))).status;
  }

  /** Asks for a token; `members` names subcommand, permissions and the rest. */
  async requestToken(members: Members, pin: string | undefined, number: 1 | 2 = 2): Promise<{ readonly status: number; readonly token: Bytes }> {
    const session = await this.session(number);
    const pinHashEnc = pin === undefined ? undefined : await encryptFor(session, await hashPin(pin));
    const answer = await this.send(6, parameters({ 1: number, 3: session.keyAgreement, 6: pinHashEnc, ...members }));
    const encrypted = answer.map.get(2);
    return { status: answer.status, token: encrypted === undefined ? new Uint8Array() : await decryptFrom(session, bytesOf(encrypted)) };
  }

  /** A proof with a token for registration and authentication at RP_ID. */
  async proof(pin: string, changes: Members = {}, number: 1 | 2 = 2): Promise<UvProof> {
    const { token } = await this.requestToken({ 2: 9, 9: 3, 10: RP_ID, ...changes }, pin, number);
    return { param: await authenticate(number, token, CLIENT_DATA_HASH), protocol: number };
  }

  async pinRetries(): Promise<CborValue> {
    return (await this.send(6, parameters({ 1: 1, 2: 1 }))).map.get(3);
  }
}

/** Authenticator data in parts. */
export interface ParsedAuthenticatorData {
  readonly rpIdHash: Bytes;
  readonly flags: number;
  readonly signCount: number;
  readonly aaguid: Bytes;
  readonly credentialId: Bytes;
  readonly publicKey: CborMap;
  readonly extensions: CborMap;
}

const EMPTY: CborMap = new Map<CborValue, CborValue>();

/** Takes authenticator data apart, failing the test when it is malformed or bytes are left over. */
export function parseAuthenticatorData(data: Bytes): ParsedAuthenticatorData {
  const view = new DataView(data.buffer);
  const flags = view.getUint8(32);
  let offset = 37;
  let aaguid = new Uint8Array();
  let credentialId = new Uint8Array();
  let publicKey = EMPTY;
  let extensions = EMPTY;
  if ((flags & 0x40) !== 0) {
    aaguid = data.slice(37, 53);
    const length = view.getUint16(53);
    credentialId = data.slice(55, 55 + length);
    offset = 55 + length;
    const decoded = mapPrefix(data.slice(offset));
    publicKey = decoded.map;
    offset += decoded.length;
  }
  if ((flags & 0x80) !== 0) {
    const decoded = mapPrefix(data.slice(offset));
    extensions = decoded.map;
    offset += decoded.length;
  }
  if (offset !== data.length) throw new Error('Bytes are left over behind the authenticator data.');
  return { rpIdHash: data.slice(0, 32), flags, signCount: view.getUint32(33), aaguid, credentialId, publicKey, extensions };
}

function mapPrefix(bytes: Bytes): { readonly map: CborMap; readonly length: number } {
  const decoded = decodeCborPrefix(bytes);
  if (!decoded.ok || !isCborMap(decoded.value.value)) throw new TypeError('A map was expected.');
  return { map: decoded.value.value, length: decoded.value.length };
}

/** A COSE_Key as a key that can verify. */
export function importCoseKey(key: CborMap): KeyObject {
  const x = encodeBase64url(bytesOf(key.get(-2)));
  if (key.get(3) === -8) return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
  return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y: encodeBase64url(bytesOf(key.get(-3))) } });
}

/** Whether the signature over authenticator data and client data hash is good. */
export function signatureFits(publicKey: CborMap, authenticatorData: Bytes, signature: Bytes): boolean {
  const digest = publicKey.get(3) === -8 ? null : 'sha256';
  return verify(digest, concatBytes(authenticatorData, CLIENT_DATA_HASH), importCoseKey(publicKey), signature);
}
