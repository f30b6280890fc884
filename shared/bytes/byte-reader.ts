import type { Bytes } from './bytes.ts';

/** Thrown by {@link ByteReader} when the input ends before the requested bytes. */
export class EndOfBytesError extends Error {
  override readonly name = 'EndOfBytesError';
}

/**
 * Reads big-endian fields from a byte string, front to back.
 * Every read past the end throws {@link EndOfBytesError}; a decoder catches it once, at its boundary.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes still to read. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  /** The next `length` bytes as a copy. */
  take(length: number): Bytes {
    const start = this.#advance(length);
    return new Uint8Array(this.#bytes.subarray(start, start + length));
  }

  /** All bytes that are left, as a copy. */
  rest(): Bytes {
    return this.take(this.remaining);
  }

  #advance(length: number): number {
    if (length < 0 || length > this.remaining) {
      throw new EndOfBytesError(
        `Needed ${length.toString()} more bytes at offset ${this.#offset.toString()}, but only ${this.remaining.toString()} are left.`,
      );
    }
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}
