import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseReportSizes } from '../../../../native-host/transport/usb/report-descriptor.ts';
import { type Bytes, concatBytes } from '../../../../shared/bytes/bytes.ts';
import { decodeEvent, encodeCreate, encodeDestroy, encodeInput, encodeRefusal, EVENT_SIZE, EventSplitter, FIDO_REPORT_DESCRIPTOR } from './events.ts';

function event(type: number, fill: (view: DataView, bytes: Bytes) => void = () => undefined): Bytes {
  const bytes = new Uint8Array(EVENT_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  fill(view, bytes);
  return bytes;
}

describe('what is written', () => {
  test('a device, with its texts in fields of their own and cut where they are too long', () => {
    const bytes = encodeCreate({
      name: 'N'.repeat(200),
      unique: 'one',
      vendorId: 0x1209,
      productId: 0x0001,
      reportDescriptor: FIDO_REPORT_DESCRIPTOR,
    });
    const view = new DataView(bytes.buffer);
    expect(view.getUint32(0, true)).toBe(11);
    expect(bytes.subarray(4, 132)).toEqual(concatBytes(new Uint8Array(127).fill(0x4e), Uint8Array.of(0)));
    expect(new TextDecoder().decode(bytes.subarray(196, 200))).toBe('one\0');
    expect(view.getUint16(260, true)).toBe(FIDO_REPORT_DESCRIPTOR.length);
    expect(view.getUint16(262, true)).toBe(3);
    expect([264, 268, 272, 276].map((offset) => view.getUint32(offset, true))).toEqual([0x1209, 1, 0, 0]);
    expect(bytes.subarray(280)).toEqual(FIDO_REPORT_DESCRIPTOR);
  });

  test('a report, the end, refusals', () => {
    expect(encodeInput(Uint8Array.of(7, 8))).toEqual(Uint8Array.of(12, 0, 0, 0, 2, 0, 7, 8));
    expect(encodeDestroy()).toEqual(Uint8Array.of(1, 0, 0, 0));
    expect(encodeRefusal({ kind: 'getReport', id: 3 })).toEqual(Uint8Array.of(10, 0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0));
    expect(encodeRefusal({ kind: 'setReport', id: 3 })).toEqual(Uint8Array.of(14, 0, 0, 0, 3, 0, 0, 0, 5, 0));
  });

  test('the descriptor says FIDO, and 64 bytes each way', () => {
    expect(FIDO_REPORT_DESCRIPTOR.subarray(0, 5)).toEqual(Uint8Array.of(0x06, 0xd0, 0xf1, 0x09, 0x01));
    expect(parseReportSizes(FIDO_REPORT_DESCRIPTOR)).toEqual({ input: 64, output: 64 });
  });
});

describe('what is read', () => {
  test.each([
    [2, { kind: 'start' }],
    [3, { kind: 'stop' }],
    [4, { kind: 'open' }],
    [5, { kind: 'close' }],
    [99, { kind: 'other' }],
  ])('event %i', (type, expected) => {
    expect(decodeEvent(event(type))).toEqual(expected);
  });

  test('a report, which has its length behind it', () => {
    const output = event(6, (view, bytes) => {
      bytes.set([0, 1, 2, 3], 4);
      view.setUint16(4100, 4, true);
    });
    expect(decodeEvent(output)).toEqual({ kind: 'output', report: Uint8Array.of(0, 1, 2, 3) });
  });

  test('a length that cannot be', () => {
    const output = event(6, (view) => view.setUint16(4100, 0xffff, true));
    expect(decodeEvent(output)).toMatchObject({ kind: 'output', report: { length: 4096 } });
  });

  test('requests for feature reports', () => {
    const id = (view: DataView): void => view.setUint32(4, 77, true);
    expect(decodeEvent(event(9, id))).toEqual({ kind: 'getReport', id: 77 });
    expect(decodeEvent(event(13, id))).toEqual({ kind: 'setReport', id: 77 });
  });

  test('anything of another size', () => {
    expect(decodeEvent(new Uint8Array(EVENT_SIZE - 1))).toBeUndefined();
  });

  test('a stream in pieces of any size', () => {
    const sent = [event(2), event(6, (_, bytes) => bytes.fill(9, 4, 100)), event(3)];
    const stream = concatBytes(...sent);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 8 }), (cuts) => {
        const splitter = new EventSplitter();
        const edges = [0, ...cuts.toSorted((left, right) => left - right), stream.length];
        const got = edges.slice(1).flatMap((end, index) => splitter.push(stream.subarray(edges[index], end)));
        expect(got).toEqual(sent);
      }),
      { numRuns: 50 },
    );
  });
});
