import { describe, expect, it } from 'vitest';

import { ByteReader, EndOfBytesError } from '../../../shared/bytes/byte-reader.ts';

describe('ByteReader', () => {
  it('reads big-endian fields from front to back', () => {
    const reader = new ByteReader(Uint8Array.of(1, 0, 2, 0xff, 0xff, 0xff, 0xfe, 7, 8, 9));
    expect([reader.uint8(), reader.uint16(), reader.uint32()]).toEqual([1, 2, 0xffff_fffe]);
    expect(reader.take(1)).toEqual(Uint8Array.of(7));
    expect([reader.offset, reader.remaining]).toEqual([8, 2]);
    expect(reader.rest()).toEqual(Uint8Array.of(8, 9));
  });

  it('reads from a view into a larger buffer', () => {
    expect(new ByteReader(Uint8Array.of(9, 9, 1, 2, 9).subarray(2, 4)).uint16()).toBe(0x0102);
  });

  it.each([
    ['uint8', 0, (reader: ByteReader) => reader.uint8()],
    ['uint16', 1, (reader: ByteReader) => reader.uint16()],
    ['uint32', 3, (reader: ByteReader) => reader.uint32()],
    ['take', 3, (reader: ByteReader) => reader.take(4)],
    ['take of a negative length', 3, (reader: ByteReader) => reader.take(-1)],
  ])('throws EndOfBytesError past the end: %s', (_name, length, read) => {
    expect(() => read(new ByteReader(new Uint8Array(length)))).toThrow(EndOfBytesError);
  });
});
