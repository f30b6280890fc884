import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  createFrameDecoder,
  encodeFrame,
  type IncomingFrame,
  MAX_INCOMING_BODY,
  MAX_OUTGOING_BODY,
} from '../../../native-host/stdio/frame.ts';
import { concatBytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';

function frameOf(body: Uint8Array, length = body.length): Uint8Array {
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, length, true);
  return concatBytes(header, body);
}

function encode(message: unknown): Uint8Array {
  const frame = encodeFrame(message, true);
  if (!frame.ok) throw new Error('The frame is too large.');
  return frame.value;
}

describe('encoding', () => {
  test('a frame is the length in the given byte order and the JSON text', () => {
    expect([...encode({ a: 'é' })]).toEqual([10, 0, 0, 0, ...encodeUtf8('{"a":"é"}')]);
    const bigEndian = encodeFrame(1, false);
    expect(bigEndian.ok && [...bigEndian.value]).toEqual([0, 0, 0, 1, 0x31]);
  });

  test('the largest message that a browser takes passes, one byte more is refused', () => {
    const text = 'x'.repeat(MAX_OUTGOING_BODY - 2);
    expect(encodeFrame(text)).toMatchObject({ ok: true });
    expect(encodeFrame(`${text}x`)).toEqual({
      ok: false,
      error: { kind: 'frameTooLarge', length: MAX_OUTGOING_BODY + 1 },
    });
  });
});

describe('decoding', () => {
  test('any messages, cut anywhere, come out as they went in', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 5 }), fc.array(fc.nat({ max: 40 })), (values, cuts) => {
        const stream = concatBytes(...values.map(encode));
        const decoder = createFrameDecoder(MAX_INCOMING_BODY, true);
        const frames: IncomingFrame[] = [];
        let offset = 0;
        for (const cut of cuts) {
          frames.push(...decoder.push(stream.subarray(offset, offset + cut)));
          offset += cut;
        }
        frames.push(...decoder.push(stream.subarray(offset)));
        // Through JSON, which knows no minus zero.
        const expected = values.map((value) => ({ kind: 'message', value: JSON.parse(JSON.stringify(value)) as unknown }));
        expect(frames).toEqual(expected);
        expect(decoder.pending).toBe(0);
      }),
    );
  });

  test('byte by byte', () => {
    const decoder = createFrameDecoder(MAX_INCOMING_BODY, true);
    const stream = concatBytes(encode({ first: 1 }), encode('second'));
    const frames = Array.from(stream, (byte) => decoder.push(Uint8Array.of(byte))).flat();
    expect(frames).toEqual([
      { kind: 'message', value: { first: 1 } },
      { kind: 'message', value: 'second' },
    ]);
  });

  test('an oversized frame is reported once, skipped as it arrives, and the next one is read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 101, max: 600 }), fc.integer({ min: 1, max: 64 }), (length, step) => {
        const decoder = createFrameDecoder(100, true);
        const stream = concatBytes(frameOf(new Uint8Array(length)), encode('next'));
        const frames: IncomingFrame[] = [];
        for (let offset = 0; offset < stream.length; offset += step) {
          frames.push(...decoder.push(stream.subarray(offset, offset + step)));
        }
        expect(frames).toEqual([
          { kind: 'oversized', length },
          { kind: 'message', value: 'next' },
        ]);
      }),
    );
  });

  test('an announced length takes no memory before its bytes come', () => {
    const decoder = createFrameDecoder(MAX_INCOMING_BODY, true);
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 200 }, () => createFrameDecoder(MAX_INCOMING_BODY, true));
    for (const each of decoders) each.push(frameOf(new Uint8Array(1), MAX_INCOMING_BODY));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MAX_INCOMING_BODY);
    expect(decoder.pending).toBe(0);
  });

  test.each([
    ['text that is not JSON', encodeUtf8('{"a":')],
    ['nothing', new Uint8Array(0)],
    ['bytes that are not UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
  ])('%s is no message, and the next frame is read', (_name, body) => {
    const decoder = createFrameDecoder(MAX_INCOMING_BODY, true);
    expect(decoder.push(concatBytes(frameOf(body), encode(1)))).toEqual([
      { kind: 'notJson' },
      { kind: 'message', value: 1 },
    ]);
  });

  test('a cut-off frame leaves bytes pending', () => {
    const decoder = createFrameDecoder(MAX_INCOMING_BODY, true);
    expect(decoder.push(encode('cut').subarray(0, 6))).toEqual([]);
    expect(decoder.pending).toBe(6);
  });
});
