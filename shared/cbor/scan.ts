import { compareBytes } from '../bytes/bytes.ts';
import { failure, success, type Result } from '../bytes/result.ts';
import { CborProblem, type CborError, type CborLimits, cborError } from './limits.ts';

/** Ways in which a well-formed item departs from the CTAP2 canonical form. */
export const CborDeviation = {
  /** A length or integer took more bytes than it needs. */
  nonMinimal: 'nonMinimal',
  /** Map keys are not in canonical order. */
  unsortedKeys: 'unsortedKeys',
  /** A text string is not valid UTF-8 (some keys cut user names in the middle of a character). */
  invalidUtf8: 'invalidUtf8',
} as const;
export type CborDeviation = (typeof CborDeviation)[keyof typeof CborDeviation];

/**
 * Well-formed CBOR that has no use in CTAP's own messages. `values`: floats and other simple values, which the canonical
 * form has, too, and keys of any kind in maps within the outermost. `all`: tags and keys of any kind everywhere as well. `readCborItem` leaves out what is foreign.
 */
export type ForeignCbor = 'none' | 'values' | 'all';

/** Where the first item ends, and how it departs from the canonical form. */
export interface CborScan {
  readonly end: number;
  readonly deviations: readonly CborDeviation[];
}

const MAJOR_UNSIGNED = 0;
const MAJOR_NEGATIVE = 1;
const MAJOR_BYTES = 2;
const MAJOR_TEXT = 3;
const MAJOR_ARRAY = 4;
const MAJOR_MAP = 5;
const MAJOR_TAG = 6;

const LARGEST_ARGUMENT = 0xffff_ffff_ffff_ffffn;

class ScanFailure extends Error {
  readonly failure: CborError;

  constructor(error: CborError) {
    super(error.message);
    this.failure = error;
  }
}

/**
 * Walks over the first CBOR item of `bytes` without building values, so that nothing of a hostile item is allocated
 * before its depth, lengths and keys are known to be in order.
 *
 * Source: CTAP 2.2 §8 "Message encoding" (canonical form, at most four levels of nesting for messages; the limit is
 * an argument because attestation statements nest deeper), RFC 8949 §3.
 *
 * @param foreign how much of what is well-formed CBOR, but has no use in CTAP's own messages, is in order, too.
 * @returns the end of the item as an offset into `bytes`, or the problem: truncated, too deep, too many items,
 * indefinite length, tag, reserved additional information, unsupported simple value, duplicate map key.
 */
export function scanCborItem(bytes: Uint8Array, limits: CborLimits, foreign: ForeignCbor = 'none'): Result<CborScan, CborError> {
  const scanner = new Scanner(bytes, limits, foreign);
  try {
    const end = scanner.item(0, 0);
    return success({ end, deviations: [...scanner.deviations] });
  } catch (error) {
    if (error instanceof ScanFailure) return failure(error.failure);
    throw error;
  }
}

interface Head {
  readonly major: number;
  readonly argument: number;
  readonly end: number;
}

class Scanner {
  readonly deviations = new Set<CborDeviation>();
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: CborLimits;
  readonly #foreign: ForeignCbor;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #items = 0;

  constructor(bytes: Uint8Array, limits: CborLimits, foreign: ForeignCbor) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limits = limits;
    this.#foreign = foreign;
  }

  /** Returns the offset behind the item that starts at `offset`. */
  item(offset: number, depth: number): number {
    this.#items += 1;
    if (this.#items > this.#limits.maxItems) this.#fail(CborProblem.tooManyItems, offset);
    const head = this.#head(offset);
    switch (head.major) {
      case MAJOR_UNSIGNED:
      case MAJOR_NEGATIVE:
        return head.end;
      case MAJOR_BYTES:
        return this.#string(head, offset);
      case MAJOR_TEXT: {
        const end = this.#string(head, offset);
        this.#checkUtf8(head.end, end);
        return end;
      }
      case MAJOR_ARRAY:
        return this.#array(head, depth);
      case MAJOR_MAP:
        return this.#map(head, offset, depth);
      case MAJOR_TAG:
        if (this.#foreign !== 'all') return this.#fail(CborProblem.tag, offset);
        this.#enter(head.end, depth);
        return this.item(head.end, depth + 1);
      default:
        return this.#simple(offset);
    }
  }

  #array(head: Head, depth: number): number {
    this.#enter(head.end, depth);
    let position = head.end;
    for (let index = 0; index < head.argument; index += 1) position = this.item(position, depth + 1);
    return position;
  }

  #map(head: Head, offset: number, depth: number): number {
    this.#enter(head.end, depth);
    let position = head.end;
    let previous: Uint8Array | undefined;
    let ascending = true;
    const keys: Uint8Array[] = [];
    const takesAnyKey = this.#foreign === 'all' || (this.#foreign === 'values' && depth > 0);
    for (let index = 0; index < head.argument; index += 1) {
      if (!takesAnyKey && !isKeyType(this.#bytes[position])) this.#fail(CborProblem.unsupported, position);
      const keyEnd = this.item(position, depth + 1);
      const key = this.#bytes.subarray(position, keyEnd);
      if (previous !== undefined && compareKeys(previous, key) >= 0) ascending = false;
      previous = key;
      keys.push(key);
      position = this.item(keyEnd, depth + 1);
    }
    if (!ascending) {
      const sorted = keys.toSorted(compareKeys);
      const duplicate = sorted.some((key, index) => {
        const next = sorted[index + 1];
        return next !== undefined && compareKeys(key, next) === 0;
      });
      if (duplicate) this.#fail(CborProblem.duplicateKey, offset);
      this.deviations.add(CborDeviation.unsortedKeys);
    }
    return position;
  }

  #simple(offset: number): number {
    // false, true, null, undefined. Floating point has no use in CTAP's own messages.
    const information = (this.#bytes[offset] ?? 0) & 0x1f;
    if (information >= 20 && information <= 23) return offset + 1;
    if (this.#foreign === 'none' || information > 27) return this.#fail(CborProblem.unsupported, offset);
    return information < 24 ? offset + 1 : this.#within(offset + 1 + (1 << (information - 24)), offset);
  }

  #string(head: Head, offset: number): number {
    return this.#within(head.end + head.argument, offset);
  }

  #checkUtf8(start: number, end: number): void {
    try {
      this.#utf8.decode(this.#bytes.subarray(start, end));
    } catch {
      this.deviations.add(CborDeviation.invalidUtf8);
    }
  }

  #head(offset: number): Head {
    const initial = this.#bytes[offset];
    if (initial === undefined) return this.#fail(CborProblem.truncated, offset);
    const major = initial >> 5;
    const information = initial & 0x1f;
    if (major === 7) return { major, argument: 0, end: offset + 1 };
    if (information < 24) return { major, argument: information, end: offset + 1 };
    if (information === 31) return this.#fail(CborProblem.indefiniteLength, offset);
    if (information > 27) return this.#fail(CborProblem.unsupported, offset);
    const width = 1 << (information - 24);
    const end = this.#within(offset + 1 + width, offset);
    const argument = this.#argument(offset + 1, width);
    // -2^64, the only integer of CBOR's that cbor-x cannot write back.
    if (this.#foreign !== 'all' && major === MAJOR_NEGATIVE && width === 8 && this.#view.getBigUint64(offset + 1) === LARGEST_ARGUMENT) {
      this.#fail(CborProblem.unsupported, offset);
    }
    if (argument < (MINIMUM_BY_WIDTH[width] ?? 0)) this.deviations.add(CborDeviation.nonMinimal);
    return { major, argument, end };
  }

  #argument(offset: number, width: number): number {
    if (width === 1) return this.#view.getUint8(offset);
    if (width === 2) return this.#view.getUint16(offset);
    if (width === 4) return this.#view.getUint32(offset);
    return this.#view.getUint32(offset) * 0x1_0000_0000 + this.#view.getUint32(offset + 4);
  }

  #enter(offset: number, depth: number): void {
    if (depth >= this.#limits.maxDepth) this.#fail(CborProblem.tooDeep, offset);
  }

  #within(end: number, offset: number): number {
    return end <= this.#bytes.length ? end : this.#fail(CborProblem.truncated, offset);
  }

  #fail(problem: CborProblem, offset: number): never {
    throw new ScanFailure(cborError(problem, offset));
  }
}

const MINIMUM_BY_WIDTH: Readonly<Record<number, number>> = { 1: 24, 2: 0x100, 4: 0x1_0000, 8: 0x1_0000_0000 };

/** Keys in CTAP and WebAuthn are integers and texts; byte strings, arrays and maps as keys would not compare by value here. */
function isKeyType(initial: number | undefined): boolean {
  const major = (initial ?? 0) >> 5;
  return major === MAJOR_UNSIGNED || major === MAJOR_NEGATIVE || major === MAJOR_TEXT;
}

/** CTAP2 canonical order of encoded keys: by major type, then by length, then by bytes. For `Array.prototype.sort`. */
export function compareKeys(left: Uint8Array, right: Uint8Array): number {
  const majorDifference = ((left[0] ?? 0) >> 5) - ((right[0] ?? 0) >> 5);
  return majorDifference === 0 ? compareBytes(left, right) : majorDifference;
}
