import { type ECDH, createECDH } from 'node:crypto';

import { type Bytes, concatBytes, copyBytes } from '../../../shared/bytes/bytes.ts';
import { type CborMap, type CborValue, isCborMap } from '../../../shared/cbor/value.ts';
import { isOnCurve } from '../../../shared/cose/curves.ts';
import { bytesMember } from '../members.ts';
import type { PinUvAuthProtocol } from './protocol.ts';

const COORDINATE_LENGTH = 32;
const UNCOMPRESSED = 0x04;

/** What one key agreement gives: our public key for the authenticator, and the secret that both now have. */
export interface Encapsulation {
  /** COSE_Key of ours, as the request's `keyAgreement`. */
  readonly keyAgreement: CborMap;
  /** To be overwritten after use. */
  readonly sharedSecret: Bytes;
}

/**
 * Agrees on a shared secret with the authenticator's public key.
 *
 * Source: CTAP 2.2 §6.5.6 `encapsulate` and `ecdh`. The algorithm member of the key is -25 in the specification, though
 * the key is not used with that algorithm; what is there is not looked at.
 *
 * @param authenticatorKey the COSE_Key that getKeyAgreement returned.
 * @param ours a key pair to use in place of a fresh one.
 * @returns `undefined` when the authenticator's key is not a point of P-256.
 */
export function encapsulate(
  protocol: PinUvAuthProtocol,
  authenticatorKey: CborValue,
  ours: ECDH = generateKeyPair(),
): Encapsulation | undefined {
  const theirs = decodePoint(authenticatorKey);
  if (theirs === undefined) return undefined;
  const point = ours.getPublicKey();
  const sharedX = copyBytes(ours.computeSecret(theirs));
  const sharedSecret = protocol.deriveSharedSecret(sharedX);
  sharedX.fill(0);
  const keyAgreement = new Map<CborValue, CborValue>([
    [1, 2],
    [3, -25],
    [-1, 1],
    [-2, copyBytes(point.subarray(1, 1 + COORDINATE_LENGTH))],
    [-3, copyBytes(point.subarray(1 + COORDINATE_LENGTH))],
  ]);
  return { keyAgreement, sharedSecret };
}

function generateKeyPair(): ECDH {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  return pair;
}

function decodePoint(key: CborValue): Bytes | undefined {
  if (!isCborMap(key) || key.get(1) !== 2 || key.get(-1) !== 1) return undefined;
  const x = bytesMember(key, -2);
  const y = bytesMember(key, -3);
  if (x?.length !== COORDINATE_LENGTH || y?.length !== COORDINATE_LENGTH) return undefined;
  return isOnCurve('P-256', x, y) ? concatBytes(Uint8Array.of(UNCOMPRESSED), x, y) : undefined;
}
