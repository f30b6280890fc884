import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseReportSizes } from '../../../../native-host/transport/usb/report-descriptor.ts';
import { decodeHex } from '../../../../shared/bytes/hex.ts';

// The descriptor that CTAP 2.2 §11.2.8.2 describes: usage page F1D0, usage 1, 64 bytes in and out.
const FIDO = '06d0f1 0901 a101 0920 1500 26ff00 7508 9540 8102 0921 1500 26ff00 7508 9540 9102 c0';

describe('HID report descriptor', () => {
  test('sizes of a FIDO key', () => {
    expect(parseReportSizes(bytesOf(FIDO))).toEqual({ input: 64, output: 64 });
  });

  test('sizes that differ, and a count of two bytes', () => {
    const descriptor = '06d0f1 0901 a101 7508 9540 8102 7508 960800 9102 c0';
    expect(parseReportSizes(bytesOf(descriptor))).toEqual({ input: 64, output: 8 });
  });

  test('long items are passed over', () => {
    expect(parseReportSizes(Uint8Array.of(0xfe, 2, 0x10, 0x81, 0x91, 0x75, 8, 0x95, 32, 0x81, 2))).toEqual({ input: 32 });
  });

  test('any bytes, cut anywhere, are read without throwing', () => {
    expect(parseReportSizes(new Uint8Array())).toEqual({});
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const { input = 1, output = 1 } = parseReportSizes(bytes);
        expect(input > 0 && output > 0).toBe(true);
      }),
    );
  });
});

function bytesOf(digits: string): Uint8Array {
  return decodeHex(digits.replaceAll(' ', '')) ?? new Uint8Array();
}
