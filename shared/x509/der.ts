import { type Bytes, copyBytes } from '../bytes/bytes.ts';

/** Thrown by the readers of this folder for bytes that are not DER, or not of the expected structure; caught at its boundary. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** Universal tags, with the constructed bit where DER sets it. */
export const DerTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  enumerated: 0x0a,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Context-specific, constructed tag `[number]`; numbers above 30 take several bytes, which are joined to one number. */
export function contextTag(number: number): number {
  if (number < 31) return 0xa0 | number;
  return number < 128 ? 0xbf00 | number : 0xbf_0000 | ((0x80 | (number >> 7)) << 8) | (number & 0x7f);
}

/** One element: its tag, its content, and the bytes of the whole element. Both are views of the input. */
export class DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, tag: number, start: number, contentStart: number, end: number) {
    this.tag = tag;
    this.content = bytes.subarray(contentStart, end);
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** Made when it is asked for: few elements' is. */
  get encoded(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }
}

/**
 * Reads DER elements one after another. Strict: definite lengths in their shortest form, no element beyond the end,
 * single-byte tags; where `allowHighTags` is set, also those of two and three bytes, in their shortest form. Everything
 * unexpected throws {@link DerError}.
 *
 * Source: X.690 §8.1, §10.1.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #allowHighTags: boolean;
  #offset = 0;

  constructor(bytes: Uint8Array, { allowHighTags = false }: { readonly allowHighTags?: boolean } = {}) {
    this.#bytes = bytes;
    this.#allowHighTags = allowHighTags;
  }

  /** The next tag, or `undefined` at the end. */
  get nextTag(): number | undefined {
    return this.#bytes[this.#offset];
  }

  /** Takes the next element, whose tag must be `tag`. */
  read(tag: number): DerElement {
    const element = this.readAny();
    if (element.tag !== tag) throw new DerError(`Expected tag ${tag.toString()}, found ${element.tag.toString()}.`);
    return element;
  }

  /** Takes the next element if its tag is `tag`. */
  readOptional(tag: number): DerElement | undefined {
    return this.nextTag === tag ? this.readAny() : undefined;
  }

  /** Takes the next element, whatever it is. */
  readAny(): DerElement {
    const start = this.#offset;
    const tag = this.#tag();
    const length = this.#length();
    const contentStart = this.#offset;
    const end = contentStart + length;
    if (end > this.#bytes.length) throw new DerError('An element ends beyond the data.');
    this.#offset = end;
    return new DerElement(this.#bytes, tag, start, contentStart, end);
  }

  /** Asserts that nothing is left. */
  end(): void {
    if (this.#offset !== this.#bytes.length) throw new DerError('Bytes are left over.');
  }

  #tag(): number {
    const first = this.#byte();
    if ((first & 0x1f) !== 0x1f) return first;
    if (!this.#allowHighTags) throw new DerError('A tag takes more than one byte.');
    const second = this.#byte();
    if (second < 0x80) {
      if (second < 31) throw new DerError('A tag is not in its shortest form.');
      return (first << 8) | second;
    }
    const third = this.#byte();
    if (second === 0x80 || third >= 0x80) throw new DerError('A tag is too large, or not in its shortest form.');
    return (first << 16) | (second << 8) | third;
  }

  #byte(): number {
    const byte = this.#bytes[this.#offset];
    if (byte === undefined) throw new DerError('The data ends too early.');
    this.#offset += 1;
    return byte;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 3) throw new DerError('A length is indefinite or too large.');
    let length = 0;
    for (let index = 0; index < count; index += 1) length = length * 256 + this.#byte();
    const least = count === 1 ? 0x80 : 2 ** (8 * (count - 1));
    if (length < least) throw new DerError('A length is not in its shortest form.');
    return length;
  }
}

/** Reads one element of tag `tag` that takes all of `bytes`, and returns a reader of its content. */
export function readWhole(bytes: Uint8Array, tag: number): DerReader {
  const reader = new DerReader(bytes);
  const element = reader.read(tag);
  reader.end();
  return new DerReader(element.content);
}

/** Far above those in use. */
const MAX_OBJECT_IDENTIFIER_BYTES = 256;

/** The object identifier in dotted form. Sub-identifiers must be minimal (X.690 §8.19). */
export function decodeObjectIdentifier({ content }: DerElement): string {
  if (content.length > MAX_OBJECT_IDENTIFIER_BYTES) throw new DerError('An object identifier is too long.');
  const arcs: (number | bigint)[] = [];
  let arc: number | bigint = 0;
  let isFirstByte = true;
  for (const byte of content) {
    if (isFirstByte && byte === 0x80) throw new DerError('An object identifier is not minimal.');
    // Numbers of 128 bits are in use (UUIDs, below 2.25).
    arc = typeof arc === 'number' && arc < 2 ** 45 ? arc * 128 + (byte & 0x7f) : BigInt(arc) * 128n + BigInt(byte & 0x7f);
    isFirstByte = (byte & 0x80) === 0;
    if (!isFirstByte) continue;
    if (arcs.length === 0) {
      const root = arc < 40 ? 0 : arc < 80 ? 1 : 2;
      arcs.push(root, typeof arc === 'number' ? arc - 40 * root : arc - 80n);
    } else {
      arcs.push(arc);
    }
    arc = 0;
  }
  if (!isFirstByte || arcs.length === 0) throw new DerError('An object identifier is cut off.');
  return arcs.join('.');
}

/** An INTEGER's two's complement bytes, in their shortest form (X.690 §8.3). */
export function decodeInteger({ content }: DerElement): Bytes {
  const [first, second] = content;
  if (first === undefined) throw new DerError('An integer is empty.');
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw new DerError('An integer is not in its shortest form.');
  }
  return copyBytes(content);
}

/** A small non-negative INTEGER as a number. */
export function decodeSmallInteger(element: DerElement): number {
  const bytes = decodeInteger(element);
  if (bytes.length > 4 || (bytes[0] ?? 0) >= 0x80) throw new DerError('An integer is negative or too large.');
  return bytes.reduce((number, byte) => number * 256 + byte, 0);
}

/** A BOOLEAN: 00 or FF and nothing else (X.690 §11.1). */
export function decodeBoolean({ content }: DerElement): boolean {
  const [value] = content;
  if (content.length !== 1 || (value !== 0 && value !== 0xff)) throw new DerError('A boolean is not 00 or FF.');
  return value === 0xff;
}

/** A BIT STRING: its bytes and how many bits of the last one are unused (and zero). */
export function decodeBitString({ content }: DerElement): { readonly bytes: Bytes; readonly unusedBits: number } {
  const [unusedBits] = content;
  if (unusedBits === undefined || unusedBits > 7) throw new DerError('A bit string has no valid count of unused bits.');
  const bytes = copyBytes(content.subarray(1));
  const last = bytes.at(-1) ?? 0;
  if ((bytes.length === 0 && unusedBits > 0) || (last & ((1 << unusedBits) - 1)) !== 0) {
    throw new DerError('A bit string has unused bits that are not zero.');
  }
  return { bytes, unusedBits };
}

/**
 * UTCTime or GeneralizedTime as milliseconds since 1970. Only the forms of RFC 5280 §4.1.2.5: seconds present, no
 * fraction, `Z`.
 */
export function decodeTime({ tag, content }: DerElement): number {
  const yearDigits = tag === DerTag.utcTime ? 2 : tag === DerTag.generalizedTime ? 4 : undefined;
  if (yearDigits === undefined || content.length !== yearDigits + 11 || content.at(-1) !== 0x5a) throw new DerError('A time is malformed.');
  const written = readDigits(content, 0, yearDigits);
  const [month, day, hour, minute, second] = [0, 2, 4, 6, 8].map((offset) => readDigits(content, yearDigits + offset, 2)) as [number, number, number, number, number];
  const century = written >= 50 ? 1900 : 2000;
  const year = yearDigits === 2 ? century + written : written;
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(time);
  // Date.UTC takes what does not exist for what comes after it.
  const isReal = year >= 100 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!isReal) throw new DerError('A time does not exist.');
  return time;
}

function readDigits(content: Uint8Array, start: number, count: number): number {
  let number = 0;
  for (let index = start; index < start + count; index += 1) {
    const digit = (content[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) throw new DerError('A time is malformed.');
    number = number * 10 + digit;
  }
  return number;
}

/** What `read` makes of DER, or `undefined` where that is not what it expects. */
export function tryDer<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
