import { type Bytes, concatBytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import type { Random } from './random.ts';

/** Changes bytes into others. `other` is a byte string from elsewhere in the corpus, to take from. */
type ByteMutation = (bytes: Bytes, random: Random, other: Bytes) => Bytes;

/** No mutation makes a byte string longer than this. */
export const MAX_FIELD = 12_000;

const INTERESTING_BYTES = [0x00, 0x01, 0x02, 0x10, 0x17, 0x18, 0x1f, 0x20, 0x40, 0x58, 0x60, 0x61, 0x6c, 0x7f, 0x80, 0x81, 0x90, 0xa0, 0xbf, 0xf5, 0xfe, 0xff];
const INTERESTING_NUMBERS = [0, 1, 2, 7, 23, 24, 57, 59, 63, 64, 127, 128, 255, 256, 257, 1023, 1024, 7609, 7610, 32767, 32768, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const TOKENS = ['\ufeff', '\u0000', '"', '\\u0022', '{}', '[]', 'null', '__proto__', 'constructor', 'U2F_V2', 'FIDO_2_0', 'none', 'packed', '\ud7ff', '\u{10ffff}'].map(encodeUtf8);

const MUTATIONS: readonly ByteMutation[] = [
  /* flip a bit */ (bytes, random) => replaceAt(bytes, random, (byte) => byte ^ (1 << random.below(8))),
  /* interesting byte */ (bytes, random) => replaceAt(bytes, random, () => random.pick(INTERESTING_BYTES)),
  /* random byte */ (bytes, random) => replaceAt(bytes, random, () => random.below(256)),
  /* a little more or less */ (bytes, random) => replaceAt(bytes, random, (byte) => byte + random.below(9) - 4),
  /* interesting number */ (bytes, random) => setNumber(bytes, random, random.pick(INTERESTING_NUMBERS) + random.below(3) - 1),
  /* delete */ (bytes, random) => {
    const [start, end] = range(bytes, random);
    return concatBytes(bytes.subarray(0, start), bytes.subarray(end));
  },
  /* insert */ (bytes, random) => insert(bytes, random, random.bytes(1 + random.below(8))),
  /* token */ (bytes, random) => insert(bytes, random, random.pick(TOKENS)),
  /* duplicate */ (bytes, random) => insert(bytes, random, bytes.subarray(...range(bytes, random))),
  /* repeat many times */ (bytes, random) => {
    const block = bytes.subarray(...range(bytes, random)).subarray(0, 64);
    return insert(bytes, random, concatBytes(...Array.from({ length: 1 + random.below(64) }, () => block)));
  },
  /* overwrite with a part of itself */ (bytes, random) => {
    const [start, end] = range(bytes, random);
    const changed = bytes.slice();
    changed.copyWithin(random.below(bytes.length), start, end);
    return changed;
  },
  /* splice */ (bytes, random, other) =>
    concatBytes(bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1))),
  /* insert a part of another */ (bytes, random, other) => insert(bytes, random, other.subarray(...range(other, random))),
  /* truncate */ (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
  /* reverse */ (bytes, random) => {
    const [start, end] = range(bytes, random);
    const changed = bytes.slice();
    changed.subarray(start, end).reverse();
    return changed;
  },
];

/** Changes bytes without regard to their form. `other`: a byte string from elsewhere in the corpus, to take from. */
export function mutateBytes(bytes: Bytes, random: Random, other: Bytes): Bytes {
  return random.pick(MUTATIONS)(bytes, random, other);
}

function replaceAt(bytes: Bytes, random: Random, change: (byte: number) => number): Bytes {
  if (bytes.length === 0) return random.bytes(1);
  const changed = bytes.slice();
  const position = random.below(bytes.length);
  changed[position] = change(changed[position] ?? 0) & 0xff;
  return changed;
}

function setNumber(bytes: Bytes, random: Random, number: number): Bytes {
  const width = random.pick([2, 4]);
  if (bytes.length < width) return bytes;
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  const position = random.below(bytes.length - width + 1);
  if (width === 2) view.setUint16(position, number & 0xffff, random.oneIn(4));
  else view.setUint32(position, number >>> 0, random.oneIn(4));
  return changed;
}

function insert(bytes: Bytes, random: Random, part: Uint8Array): Bytes {
  const position = random.below(bytes.length + 1);
  return concatBytes(bytes.subarray(0, position), part, bytes.subarray(position));
}

function range(bytes: Uint8Array, random: Random): [start: number, end: number] {
  const start = random.below(bytes.length);
  const longest = random.oneIn(3) ? bytes.length : 16;
  return [start, Math.min(bytes.length, start + 1 + random.below(longest))];
}
