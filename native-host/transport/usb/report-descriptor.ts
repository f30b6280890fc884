/** Bytes of a device's reports, without report IDs; absent where the descriptor has none of that kind. */
export interface ReportSizes {
  readonly input?: number;
  readonly output?: number;
}

// Prefix bytes without their two size bits. Source: Device Class Definition for HID 1.11 §6.2.2.
const Item = { input: 0x80, output: 0x90, reportSize: 0x74, reportCount: 0x94 } as const;
const LONG_ITEM = 0xfe;
const SIZE_BITS = 0x03;

/**
 * Reads the sizes of a device's input and output reports from its report descriptor. A FIDO key has one report each way
 * (CTAP 2.2 §11.2.8.2); several items of a kind add up.
 *
 * @returns nothing for a kind whose items are missing, and for whatever comes behind a truncated item.
 */
export function parseReportSizes(descriptor: Uint8Array): ReportSizes {
  let bitsPerField = 0;
  let fields = 0;
  const bits = { input: 0, output: 0 };
  let offset = 0;
  while (offset < descriptor.length) {
    const prefix = descriptor[offset] ?? 0;
    if (prefix === LONG_ITEM) {
      offset += 3 + (descriptor[offset + 1] ?? 0);
      continue;
    }
    const sizeCode = prefix & SIZE_BITS;
    const length = sizeCode === 3 ? 4 : sizeCode;
    if (offset + length >= descriptor.length) break;
    const value = littleEndian(descriptor.subarray(offset + 1, offset + 1 + length));
    const kind = prefix & ~SIZE_BITS;
    if (kind === Item.reportSize) bitsPerField = value;
    if (kind === Item.reportCount) fields = value;
    if (kind === Item.input) bits.input += bitsPerField * fields;
    if (kind === Item.output) bits.output += bitsPerField * fields;
    offset += 1 + length;
  }
  return {
    ...(bits.input === 0 ? {} : { input: Math.ceil(bits.input / 8) }),
    ...(bits.output === 0 ? {} : { output: Math.ceil(bits.output / 8) }),
  };
}

function littleEndian(bytes: Uint8Array): number {
  let value = 0;
  for (let index = bytes.length - 1; index >= 0; index -= 1) value = value * 0x100 + (bytes[index] ?? 0);
  return value;
}
