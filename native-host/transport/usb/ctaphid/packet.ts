import { type Bytes, copyBytes } from '../../../../shared/bytes/bytes.ts';

/**
 * CTAPHID commands, without the initialization bit. CTAPHID_LOCK is not among them: it is optional, lasts ten seconds at
 * most, and shuts other programs out for longer than a command takes, while between our own processes a lock of the
 * operating system does (`device-lock.ts`) and a key that others use says so (channel busy). Source: CTAP 2.2 §11.2.9.
 */
export const CtaphidCommand = {
  ping: 0x01,
  msg: 0x03,
  init: 0x06,
  wink: 0x08,
  cbor: 0x10,
  cancel: 0x11,
  keepalive: 0x3b,
  error: 0x3f,
} as const;
export type CtaphidCommand = (typeof CtaphidCommand)[keyof typeof CtaphidCommand];

/** The channel on which channels are allocated. Source: CTAP 2.2 §11.2.3. */
export const BROADCAST_CHANNEL = 0xffff_ffff;

const INITIALIZATION_BIT = 0x80;
const CHANNEL_LENGTH = 4;
const INITIALIZATION_HEADER_LENGTH = 7;
const CONTINUATION_HEADER_LENGTH = 5;
const MAX_CONTINUATIONS = 128;

/** Smallest report that holds a header and one byte; real keys have 64, full speed USB allows no more. */
export const MIN_REPORT_SIZE = 8;
export const MAX_REPORT_SIZE = 64;
export const DEFAULT_REPORT_SIZE = 64;

/** A message's first packet; `data` still has the padding of the report. */
export interface InitializationPacket {
  readonly kind: 'initialization';
  readonly channelId: number;
  readonly command: number;
  /** Bytes of the whole message. */
  readonly length: number;
  readonly data: Bytes;
}

/** A further packet of a message; `data` still has the padding of the report. */
export interface ContinuationPacket {
  readonly kind: 'continuation';
  readonly channelId: number;
  /** 0 to 127. */
  readonly sequence: number;
  readonly data: Bytes;
}

export type Packet = InitializationPacket | ContinuationPacket;

/** Bytes that a message may have at most: one initialization packet and 128 continuation packets (7609 with 64-byte reports). */
export function maxMessageLength(reportSize: number): number {
  return (
    reportSize - INITIALIZATION_HEADER_LENGTH + MAX_CONTINUATIONS * (reportSize - CONTINUATION_HEADER_LENGTH)
  );
}

/**
 * Splits a message into reports, the last one padded with zeros. Report IDs are not part of it.
 *
 * Source: CTAP 2.2 §11.2.4 "Message and packet structure".
 *
 * @param reportSize bytes of an output report, {@link MIN_REPORT_SIZE} at least.
 * @throws RangeError when the message is longer than {@link maxMessageLength}.
 */
export function encodeMessage(
  channelId: number,
  command: CtaphidCommand,
  payload: Uint8Array,
  reportSize: number,
): readonly Bytes[] {
  if (payload.length > maxMessageLength(reportSize)) {
    throw new RangeError(`A CTAPHID message of ${payload.length.toString()} bytes does not fit.`);
  }
  const first = new Uint8Array(reportSize);
  const view = new DataView(first.buffer);
  view.setUint32(0, channelId);
  view.setUint8(CHANNEL_LENGTH, INITIALIZATION_BIT | command);
  view.setUint16(CHANNEL_LENGTH + 1, payload.length);
  let offset = Math.min(payload.length, reportSize - INITIALIZATION_HEADER_LENGTH);
  first.set(payload.subarray(0, offset), INITIALIZATION_HEADER_LENGTH);
  const reports = [first];
  for (let sequence = 0; offset < payload.length; sequence += 1) {
    const report = new Uint8Array(reportSize);
    new DataView(report.buffer).setUint32(0, channelId);
    report[CHANNEL_LENGTH] = sequence;
    const chunk = payload.subarray(offset, offset + reportSize - CONTINUATION_HEADER_LENGTH);
    report.set(chunk, CONTINUATION_HEADER_LENGTH);
    reports.push(report);
    offset += chunk.length;
  }
  return reports;
}

/**
 * Reads a report's header.
 *
 * @returns `undefined` for a report that is too short for one.
 */
export function decodePacket(report: Uint8Array): Packet | undefined {
  if (report.length < CONTINUATION_HEADER_LENGTH) return undefined;
  const view = new DataView(report.buffer, report.byteOffset, report.byteLength);
  const channelId = view.getUint32(0);
  const type = view.getUint8(CHANNEL_LENGTH);
  if ((type & INITIALIZATION_BIT) === 0) {
    return {
      kind: 'continuation',
      channelId,
      sequence: type,
      data: copyBytes(report.subarray(CONTINUATION_HEADER_LENGTH)),
    };
  }
  if (report.length < INITIALIZATION_HEADER_LENGTH) return undefined;
  return {
    kind: 'initialization',
    channelId,
    command: type & ~INITIALIZATION_BIT,
    length: view.getUint16(CHANNEL_LENGTH + 1),
    data: copyBytes(report.subarray(INITIALIZATION_HEADER_LENGTH)),
  };
}
