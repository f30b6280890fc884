import type { Bytes } from '../../shared/bytes/bytes.ts';
import { type CborMap, type CborValue, isCborArray, isCborMap } from '../../shared/cbor/value.ts';

/** rpIdHash, flags and signCount: what all authenticator data has (WebAuthn L3 §6.1). */
export const MIN_AUTHENTICATOR_DATA_LENGTH = 37;

type Key = number | string;

// Readers of a response's members. A member that is absent or of another type reads as `undefined`; whether that is an
// error is the command's business.

/** A text string. */
export function textMember(map: CborMap, key: Key): string | undefined {
  const value = map.get(key);
  return typeof value === 'string' ? value : undefined;
}

/** A byte string. */
export function bytesMember(map: CborMap, key: Key): Bytes | undefined {
  const value = map.get(key);
  return isByteString(value) ? value : undefined;
}

/** An unsigned integer within ±(2^53-1). */
export function countMember(map: CborMap, key: Key): number | undefined {
  const value = map.get(key);
  return isCount(value) ? value : undefined;
}

/** A truth value. */
export function booleanMember(map: CborMap, key: Key): boolean | undefined {
  const value = map.get(key);
  return typeof value === 'boolean' ? value : undefined;
}

/** A map. */
export function mapMember(map: CborMap, key: Key): CborMap | undefined {
  const value = map.get(key);
  return isCborMap(value) ? value : undefined;
}

/** The texts of an array; other elements are left out. */
export function textsMember(map: CborMap, key: Key): readonly string[] | undefined {
  const value = map.get(key);
  return isCborArray(value) ? value.filter((element) => typeof element === 'string') : undefined;
}

/** The unsigned integers of an array; other elements are left out. */
export function countsMember(map: CborMap, key: Key): readonly number[] | undefined {
  const value = map.get(key);
  return isCborArray(value) ? value.filter(isCount) : undefined;
}

/** The integers of an array, of up to 64 bits; other elements are left out. */
export function integersMember(map: CborMap, key: Key): readonly (number | bigint)[] | undefined {
  const value = map.get(key);
  if (!isCborArray(value)) return undefined;
  return value.filter((element) => typeof element === 'number' || typeof element === 'bigint');
}

/** Tells a byte string from the other values. */
export function isByteString(value: CborValue): value is Bytes {
  return value instanceof Uint8Array;
}

function isCount(value: CborValue): value is number {
  return typeof value === 'number' && value >= 0;
}
