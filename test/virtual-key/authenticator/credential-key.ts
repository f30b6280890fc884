import { createECDH, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';

import { encodeBase64url, decodeBase64url } from '../../../shared/bytes/base64url.ts';
import { type Bytes, concatBytes, copyBytes } from '../../../shared/bytes/bytes.ts';
import { decodeHex } from '../../../shared/bytes/hex.ts';
import type { CborMap, CborValue } from '../../../shared/cbor/value.ts';
import type { Algorithm } from './settings.ts';

/** A signing key of a credential or of the test CA. */
export interface CredentialKey {
  readonly algorithm: Algorithm;
  readonly privateKey: KeyObject;
}

// PKCS#8 wrapping of a 32-byte Ed25519 seed (RFC 8410 §7).
const ED25519_PKCS8_PREFIX = decodeHex('302e020100300506032b657004220420') ?? new Uint8Array();

/** Makes a key pair from the given randomness, so that the same randomness gives the same key. */
export function generateKey(algorithm: Algorithm, random: (length: number) => Bytes): CredentialKey {
  if (algorithm === -8) {
    const der = Buffer.from(concatBytes(ED25519_PKCS8_PREFIX, random(32)));
    return { algorithm, privateKey: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) };
  }
  return { algorithm, privateKey: p256PrivateKey(random) };
}

function p256PrivateKey(random: (length: number) => Bytes): KeyObject {
  const scalar = random(32);
  // The order of P-256 is just under 2^256: with this bit clear every scalar but zero is valid.
  scalar[0] = (scalar[0] ?? 0) & 0x7f;
  scalar[31] = (scalar[31] ?? 0) | 0x01;
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  return createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      d: encodeBase64url(scalar),
      x: encodeBase64url(point.subarray(1, 33)),
      y: encodeBase64url(point.subarray(33)),
    },
  });
}

/** Reads a PKCS#8 private key. `undefined` when it is not one, or of an algorithm that the key does not know. */
export function importKey(pkcs8: Uint8Array): CredentialKey | undefined {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  } catch {
    // OpenSSL says "not a key" by throwing; the caller gets that as a value.
    return undefined;
  }
  if (privateKey.asymmetricKeyType === 'ed25519') return { algorithm: -8, privateKey };
  const isP256 = privateKey.asymmetricKeyType === 'ec' && privateKey.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  return isP256 ? { algorithm: -7, privateKey } : undefined;
}

/** The key as PKCS#8. */
export function exportKey(key: CredentialKey): Bytes {
  return copyBytes(key.privateKey.export({ format: 'der', type: 'pkcs8' }));
}

/** The public key as SubjectPublicKeyInfo. */
export function exportPublicKey(key: CredentialKey): Bytes {
  return copyBytes(createPublicKey(key.privateKey).export({ format: 'der', type: 'spki' }));
}

/** Signs: DER-encoded ECDSA with SHA-256, or Ed25519. */
export function signWith(key: CredentialKey, data: Uint8Array): Bytes {
  return copyBytes(sign(key.algorithm === -7 ? 'sha256' : null, data, key.privateKey));
}

/** The public key as COSE_Key. Source: RFC 9053 §7. */
export function cosePublicKey(key: CredentialKey): CborMap {
  const jwk = createPublicKey(key.privateKey).export({ format: 'jwk' });
  const x = coordinate(jwk.x);
  const entries: [number, CborValue][] =
    key.algorithm === -7
      ? [[1, 2], [3, -7], [-1, 1], [-2, x], [-3, coordinate(jwk.y)]]
      : [[1, 1], [3, -8], [-1, 6], [-2, x]];
  return new Map<CborValue, CborValue>(entries);
}

/** The public key as an uncompressed point, for U2F. P-256 only. */
export function publicPoint(key: CredentialKey): Bytes {
  const jwk = createPublicKey(key.privateKey).export({ format: 'jwk' });
  return concatBytes(Uint8Array.of(4), coordinate(jwk.x), coordinate(jwk.y));
}

function coordinate(text: string | undefined): Bytes {
  const bytes = decodeBase64url(text ?? '');
  if (bytes?.length !== 32) throw new Error('A public key without a 32-byte coordinate.');
  return bytes;
}
