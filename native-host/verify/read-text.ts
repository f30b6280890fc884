import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';

import { failure, success, type Result } from '../../shared/bytes/result.ts';

/** Far above any record of ceremonies; keeps a wrong file from filling the memory. */
const MAX_BYTES = 64 * 1024 * 1024;

/** What the system's most common errors mean. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file',
  EISDIR: 'This is a folder, not a file',
  EACCES: 'The file may not be read',
};

/**
 * Reads a text file of a bounded size: UTF-8, or what its byte order mark says, as editors and shells of Windows write it.
 *
 * @param file a path, or `-` for `input`.
 * @returns an error in plain words when it cannot be read.
 */
export async function readText(file: string, input: Readable): Promise<Result<string, string>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of file === '-' ? input : createReadStream(file)) {
      const bytes = chunk as Uint8Array;
      size += bytes.length;
      if (size > MAX_BYTES) return failure('The file is too large.');
      chunks.push(bytes);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    return failure(`${REASONS[code] ?? 'The file cannot be read'} (${code}).`);
  }
  return success(decode(Buffer.concat(chunks)));
}

/** The mark itself is no part of the text. */
function decode(bytes: Buffer): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder('utf-8').decode(bytes);
}
