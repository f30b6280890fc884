import { type Bytes, concatBytes, encodeUtf8 } from '../../../../shared/bytes/bytes.ts';

/** Bytes of every event that is read from `/dev/uhid`: the kernel's whole structure, whatever the event. */
export const EVENT_SIZE = 4380;

/** Kinds of event. Source: include/uapi/linux/uhid.h of Linux, `enum uhid_event_type`. */
const EventType = {
  destroy: 1,
  start: 2,
  stop: 3,
  open: 4,
  close: 5,
  output: 6,
  getReport: 9,
  getReportReply: 10,
  create2: 11,
  input2: 12,
  setReport: 13,
  setReportReply: 14,
} as const;

const NAME_SIZE = 128;
const TEXT_SIZE = 64;
const BUS_USB = 3;
/** Offsets in an event; numbers are in the machine's order, which is taken to be little-endian. */
const PAYLOAD = 4;
const OUTPUT_DATA_SIZE = 4096;
/** EIO, for requests that a FIDO key has no answer to. */
const ERROR_IO = 5;

/** The device that is to be made. */
export interface UhidDevice {
  readonly name: string;
  /** Tells devices apart; shown as HID_UNIQ. */
  readonly unique: string;
  readonly vendorId: number;
  readonly productId: number;
  readonly reportDescriptor: Uint8Array;
}

/** What the kernel tells a device. */
export type UhidEvent =
  /** Somebody sent a report; a report ID in front of it is still there. */
  | { readonly kind: 'output'; readonly report: Bytes }
  /** Wants a reply at once: the asking process hangs until it comes. */
  | { readonly kind: 'getReport' | 'setReport'; readonly id: number }
  /** Made, gone, the first opened it, the last closed it. */
  | { readonly kind: 'start' | 'stop' | 'open' | 'close' }
  | { readonly kind: 'other' };

/** A FIDO key's report descriptor: 64 bytes each way, no report IDs. Source: CTAP 2.1 §11.2.8.2. */
export const FIDO_REPORT_DESCRIPTOR = Uint8Array.of(
  ...[0x06, 0xd0, 0xf1, 0x09, 0x01, 0xa1, 0x01],
  ...[0x09, 0x20, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x81, 0x02],
  ...[0x09, 0x21, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x91, 0x02],
  0xc0,
);

/** UHID_CREATE2. Texts that are too long are cut. */
export function encodeCreate(device: UhidDevice): Bytes {
  const sizes = new Uint8Array(4);
  new DataView(sizes.buffer).setUint16(0, device.reportDescriptor.length, true);
  new DataView(sizes.buffer).setUint16(2, BUS_USB, true);
  return concatBytes(
    uint32(EventType.create2),
    text(device.name, NAME_SIZE),
    text('keystile-virtual-key', TEXT_SIZE),
    text(device.unique, TEXT_SIZE),
    sizes,
    ...[device.vendorId, device.productId, 0, 0].map(uint32),
    device.reportDescriptor,
  );
}

/** UHID_DESTROY. */
export function encodeDestroy(): Bytes {
  return uint32(EventType.destroy);
}

/** UHID_INPUT2: a report from the device. */
export function encodeInput(report: Uint8Array): Bytes {
  return concatBytes(uint32(EventType.input2), Uint8Array.of(report.length & 0xff, report.length >> 8), report);
}

/** The refusal of a request for a feature report. */
export function encodeRefusal({ kind, id }: { readonly kind: 'getReport' | 'setReport'; readonly id: number }): Bytes {
  const type = kind === 'getReport' ? EventType.getReportReply : EventType.setReportReply;
  const size = kind === 'getReport' ? Uint8Array.of(0, 0) : new Uint8Array();
  return concatBytes(uint32(type), uint32(id), Uint8Array.of(ERROR_IO, 0), size);
}

/** Reads one event; `undefined` when it has not EVENT_SIZE bytes. */
export function decodeEvent(event: Uint8Array): UhidEvent | undefined {
  if (event.length !== EVENT_SIZE) return undefined;
  const view = new DataView(event.buffer, event.byteOffset, event.byteLength);
  switch (view.getUint32(0, true)) {
    case EventType.start:
      return { kind: 'start' };
    case EventType.stop:
      return { kind: 'stop' };
    case EventType.open:
      return { kind: 'open' };
    case EventType.close:
      return { kind: 'close' };
    case EventType.output: {
      const size = Math.min(view.getUint16(PAYLOAD + OUTPUT_DATA_SIZE, true), OUTPUT_DATA_SIZE);
      return { kind: 'output', report: new Uint8Array(event.subarray(PAYLOAD, PAYLOAD + size)) };
    }
    case EventType.getReport:
      return { kind: 'getReport', id: view.getUint32(PAYLOAD, true) };
    case EventType.setReport:
      return { kind: 'setReport', id: view.getUint32(PAYLOAD, true) };
    default:
      return { kind: 'other' };
  }
}

/** Cuts a stream into events. */
export class EventSplitter {
  #rest: Bytes = new Uint8Array();

  /** The events that are complete with this chunk. */
  push(chunk: Uint8Array): readonly Bytes[] {
    const bytes = concatBytes(this.#rest, chunk);
    const end = bytes.length - (bytes.length % EVENT_SIZE);
    this.#rest = bytes.slice(end);
    const events: Bytes[] = [];
    for (let offset = 0; offset < end; offset += EVENT_SIZE) events.push(bytes.slice(offset, offset + EVENT_SIZE));
    return events;
  }
}

function text(value: string, size: number): Bytes {
  const field = new Uint8Array(size);
  // The last byte stays zero.
  field.set(encodeUtf8(value).subarray(0, size - 1));
  return field;
}

function uint32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
