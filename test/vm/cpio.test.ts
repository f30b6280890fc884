import { expect, test } from 'vitest';

import { encodeUtf8 } from '../../shared/bytes/bytes.ts';
import { encodeCpio } from './cpio.ts';

const ARCHIVE = encodeCpio([
  { name: 'bin', kind: 'folder' },
  { name: 'bin/run', kind: 'file', data: encodeUtf8('#!/bin/sh\n'), executable: true },
  { name: 'data', kind: 'file', data: Uint8Array.of(1, 2, 3, 4, 5) },
]);

/** The headers and data of an archive, read by the format's own description. */
function read(archive: Uint8Array): readonly { name: string; mode: string; data: Uint8Array }[] {
  const text = new TextDecoder();
  const members: { name: string; mode: string; data: Uint8Array }[] = [];
  for (let offset = 0; offset < archive.length; ) {
    expect(text.decode(archive.subarray(offset, offset + 6))).toBe('070701');
    const field = (index: number): number =>
      Number.parseInt(text.decode(archive.subarray(offset + 6 + index * 8, offset + 14 + index * 8)), 16);
    const nameEnd = offset + 110 + field(11);
    const dataStart = Math.ceil(nameEnd / 4) * 4;
    const data = archive.subarray(dataStart, dataStart + field(6));
    members.push({ name: text.decode(archive.subarray(offset + 110, nameEnd - 1)), mode: field(1).toString(8), data });
    offset = Math.ceil((dataStart + field(6)) / 4) * 4;
  }
  return members;
}

test('folders, programs and data, and the end', () => {
  expect(read(ARCHIVE)).toEqual([
    { name: 'bin', mode: '40755', data: new Uint8Array() },
    { name: 'bin/run', mode: '100755', data: encodeUtf8('#!/bin/sh\n') },
    { name: 'data', mode: '100644', data: Uint8Array.of(1, 2, 3, 4, 5) },
    { name: 'TRAILER!!!', mode: '0', data: new Uint8Array() },
  ]);
});
