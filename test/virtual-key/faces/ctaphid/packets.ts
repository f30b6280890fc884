import { type Bytes, concatBytes } from '../../../../shared/bytes/bytes.ts';
import { uint32 } from '../../authenticator/authenticator-data.ts';

/** Bytes of one report in either direction. */
export const REPORT_SIZE = 64;
/** The channel on which a platform asks for a channel of its own. */
export const BROADCAST_CHANNEL = 0xffff_ffff;
const INITIALIZATION_PAYLOAD = REPORT_SIZE - 7;
const CONTINUATION_PAYLOAD = REPORT_SIZE - 5;
/** The longest message: one initialization packet and 128 continuation packets. */
export const MAX_MESSAGE_LENGTH = INITIALIZATION_PAYLOAD + 128 * CONTINUATION_PAYLOAD;

/** CTAPHID commands, without the bit that marks an initialization packet. Source: CTAP 2.1 §11.2.9. */
export const HidCommand = {
  ping: 0x01,
  msg: 0x03,
  lock: 0x04,
  init: 0x06,
  wink: 0x08,
  cbor: 0x10,
  cancel: 0x11,
  keepalive: 0x3b,
  error: 0x3f,
} as const;
export type HidCommand = (typeof HidCommand)[keyof typeof HidCommand];

/** Codes of CTAPHID_ERROR. Source: CTAP 2.1 §11.2.9.1.6. */
export const HidError = {
  invalidCommand: 0x01,
  invalidParameter: 0x02,
  invalidLength: 0x03,
  invalidSequence: 0x04,
  messageTimeout: 0x05,
  channelBusy: 0x06,
  invalidChannel: 0x0b,
} as const;
export type HidError = (typeof HidError)[keyof typeof HidError];

/** One packet as it came. */
export type Packet =
  | { readonly kind: 'initialization'; readonly channel: number; readonly command: number; readonly length: number; readonly data: Bytes }
  | { readonly kind: 'continuation'; readonly channel: number; readonly sequence: number; readonly data: Bytes };

/** Reads one report; `undefined` when it has not 64 bytes. */
export function decodePacket(report: Uint8Array): Packet | undefined {
  if (report.length !== REPORT_SIZE) return undefined;
  const bytes = new Uint8Array(report);
  const view = new DataView(bytes.buffer);
  const channel = view.getUint32(0);
  const marker = view.getUint8(4);
  if ((marker & 0x80) === 0) return { kind: 'continuation', channel, sequence: marker, data: bytes.slice(5) };
  return { kind: 'initialization', channel, command: marker & 0x7f, length: view.getUint16(5), data: bytes.slice(7) };
}

/** Splits a message into reports. Source: CTAP 2.1 §11.2.4. */
export function encodeMessage(channel: number, command: number, payload: Uint8Array): Bytes[] {
  const length = Uint8Array.of(payload.length >> 8, payload.length & 0xff);
  const head = [uint32(channel), Uint8Array.of(command | 0x80), length, payload.subarray(0, INITIALIZATION_PAYLOAD)];
  const reports = [padded(...head)];
  let offset = INITIALIZATION_PAYLOAD;
  for (let sequence = 0; offset < payload.length; sequence += 1) {
    const part = payload.subarray(offset, offset + CONTINUATION_PAYLOAD);
    reports.push(padded(uint32(channel), Uint8Array.of(sequence), part));
    offset += CONTINUATION_PAYLOAD;
  }
  return reports;
}

function padded(...parts: readonly Uint8Array[]): Bytes {
  const report = new Uint8Array(REPORT_SIZE);
  report.set(concatBytes(...parts));
  return report;
}
