import type { Bytes } from '../../../../shared/bytes/bytes.ts';
import { ByteReader, EndOfBytesError } from '../../../../shared/bytes/byte-reader.ts';

/** A command APDU in parts. */
export interface CommandApdu {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly data: Bytes;
}

/** Status words of U2F. Source: U2F raw messages §3.3. */
export const StatusWord = {
  ok: 0x9000,
  conditionsNotSatisfied: 0x6985,
  wrongData: 0x6a80,
  wrongLength: 0x6700,
  classNotSupported: 0x6e00,
  instructionNotSupported: 0x6d00,
} as const;
export type StatusWord = (typeof StatusWord)[keyof typeof StatusWord];

/**
 * Reads a command APDU, short or extended. `undefined` when the lengths do not fit.
 * Source: ISO 7816-4 §5.1; U2F raw messages §3.1.
 */
export function decodeApdu(bytes: Uint8Array): CommandApdu | undefined {
  const reader = new ByteReader(bytes);
  try {
    const header = { cla: reader.uint8(), ins: reader.uint8(), p1: reader.uint8(), p2: reader.uint8() };
    const data = decodeBody(reader);
    return data === undefined ? undefined : { ...header, data };
  } catch (error) {
    if (error instanceof EndOfBytesError) return undefined;
    throw error;
  }
}

function decodeBody(reader: ByteReader): Bytes | undefined {
  // Nothing, or Le alone (one byte; three when extended).
  if (reader.remaining <= 1) return new Uint8Array();
  const first = reader.uint8();
  if (first !== 0) {
    const data = reader.take(first);
    return reader.remaining <= 1 ? data : undefined;
  }
  const length = reader.uint16();
  if (reader.remaining === 0) return new Uint8Array();
  const data = reader.take(length);
  return reader.remaining === 0 || reader.remaining === 2 ? data : undefined;
}

/** A response APDU: data and status word. */
export function encodeResponse(status: number, data: Uint8Array = new Uint8Array()): Bytes {
  const response = new Uint8Array(data.length + 2);
  response.set(data);
  response.set([status >> 8, status & 0xff], data.length);
  return response;
}
