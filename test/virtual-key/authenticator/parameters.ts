import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { type CborMap, type CborValue, isCborArray, isCborMap } from '../../../shared/cbor/value.ts';
import { CtapFailure, CtapStatus } from './status.ts';

/*
 * Reads members of a command's parameter map. Each function gives `undefined` for an absent member and fails with
 * CBOR_UNEXPECTED_TYPE for one of another type. Source: CTAP 2.1 §8.2.
 */

type Key = number | string;

/** Makes an optional member a mandatory one: MISSING_PARAMETER when it is absent. */
export function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new CtapFailure(CtapStatus.missingParameter);
  return value;
}

/** A byte string. */
export function bytesAt(map: CborMap, key: Key): Bytes | undefined {
  return member(map, key, (value) => value instanceof Uint8Array) as Bytes | undefined;
}

/** A text string. */
export function textAt(map: CborMap, key: Key): string | undefined {
  return member(map, key, (value) => typeof value === 'string') as string | undefined;
}

/** An unsigned integer that fits 32 bits. */
export function unsignedAt(map: CborMap, key: Key): number | undefined {
  const value = integerAt(map, key);
  if (value !== undefined && (value < 0 || value > 0xffff_ffff)) throw new CtapFailure(CtapStatus.cborUnexpectedType);
  return value;
}

/** An integer of either sign. */
export function integerAt(map: CborMap, key: Key): number | undefined {
  return member(map, key, (value) => typeof value === 'number') as number | undefined;
}

/** True or false. */
export function booleanAt(map: CborMap, key: Key): boolean | undefined {
  return member(map, key, (value) => typeof value === 'boolean') as boolean | undefined;
}

/** A map. */
export function mapAt(map: CborMap, key: Key): CborMap | undefined {
  return member(map, key, isCborMap) as CborMap | undefined;
}

/** An array of maps. */
export function mapsAt(map: CborMap, key: Key): readonly CborMap[] | undefined {
  const array = member(map, key, isCborArray) as readonly CborValue[] | undefined;
  return array?.map((entry) => {
    if (!isCborMap(entry)) throw new CtapFailure(CtapStatus.cborUnexpectedType);
    return entry;
  });
}

/** An array of texts. */
export function textsAt(map: CborMap, key: Key): readonly string[] | undefined {
  const array = member(map, key, isCborArray) as readonly CborValue[] | undefined;
  return array?.map((entry) => {
    if (typeof entry !== 'string') throw new CtapFailure(CtapStatus.cborUnexpectedType);
    return entry;
  });
}

function member(map: CborMap, key: Key, fits: (value: CborValue) => boolean): CborValue {
  if (!map.has(key)) return undefined;
  const value = map.get(key);
  if (!fits(value)) throw new CtapFailure(CtapStatus.cborUnexpectedType);
  return value;
}
