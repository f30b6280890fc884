import { deflateRawSync } from 'node:zlib';
import { createCipheriv, createHash } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  decodeLargeBlobArray,
  encodeLargeBlobArray,
  findLargeBlob,
  withLargeBlob,
} from '../../../native-host/ceremony/large-blob-array.ts';
import { type Bytes, concatBytes, copyBytes } from '../../../shared/bytes/bytes.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';

const [ONE, TWO] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
const bytes = (options: fc.IntArrayConstraints): fc.Arbitrary<Bytes> => fc.uint8Array(options).map((array) => copyBytes(array));

/** An element as another platform might write it, with any claim about its size. */
function element(key: Bytes, compressed: Uint8Array, size: number): CborValue {
  const nonce = new Uint8Array(12).fill(3);
  const aad = new Uint8Array(12);
  aad.set([0x62, 0x6c, 0x6f, 0x62]);
  new DataView(aad.buffer).setUint32(4, size, true);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad);
  const ciphertext = concatBytes(cipher.update(compressed), cipher.final(), cipher.getAuthTag());
  return new Map<CborValue, CborValue>([[1, ciphertext], [2, nonce], [3, size]]);
}

describe('large-blob array', () => {
  test('the initial array of the specification is empty', () => {
    const initial = copyBytes(Buffer.from('8076be8b528d0075f7aae98d6fa57a6d3c', 'hex'));
    expect(decodeLargeBlobArray(initial)).toEqual([]);
    expect(encodeLargeBlobArray([])).toEqual(initial);
  });

  test('what is stored for one credential is found again, and leaves the others alone', () => {
    fc.assert(
      fc.property(bytes({ maxLength: 3000 }), bytes({ maxLength: 300 }), bytes({ maxLength: 300 }), (first, second, third) => {
        const foreign: CborValue[] = [7, new Map<CborValue, CborValue>([[9, 'what is this']])];
        const both = withLargeBlob(withLargeBlob(foreign, ONE, first), TWO, second);
        const stored = decodeLargeBlobArray(encodeLargeBlobArray(withLargeBlob(both, ONE, third))) ?? [];
        expect(stored).toHaveLength(4);
        expect(stored.slice(0, 2)).toEqual(foreign);
        expect(findLargeBlob(stored, ONE)).toEqual(third);
        expect(findLargeBlob(stored, TWO)).toEqual(second);
        expect(findLargeBlob(stored, new Uint8Array(32))).toBeUndefined();
      }),
    );
  });

  test('blobs are compressed', () => {
    expect(encodeLargeBlobArray(withLargeBlob([], ONE, new Uint8Array(3000))).length).toBeLessThan(200);
  });

  test('an array that any one byte of is wrong in is empty', () => {
    const serialized = encodeLargeBlobArray(withLargeBlob([], ONE, Uint8Array.of(1, 2, 3)));
    for (const index of serialized.keys()) {
      const broken = serialized.slice();
      broken[index] = (broken[index] ?? 0) ^ 1;
      expect(decodeLargeBlobArray(broken)).toEqual([]);
    }
  });

  test.each([
    ['no array', 'a0'],
    ['an element that CTAP has no use for', '81f93c00'],
    ['half an element', '8118'],
  ])('%s with a checksum that fits is not taken for the empty array: it would be written over', (_name, encoded) => {
    const content = copyBytes(Buffer.from(encoded, 'hex'));
    const sum = createHash('sha256').update(content).digest().subarray(0, 16);
    expect(decodeLargeBlobArray(concatBytes(content, sum))).toBeUndefined();
  });

  test('any bytes decode to something', () => {
    fc.assert(fc.property(bytes({ maxLength: 60 }), (serialized) => void decodeLargeBlobArray(serialized)));
  });

  test.each([
    ['that grows beyond its size', deflateRawSync(new Uint8Array(100_000)), 10],
    ['that is shorter than its size', deflateRawSync(new Uint8Array(10)), 11],
    ['that is no DEFLATE stream', Uint8Array.of(0xff, 0xff), 10],
    ['of an absurd size', deflateRawSync(new Uint8Array(10)), 0x4000_0000],
  ])('a blob %s is not taken', (_name, compressed, size) => {
    expect(findLargeBlob([element(ONE, compressed, size)], ONE)).toBeUndefined();
  });

  test('a blob of another platform is read', () => {
    const blob = new Uint8Array(10).fill(5);
    expect(findLargeBlob([element(ONE, deflateRawSync(blob), 10)], ONE)).toEqual(blob);
  });
});
