import { endianness } from 'node:os';

import { type Bytes, encodeUtf8 } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';

/**
 * Native messaging frames: the length of the body as a 32-bit number in the machine's byte order, then the body, one
 * JSON value in UTF-8. Source: the native messaging documentation of Chromium and Firefox.
 */

/** Bytes of a body that the browser accepts from a host; it ends a host that sends more. */
export const MAX_OUTGOING_BODY = 1024 * 1024;

/** Bytes of a body that the host accepts. Browsers would send up to 64 MiB (Chromium) or 4 GiB (Firefox). */
export const MAX_INCOMING_BODY = 8 * 1024 * 1024;

const HEADER_LENGTH = 4;

/** Why a message cannot be sent. */
export interface FrameTooLarge {
  readonly kind: 'frameTooLarge';
  /** Bytes of the body. */
  readonly length: number;
}

/** Encodes a message as one frame, or refuses one that the browser would not take. */
export function encodeFrame(message: unknown, littleEndian = isLittleEndian()): Result<Bytes, FrameTooLarge> {
  const body = encodeUtf8(JSON.stringify(message));
  if (body.length > MAX_OUTGOING_BODY) return failure({ kind: 'frameTooLarge', length: body.length });
  const frame = new Uint8Array(HEADER_LENGTH + body.length);
  new DataView(frame.buffer).setUint32(0, body.length, littleEndian);
  frame.set(body, HEADER_LENGTH);
  return success(frame);
}

/** What came out of the byte stream. `oversized` comes once per frame, as soon as its length is known. */
export type IncomingFrame =
  | { readonly kind: 'message'; readonly value: unknown }
  | { readonly kind: 'notJson' }
  | { readonly kind: 'oversized'; readonly length: number };

/** Cuts a byte stream into frames. */
export interface FrameDecoder {
  /** Takes the next bytes, cut anywhere, and gives the frames that they complete. */
  push(chunk: Uint8Array): readonly IncomingFrame[];
  /** Bytes of an unfinished frame: not zero at the end of the stream means that it was cut off. */
  readonly pending: number;
}

/**
 * Builds a decoder. A frame longer than `maxBody` is skipped as it arrives, never buffered; memory is taken for bytes
 * that arrived, not for a length that was announced.
 */
export function createFrameDecoder(maxBody = MAX_INCOMING_BODY, littleEndian = isLittleEndian()): FrameDecoder {
  const header = new Uint8Array(HEADER_LENGTH);
  let headerFilled = 0;
  let bodyLeft = 0;
  let skipping = false;
  let parts: Uint8Array[] = [];
  let received = 0;

  function begin(frames: IncomingFrame[]): void {
    const length = new DataView(header.buffer).getUint32(0, littleEndian);
    bodyLeft = length;
    skipping = length > maxBody;
    if (skipping) frames.push({ kind: 'oversized', length });
    if (length === 0) finish(frames);
  }

  function finish(frames: IncomingFrame[]): void {
    if (!skipping) frames.push(parseBody(parts));
    parts = [];
    headerFilled = 0;
    received = 0;
  }

  return {
    push(chunk) {
      const frames: IncomingFrame[] = [];
      let offset = 0;
      while (offset < chunk.length) {
        const wanted = headerFilled < HEADER_LENGTH ? HEADER_LENGTH - headerFilled : bodyLeft;
        const taken = chunk.subarray(offset, offset + wanted);
        offset += taken.length;
        received += taken.length;
        if (headerFilled < HEADER_LENGTH) {
          header.set(taken, headerFilled);
          headerFilled += taken.length;
          if (headerFilled === HEADER_LENGTH) begin(frames);
        } else {
          if (!skipping) parts.push(taken);
          bodyLeft -= taken.length;
          if (bodyLeft === 0) finish(frames);
        }
      }
      return frames;
    },
    get pending() {
      return received;
    },
  };
}

function isLittleEndian(): boolean {
  return endianness() === 'LE';
}

function parseBody(parts: readonly Uint8Array[]): IncomingFrame {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
    return { kind: 'message', value: JSON.parse(text) as unknown };
  } catch {
    // Neither parser says more than that it is not JSON in UTF-8, and their texts quote the input.
    return { kind: 'notJson' };
  }
}
