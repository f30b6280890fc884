import { createHash } from 'node:crypto';

import { type Bytes, concatBytes, copyBytes, equalBytes } from '../../../shared/bytes/bytes.ts';

// The empty CBOR array with the first 16 bytes of its hash. Source: CTAP 2.1 §6.10.
const EMPTY_ARRAY = Uint8Array.of(0x80);
const CHECKSUM_LENGTH = 16;

/** The serialized large-blob array of a key, and a write that is under way. Source: CTAP 2.1 §6.10. */
export class LargeBlobArray {
  #bytes: Bytes = withChecksum(EMPTY_ARRAY);
  #write: { readonly length: number; readonly fragments: Bytes[]; offset: number } | undefined;

  get bytes(): Bytes {
    return this.#bytes;
  }

  /** Begins a write of `length` bytes in all, forgetting another one. */
  begin(length: number): void {
    this.#write = { length, fragments: [], offset: 0 };
  }

  /** Where the next fragment must start; `undefined` when no write is under way. */
  get nextOffset(): number | undefined {
    return this.#write?.offset;
  }

  /** Bytes that the write under way still lacks. */
  get missing(): number {
    return this.#write === undefined ? 0 : this.#write.length - this.#write.offset;
  }

  /** Takes a fragment. True when the array is complete and its checksum fits, or more is to come; false when the checksum is wrong. */
  append(fragment: Bytes): boolean {
    if (this.#write === undefined) return false;
    this.#write.fragments.push(fragment);
    this.#write.offset += fragment.length;
    if (this.#write.offset < this.#write.length) return true;
    const complete = concatBytes(...this.#write.fragments);
    this.#write = undefined;
    const data = complete.slice(0, -CHECKSUM_LENGTH);
    if (!equalBytes(withChecksum(data), complete)) return false;
    this.#bytes = complete;
    return true;
  }

  /** Back to the empty array: after a reset. */
  clear(): void {
    this.#bytes = withChecksum(EMPTY_ARRAY);
    this.#write = undefined;
  }

  /** Power is gone. */
  forget(): void {
    this.#write = undefined;
  }
}

function withChecksum(data: Uint8Array): Bytes {
  return concatBytes(data, copyBytes(createHash('sha256').update(data).digest()).slice(0, CHECKSUM_LENGTH));
}
