import type { Bytes } from '../bytes/bytes.ts';
import { failure, success, type Result } from '../bytes/result.ts';
import { CborProblem, type CborError, cborError } from './limits.ts';
import type { CborValue } from './value.ts';

/**
 * Builds the value of an item that `scanCborItem` has found in order: so lengths, depth and kinds need no check here. A
 * text keeps its byte order mark; invalid UTF-8 becomes U+FFFD. What the scan took although CTAP has no use for it is left
 * out: an element of an array, or a member of a map by its key or its value.
 *
 * @param bytes the item and nothing else.
 * @returns the value; `unsupported` when the item itself is one to be left out; `duplicateKey` when two keys of a map are written differently but mean the same.
 */
export function readCborItem(bytes: Bytes): Result<CborValue, CborError> {
  try {
    const value = new Reader(bytes).item();
    return value === FOREIGN ? failure(cborError(CborProblem.unsupported, 0)) : success(value);
  } catch (error) {
    if (error instanceof DuplicateKey) return failure(cborError(CborProblem.duplicateKey, error.offset));
    throw error;
  }
}

class DuplicateKey extends Error {
  readonly offset: number;

  constructor(offset: number) {
    super('A key is given twice.');
    this.offset = offset;
  }
}

/** In the place of an item that is left out. */
const FOREIGN = Symbol('foreign');

const SIMPLE_VALUES: readonly (boolean | null | undefined)[] = [false, true, null, undefined];

class Reader {
  readonly #bytes: Bytes;
  readonly #view: DataView;
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  #offset = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  item(): CborValue | typeof FOREIGN {
    const start = this.#offset;
    const initial = this.#view.getUint8(this.#offset);
    this.#offset += 1;
    const major = initial >> 5;
    const information = initial & 0x1f;
    if (major === 7) return this.#simple(information);
    const argument = information < 24 ? information : this.#argument(1 << (information - 24));
    switch (major) {
      case 0:
        return argument;
      case 1:
        return typeof argument === 'bigint' ? smallest(-1n - argument) : smallest(-1n - BigInt(argument));
      case 2:
        return this.#take(Number(argument));
      case 3:
        return this.#utf8.decode(this.#take(Number(argument)));
      case 4:
        return Array.from({ length: Number(argument) }, () => this.item()).filter((item) => item !== FOREIGN);
      case 5:
        return this.#map(Number(argument), start);
      default:
        this.item();
        return FOREIGN;
    }
  }

  #map(length: number, start: number): CborValue {
    const map = new Map<CborValue, CborValue>();
    let kept = 0;
    for (let index = 0; index < length; index += 1) {
      const key = this.item();
      const value = this.item();
      // A byte string, an array or a map as a key would not compare by its value.
      if (key === FOREIGN || value === FOREIGN || (typeof key === 'object' && key !== null)) continue;
      map.set(key, value);
      kept += 1;
    }
    if (map.size !== kept) throw new DuplicateKey(start);
    return map;
  }

  #simple(information: number): CborValue | typeof FOREIGN {
    if (information >= 20 && information <= 23) return SIMPLE_VALUES[information - 20];
    if (information >= 24) this.#offset += 1 << (information - 24);
    return FOREIGN;
  }

  #argument(width: number): number | bigint {
    const offset = this.#offset;
    this.#offset += width;
    if (width === 1) return this.#view.getUint8(offset);
    if (width === 2) return this.#view.getUint16(offset);
    if (width === 4) return this.#view.getUint32(offset);
    return smallest(this.#view.getBigUint64(offset));
  }

  #take(length: number): Bytes {
    const start = this.#offset;
    this.#offset += length;
    return this.#bytes.slice(start, this.#offset);
  }
}

/** A number where it is exact, else the bigint. */
function smallest(value: bigint): number | bigint {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER) ? Number(value) : value;
}
