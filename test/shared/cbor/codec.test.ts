import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeHex, encodeHex } from '../../../shared/bytes/hex.ts';
import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { decodeCbor, decodeCborKnown, decodeCborPrefix, decodeCborStrict, encodeCbor } from '../../../shared/cbor/codec.ts';
import { CborProblem, DEFAULT_CBOR_LIMITS } from '../../../shared/cbor/limits.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';

function hex(text: string): Bytes {
  const bytes = decodeHex(text.replaceAll(' ', ''));
  if (bytes === undefined) throw new TypeError(text);
  return bytes;
}

function problemOf(text: string): string {
  const decoded = decodeCbor(hex(text));
  return decoded.ok ? `deviations: ${decoded.value.deviations.join()}` : decoded.error.problem;
}

const key = fc.oneof(fc.integer({ min: -70_000, max: 70_000 }), fc.string({ maxLength: 5 }));
const { value: anyValue } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeInteger(),
    fc.bigInt({ min: 1n << 53n, max: (1n << 64n) - 1n }),
    fc.bigInt({ min: -(1n << 64n) + 1n, max: -(1n << 53n) }),
    fc.string({ maxLength: 40 }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
    fc.array(tie('value'), { maxLength: 30 }),
    fc.uniqueArray(fc.tuple(key, tie('value')), { maxLength: 30, selector: ([name]) => name }).map((entries) => new Map(entries)),
  ),
}));

describe('encodeCbor', () => {
  // RFC 8949 appendix A, as far as CTAP has a use for it.
  it.each<[CborValue, string]>([
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [255, '18ff'],
    [256, '190100'],
    [65_535, '19ffff'],
    [65_536, '1a00010000'],
    [4_294_967_295, '1affffffff'],
    [4_294_967_296, '1b0000000100000000'],
    [18_446_744_073_709_551_615n, '1bffffffffffffffff'],
    [-1, '20'],
    [-24, '37'],
    [-25, '3818'],
    [-256, '38ff'],
    [-257, '390100'],
    [-4_294_967_296, '3affffffff'],
    [-4_294_967_297, '3b0000000100000000'],
    [-18_446_744_073_709_551_615n, '3bfffffffffffffffe'],
    [false, 'f4'],
    [true, 'f5'],
    [null, 'f6'],
    ['', '60'],
    ['ü', '62c3bc'],
    [new Uint8Array(), '40'],
    [Uint8Array.of(1, 2), '420102'],
    [[1, [2, 3]], '8201820203'],
    [new Map<CborValue, CborValue>([['b', 1], ['aa', 2], ['a', 3], [-1, 4], [10, 5], [100, 6]]), 'a60a0518640620046161036162016261 6102'.replace(' ', '')],
  ])('encodes %o as %s', (value, expected) => {
    expect(encodeHex(encodeCbor(value))).toBe(expected);
  });

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 1n << 64n, -(1n << 64n)])('throws for %s', (value) => {
    expect(() => encodeCbor(value)).toThrow(RangeError);
  });

  it('gives canonical form that comes back, for any value', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const encoded = encodeCbor(value);
        const decoded = decodeCborStrict(encoded);
        expect(decoded.ok).toBe(true);
        if (decoded.ok) expect(encodeHex(encodeCbor(decoded.value))).toBe(encodeHex(encoded));
      }),
    );
  });
});

describe('decodeCbor', () => {
  it.each([
    ['nothing', '', CborProblem.truncated],
    ['a cut integer', '19 01', CborProblem.truncated],
    ['a cut byte string', '43 0102', CborProblem.truncated],
    ['a byte string longer than memory', '5b ffffffffffffffff 00', CborProblem.truncated],
    ['a cut array', '82 01', CborProblem.truncated],
    ['an array of 2^32 - 1 items', '9a ffffffff 00', CborProblem.truncated],
    ['a map without its last value', 'a1 01', CborProblem.truncated],
    ['bytes behind the item', '01 00', CborProblem.trailingBytes],
    ['an indefinite byte string', '5f 41 00 ff', CborProblem.indefiniteLength],
    ['an indefinite array', '9f 01 ff', CborProblem.indefiniteLength],
    ['an indefinite map', 'bf 01 02 ff', CborProblem.indefiniteLength],
    ['a tag', 'c0 60', CborProblem.tag],
    ['a bignum', 'c2 41 01', CborProblem.tag],
    ['a half float', 'f9 3c00', CborProblem.unsupported],
    ['a double', 'fb 3ff0000000000000', CborProblem.unsupported],
    ['a simple value', 'e0', CborProblem.unsupported],
    ['a two-byte simple value', 'f8 ff', CborProblem.unsupported],
    ['a break', 'ff', CborProblem.unsupported],
    ['reserved additional information', '1c', CborProblem.unsupported],
    ['-2^64', '3b ffffffffffffffff', CborProblem.unsupported],
    ['neighbouring duplicates', 'a2 01 00 01 00', CborProblem.duplicateKey],
    ['duplicates apart', 'a3 01 00 02 00 01 00', CborProblem.duplicateKey],
    ['a duplicate inside', '81 a2 61 61 00 61 61 01', CborProblem.duplicateKey],
    ['a duplicate written in another way', 'a2 01 00 1801 01', CborProblem.duplicateKey],
    ['a byte string as a key', 'a1 41 00 00', CborProblem.unsupported],
    ['an array as a key', 'a1 80 00', CborProblem.unsupported],
    ['a map as a key', 'a1 a0 00', CborProblem.unsupported],
    ['duplicates by broken UTF-8', 'a2 61 fe 00 61 ff 01', CborProblem.duplicateKey],
  ])('refuses %s', (_name, text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });

  it.each([
    ['integer in too many bytes', '18 01', 'nonMinimal'],
    ['length in too many bytes', '58 01 00', 'nonMinimal'],
    ['unsorted keys', 'a2 02 00 01 00', 'unsortedKeys'],
    ['text sorted by letters instead of length', 'a2 62 6161 00 61 62 00', 'unsortedKeys'],
    ['broken UTF-8', '61 ff', 'invalidUtf8'],
  ])('reports, and strictly refuses: %s', (_name, text, deviation) => {
    expect(problemOf(text)).toBe(`deviations: ${deviation}`);
    const strict = decodeCborStrict(hex(text));
    expect(strict.ok ? 'accepted' : strict.error.problem).toBe(CborProblem.notCanonical);
  });

  it('refuses what is nested too deeply, at any depth beyond the limit', () => {
    const nested = (depth: number): Bytes => new Uint8Array([...new Array<number>(depth).fill(0x81), 0x00]);
    expect(decodeCbor(nested(DEFAULT_CBOR_LIMITS.maxDepth)).ok).toBe(true);
    for (const depth of [DEFAULT_CBOR_LIMITS.maxDepth + 1, 100_000]) {
      const decoded = decodeCbor(nested(depth));
      expect(decoded.ok ? 'accepted' : decoded.error.problem).toBe(CborProblem.tooDeep);
    }
  });

  it('refuses more bytes or more items than allowed', () => {
    const large = decodeCbor(new Uint8Array(DEFAULT_CBOR_LIMITS.maxBytes + 1));
    expect(large.ok ? 'accepted' : large.error.problem).toBe(CborProblem.tooLarge);
    const many = decodeCbor(Uint8Array.of(0x84, 0, 0, 0, 0), { ...DEFAULT_CBOR_LIMITS, maxItems: 4 });
    expect(many.ok ? 'accepted' : many.error.problem).toBe(CborProblem.tooManyItems);
  });

  it.each([1, 40, 300])('keeps a byte order mark in front of %i letters', (length) => {
    const text = `\ufeff${'x'.repeat(length)}`;
    expect(decodeCborStrict(encodeCbor(text))).toEqual({ ok: true, value: text });
  });

  it('leaves what follows to the caller, if asked', () => {
    const decoded = decodeCborPrefix(hex('82 01 02 ff ff'));
    expect(decoded.ok && decoded.value).toEqual({ value: [1, 2], length: 3, deviations: [] });
  });

  it('never throws, whatever the bytes; what it takes strictly encodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        decodeCbor(bytes);
        const strict = decodeCborStrict(bytes);
        expect(!strict.ok || encodeHex(encodeCbor(strict.value)) === encodeHex(bytes)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('refuses every proper prefix of an item as truncated', () => {
    fc.assert(
      fc.property(anyValue, fc.nat(), (value, cut) => {
        const encoded = encodeCbor(value);
        const decoded = decodeCbor(encoded.subarray(0, cut % encoded.length));
        expect(decoded.ok ? 'accepted' : decoded.error.problem).toBe(CborProblem.truncated);
      }),
    );
  });
});

describe('decodeCborKnown', () => {
  it.each<[string, string, CborValue]>([
    ['a byte string as a key', 'a2 41 00 00 01 02', new Map([[1, 2]])],
    ['an array as a key', 'a2 01 02 81 01 00', new Map([[1, 2]])],
    ['a map as a key', 'a2 01 02 a1 01 01 00', new Map([[1, 2]])],
    ['a half float', 'a2 01 f9 3c00 02 03', new Map([[2, 3]])],
    ['a float', '82 fa 3f800000 01', [1]],
    ['a double as a key', 'a2 fb 3ff0000000000000 00 02 03', new Map([[2, 3]])],
    ['a simple value', '83 e0 f8 ff 01', [1]],
    ['tags, one in the other', 'a2 01 c2 c2 41 01 02 03', new Map([[2, 3]])],
    ['all of it further inside', 'a1 04 a3 41 00 f5 62 7570 f9 3c00 62 726b f5', new Map([[4, new Map([['rk', true]])]])],
    ['nothing', 'a1 01 3b ffffffffffffffff', new Map([[1, -(2n ** 64n)]])],
  ])('leaves out %s', (_name, text, value) => {
    expect(decodeCborKnown(hex(text))).toEqual({ ok: true, value });
  });

  it.each([
    ['a float alone', 'f9 3c00', CborProblem.unsupported],
    ['a cut float', '81 f9 3c', CborProblem.truncated],
    ['a break', '81 ff', CborProblem.unsupported],
    ['a reserved simple value', '81 fc', CborProblem.unsupported],
    ['a tag without an item', '81 c2', CborProblem.truncated],
    ['tags without end', 'c0'.repeat(DEFAULT_CBOR_LIMITS.maxDepth + 1), CborProblem.tooDeep],
    ['an indefinite array', '9f 01 ff', CborProblem.indefiniteLength],
    ['a duplicate key', 'a2 01 00 01 00', CborProblem.duplicateKey],
    ['bytes behind the item', 'a0 00', CborProblem.trailingBytes],
  ])('refuses %s', (_name, text, problem) => {
    const decoded = decodeCborKnown(hex(text));
    expect(decoded.ok ? 'accepted' : decoded.error.problem).toBe(problem);
  });

  it('refuses more bytes than allowed', () => {
    const large = decodeCborKnown(new Uint8Array(DEFAULT_CBOR_LIMITS.maxBytes + 1));
    expect(large.ok ? 'accepted' : large.error.problem).toBe(CborProblem.tooLarge);
  });
});
