import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  CtaphidCommand,
  decodePacket,
  encodeMessage,
  maxMessageLength,
} from '../../../../../native-host/transport/usb/ctaphid/packet.ts';
import { encodeHex } from '../../../../../shared/bytes/hex.ts';

const CHANNEL = 0x01020304;

describe('CTAPHID packets', () => {
  test('a short message is one padded report', () => {
    const [report, ...more] = encodeMessage(CHANNEL, CtaphidCommand.cbor, Uint8Array.of(0x04), 64);
    expect(more).toEqual([]);
    expect(report).toHaveLength(64);
    expect(encodeHex(report ?? new Uint8Array())).toBe(`01020304900001${'04'.padEnd(114, '0')}`);
  });

  test('a long message goes on with sequence numbers from 0', () => {
    const payload = Uint8Array.from({ length: 57 + 59 + 1 }, (_, index) => index);
    const reports = encodeMessage(CHANNEL, CtaphidCommand.msg, payload, 64);
    expect(reports.map((report) => encodeHex(report.subarray(0, 8)))).toEqual([
      '0102030483007500',
      '0102030400393a3b',
      '0102030401740000',
    ]);
  });

  test('an empty message still is a report', () => {
    expect(encodeMessage(CHANNEL, CtaphidCommand.cancel, new Uint8Array(), 64)).toHaveLength(1);
  });

  test.each([
    [64, 7609],
    [8, 385],
  ])('reports of %i bytes carry %i bytes at most', (reportSize, length) => {
    expect(maxMessageLength(reportSize)).toBe(length);
    expect(encodeMessage(CHANNEL, CtaphidCommand.cbor, new Uint8Array(length), reportSize)).toHaveLength(129);
    expect(() => encodeMessage(CHANNEL, CtaphidCommand.cbor, new Uint8Array(length + 1), reportSize)).toThrow(RangeError);
  });

  test('a report without room for a header is no packet', () => {
    expect(decodePacket(Uint8Array.of(1, 2, 3, 4))).toBeUndefined();
    expect(decodePacket(Uint8Array.of(1, 2, 3, 4, 0x90, 0))).toBeUndefined();
  });

  test('whatever arrives, decoding does not throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        const packet = decodePacket(bytes);
        expect(packet === undefined || packet.channelId >= 0).toBe(true);
      }),
    );
  });
});
