import { type Bytes, concatBytes, encodeUtf8 } from '../../../../shared/bytes/bytes.ts';

/** One DER value: tag, length, contents. Source: X.690 §8.1, §10.1. */
export function derValue(tag: number, ...contents: readonly Uint8Array[]): Bytes {
  const content = concatBytes(...contents);
  return concatBytes(Uint8Array.of(tag), derLength(content.length), content);
}

function derLength(length: number): Bytes {
  if (length < 0x80) return Uint8Array.of(length);
  if (length < 0x100) return Uint8Array.of(0x81, length);
  return Uint8Array.of(0x82, length >> 8, length & 0xff);
}

/** SEQUENCE. */
export function derSequence(...contents: readonly Uint8Array[]): Bytes {
  return derValue(0x30, ...contents);
}

/** SET of one element (the only sets in the certificates here). */
export function derSet(content: Uint8Array): Bytes {
  return derValue(0x31, content);
}

/** INTEGER from unsigned big-endian bytes. */
export function derUnsigned(bytes: Uint8Array): Bytes {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const minimal = bytes.subarray(start);
  return (minimal[0] ?? 0) >= 0x80 ? derValue(0x02, Uint8Array.of(0), minimal) : derValue(0x02, minimal);
}

/** OBJECT IDENTIFIER from its dotted form. */
export function derObjectIdentifier(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let value = arc >>> 7; value > 0; value >>>= 7) groups.unshift((value & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return derValue(0x06, Uint8Array.from(bytes));
}

/** UTF8String. */
export function derUtf8(text: string): Bytes {
  return derValue(0x0c, encodeUtf8(text));
}

/** PrintableString, which certificates demand for country codes. */
export function derPrintable(text: string): Bytes {
  return derValue(0x13, encodeUtf8(text));
}

/** BIT STRING without unused bits. */
export function derBitString(bytes: Uint8Array): Bytes {
  return derValue(0x03, Uint8Array.of(0), bytes);
}

/** OCTET STRING. */
export function derOctetString(bytes: Uint8Array): Bytes {
  return derValue(0x04, bytes);
}

/** BOOLEAN TRUE; FALSE is a default everywhere here and so never written. */
export function derTrue(): Bytes {
  return derValue(0x01, Uint8Array.of(0xff));
}

/** UTCTime before 2050, GeneralizedTime after, as RFC 5280 §4.1.2.5 wants it. `iso` is like 2020-01-01T00:00:00Z. */
export function derTime(iso: string): Bytes {
  const digits = iso.replaceAll(/[-:T]/g, '');
  return Number(digits.slice(0, 4)) < 2050 ? derValue(0x17, encodeUtf8(digits.slice(2))) : derValue(0x18, encodeUtf8(digits));
}
