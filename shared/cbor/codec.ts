import { Encoder } from 'cbor-x/index-no-eval';

import { type Bytes, copyBytes, equalBytes } from '../bytes/bytes.ts';
import { failure, success, type Result } from '../bytes/result.ts';
import { CborProblem, type CborError, type CborLimits, DEFAULT_CBOR_LIMITS, cborError } from './limits.ts';
import { readCborItem } from './read.ts';
import { type CborDeviation, type ForeignCbor, compareKeys, scanCborItem } from './scan.ts';
import { type CborValue, isCborArray, isCborMap } from './value.ts';

// The build without `eval`: extension workers forbid it. Options are chosen so that only plain CBOR comes out.
const OPTIONS = { useRecords: false, mapsAsObjects: false, tagUint8Array: false, variableMapSize: true };
const encoder = /* @__PURE__ */ new Encoder(OPTIONS);

/** One decoded item and what was unusual about its encoding. */
export interface DecodedCbor {
  readonly value: CborValue;
  /** Bytes of the input that the item took. */
  readonly length: number;
  /** Empty when the item is in CTAP2 canonical form. */
  readonly deviations: readonly CborDeviation[];
}

/**
 * Encodes a value in CTAP2 canonical form: smallest lengths, definite, map keys sorted.
 *
 * Source: CTAP 2.2 §8 "Message encoding".
 *
 * @throws RangeError for numbers that are not integers or do not fit 64 bits: CTAP has no use for them.
 */
export function encodeCbor(value: CborValue): Bytes {
  // cbor-x declares a Node Buffer, a type this folder does not know; in browsers it is a plain Uint8Array.
  const encoded: unknown = encoder.encode(toEncodable(value));
  return copyBytes(encoded as Uint8Array);
}

/**
 * Decodes exactly one item in CTAP2 canonical form; anything else is an error.
 * For bytes whose form a signature or a comparison depends on.
 */
export function decodeCborStrict(
  bytes: Uint8Array,
  limits: CborLimits = DEFAULT_CBOR_LIMITS,
): Result<CborValue, CborError> {
  const decoded = decodeCbor(bytes, limits);
  if (!decoded.ok) return decoded;
  // The scan knows the rules; encoding again is the independent proof.
  if (decoded.value.deviations.length > 0 || !equalBytes(encodeCbor(decoded.value.value), bytes)) {
    return failure(cborError(CborProblem.notCanonical, 0));
  }
  return success(decoded.value.value);
}

/**
 * Decodes exactly one item, tolerating departures from the canonical form that real authenticators make (they are
 * listed in `deviations`). Truncation, bytes behind the item, indefinite lengths, tags, duplicate keys and whatever
 * exceeds `limits` are errors.
 */
export function decodeCbor(
  bytes: Uint8Array,
  limits: CborLimits = DEFAULT_CBOR_LIMITS,
): Result<DecodedCbor, CborError> {
  const decoded = decodeCborPrefix(bytes, limits);
  if (decoded.ok && decoded.value.length !== bytes.length) {
    return failure(cborError(CborProblem.trailingBytes, decoded.value.length));
  }
  return decoded;
}

/**
 * Like {@link decodeCbor}, but leaves out what CTAP has no use for instead of refusing the whole: floats, other simple
 * values, tags, map keys that are neither integers nor texts. For answers with members that are not known here, of which
 * none is signed or compared.
 */
export function decodeCborKnown(bytes: Uint8Array, limits: CborLimits = DEFAULT_CBOR_LIMITS): Result<CborValue, CborError> {
  if (bytes.length > limits.maxBytes) return failure(cborError(CborProblem.tooLarge, 0));
  const scan = scanCborItem(bytes, limits, 'all');
  if (!scan.ok) return scan;
  const { end } = scan.value;
  return end === bytes.length ? readCborItem(copyBytes(bytes)) : failure(cborError(CborProblem.trailingBytes, end));
}

/**
 * Like {@link decodeCbor}, but for the first item of `bytes`; what follows it is the caller's business.
 *
 * @param foreign what else is in order, and left out of the value.
 */
export function decodeCborPrefix(
  bytes: Uint8Array,
  limits: CborLimits = DEFAULT_CBOR_LIMITS,
  foreign: ForeignCbor = 'none',
): Result<DecodedCbor, CborError> {
  if (bytes.length > limits.maxBytes) return failure(cborError(CborProblem.tooLarge, 0));
  const scan = scanCborItem(bytes, limits, foreign);
  if (!scan.ok) return scan;
  const { end, deviations } = scan.value;
  const read = readCborItem(copyBytes(bytes.subarray(0, end)));
  return read.ok ? success({ value: read.value, length: end, deviations }) : read;
}

const LARGEST_INLINE_INTEGER = 0xffff_ffff;

/** cbor-x writes numbers beyond 32 bits as floats, and bigints always with 8 bytes: give each integer the form that is minimal. */
function toEncodable(value: CborValue): unknown {
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw new RangeError(`CTAP carries integers only, not ${value.toString()}.`);
    }
    const fits = value <= LARGEST_INLINE_INTEGER && value >= -LARGEST_INLINE_INTEGER - 1;
    if (fits) return Number(value);
    const large = BigInt(value);
    if (large >= 1n << 64n || large <= -(1n << 64n)) throw new RangeError('The integer does not fit 64 bits.');
    return large;
  }
  if (isCborMap(value)) {
    const entries = Array.from(value, ([key, entry]) => ({ key, order: encodeCbor(key), entry: toEncodable(entry) }));
    entries.sort((left, right) => compareKeys(left.order, right.order));
    return new Map(entries.map(({ key, entry }) => [toEncodable(key), entry]));
  }
  if (isCborArray(value)) return value.map(toEncodable);
  return value;
}
