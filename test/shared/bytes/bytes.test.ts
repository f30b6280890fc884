import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compareBytes, concatBytes, copyBytes, equalBytes } from '../../../shared/bytes/bytes.ts';

describe('bytes', () => {
  it('joins parts in order', () => {
    expect(concatBytes(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('equalBytes agrees with Buffer.equals', () => {
    const small = fc.uint8Array({ maxLength: 3, max: 2 });
    fc.assert(
      fc.property(small, small, (left, right) => {
        expect(equalBytes(left, right)).toBe(Buffer.from(left).equals(Buffer.from(right)));
      }),
    );
  });

  it('compareBytes puts the shorter first, then goes byte by byte', () => {
    const sorted = [[2, 1], [9], [], [1, 2], [1]].map((bytes) => Uint8Array.from(bytes)).sort(compareBytes);
    expect(sorted.map((bytes) => [...bytes])).toEqual([[], [1], [9], [1, 2], [2, 1]]);
  });

  it('copies a view to a buffer of its own', () => {
    const copy = copyBytes(Buffer.from('abcdef').subarray(2, 4));
    expect([copy.byteOffset, copy.buffer.byteLength]).toEqual([0, 2]);
  });
});
