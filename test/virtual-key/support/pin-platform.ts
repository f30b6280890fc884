import { decodeBase64url, encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { type Bytes, concatBytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import type { CborMap, CborValue } from '../../../shared/cbor/value.ts';

/*
 * The platform's half of the PIN/UV auth protocols, on WebCrypto where the virtual key is on OpenSSL's interface, so
 * that the two do not share a mistake.
 */

const { subtle } = globalThis.crypto;

/** What both sides agreed on: separate keys, which are the same in protocol one. */
export interface PlatformSession {
  readonly number: 1 | 2;
  /** The platform's public key as COSE_Key. */
  readonly keyAgreement: CborMap;
  readonly hmacKey: Bytes;
  readonly aesKey: Bytes;
}

/** Makes the platform's key and the shared secret from the authenticator's COSE_Key. */
export async function openPlatformSession(number: 1 | 2, authenticatorKey: CborMap): Promise<PlatformSession> {
  const pair = await subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
  const peer = await subtle.importKey(
    'jwk',
    { kty: 'EC', crv: 'P-256', x: encodeBase64url(bytesOf(authenticatorKey.get(-2))), y: encodeBase64url(bytesOf(authenticatorKey.get(-3))) },
    { name: 'ECDH', namedCurve: 'P-256' },
    true,
    [],
  );
  const z = new Uint8Array(await subtle.deriveBits({ name: 'ECDH', public: peer }, pair.privateKey, 256));
  const jwk = await subtle.exportKey('jwk', pair.publicKey);
  const keyAgreement = new Map<CborValue, CborValue>([
    [1, 2],
    [3, -25],
    [-1, 1],
    [-2, decodeBase64url(jwk.x ?? '')],
    [-3, decodeBase64url(jwk.y ?? '')],
  ]);
  if (number === 1) {
    const secret = await sha256(z);
    return { number, keyAgreement, hmacKey: secret, aesKey: secret };
  }
  return { number, keyAgreement, hmacKey: await hkdf(z, 'CTAP2 HMAC key'), aesKey: await hkdf(z, 'CTAP2 AES key') };
}

/** Encrypts whole blocks. */
export async function encryptFor(session: PlatformSession, plaintext: Bytes): Promise<Bytes> {
  const iv = session.number === 1 ? new Uint8Array(16) : globalThis.crypto.getRandomValues(new Uint8Array(16));
  const key = await subtle.importKey('raw', session.aesKey, 'AES-CBC', false, ['encrypt']);
  // WebCrypto pads always: the padding block is cut off.
  const encrypted = new Uint8Array(await subtle.encrypt({ name: 'AES-CBC', iv }, key, plaintext)).slice(0, plaintext.length);
  return session.number === 1 ? encrypted : concatBytes(iv, encrypted);
}

/** Decrypts whole blocks. */
export async function decryptFrom(session: PlatformSession, message: Bytes): Promise<Bytes> {
  const iv = session.number === 1 ? new Uint8Array(16) : message.slice(0, 16);
  const ciphertext = session.number === 1 ? message : message.slice(16);
  const key = await subtle.importKey('raw', session.aesKey, 'AES-CBC', false, ['encrypt', 'decrypt']);
  // WebCrypto wants padding: append a block that decrypts to a full block of it.
  const last = ciphertext.slice(-16);
  const padding = new Uint8Array(16).fill(16);
  const block = new Uint8Array(await subtle.encrypt({ name: 'AES-CBC', iv: last }, key, padding)).slice(0, 16);
  return new Uint8Array(await subtle.decrypt({ name: 'AES-CBC', iv }, key, concatBytes(ciphertext, block)));
}

/** A pinUvAuthParam: HMAC-SHA-256, cut to 16 bytes in protocol one. `key` is the session's HMAC key or a token. */
export async function authenticate(number: 1 | 2, key: Bytes, message: Bytes): Promise<Bytes> {
  const hmacKey = await subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const mac = new Uint8Array(await subtle.sign('HMAC', hmacKey, message));
  return number === 1 ? mac.slice(0, 16) : mac;
}

/** LEFT(SHA-256(PIN), 16). */
export async function hashPin(pin: string): Promise<Bytes> {
  return (await sha256(encodeUtf8(pin))).slice(0, 16);
}

/** The PIN in its 64 bytes. */
export function padPin(pin: string): Bytes {
  const padded = new Uint8Array(64);
  padded.set(encodeUtf8(pin).slice(0, 64));
  return padded;
}

/** SHA-256. */
export async function sha256(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await subtle.digest('SHA-256', data));
}

async function hkdf(secret: Bytes, info: string): Promise<Bytes> {
  const key = await subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info: encodeUtf8(info) };
  return new Uint8Array(await subtle.deriveBits(parameters, key, 256));
}

/** The bytes in a CBOR value; fails the test when they are not. */
export function bytesOf(value: CborValue): Bytes {
  if (!(value instanceof Uint8Array)) throw new TypeError('Bytes were expected.');
  return value;
}
