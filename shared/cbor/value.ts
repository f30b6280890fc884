import type { Bytes } from '../bytes/bytes.ts';

/**
 * What CTAP and WebAuthn carry in CBOR. Integers within ±(2^53-1) are numbers, larger ones bigints; maps keep their
 * key types (COSE keys are integers); byte strings are copies over buffers of their own.
 */
export type CborValue =
  | number
  | bigint
  | string
  | boolean
  | null
  | undefined
  | Bytes
  | readonly CborValue[]
  | CborMap;

/** A CBOR map. */
export type CborMap = ReadonlyMap<CborValue, CborValue>;

/** Tells a map from the other values. */
export function isCborMap(value: CborValue): value is CborMap {
  return value instanceof Map;
}

/** Tells an array from the other values. */
export function isCborArray(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value);
}
