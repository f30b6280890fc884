import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeBase64url, encodeBase64url } from '../../../shared/bytes/base64url.ts';

describe('base64url', () => {
  it('agrees with Node on random bytes, and comes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = encodeBase64url(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(decodeBase64url(text)).toEqual(new Uint8Array(bytes));
      }),
    );
  });

  it('gives each byte string exactly one text: whatever it decodes, it encodes to the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('A', 'Q', 'g', 'w', '_', '-', 'z', '=', '+', '/', ' '), maxLength: 12 }), (text) => {
        const bytes = decodeBase64url(text);
        expect(bytes === undefined || encodeBase64url(bytes) === text).toBe(true);
      }),
    );
  });

  it.each([
    ['padding', 'AA=='],
    ['a wrong length', 'AAAAA'],
    ['unused bits that are set (two bytes)', 'AAB'],
    ['unused bits that are set (one byte)', 'AB'],
    ['the plus sign', 'A+AA'],
    ['the slash', 'A/AA'],
    ['white space', 'AA AA'],
    ['a line break', 'AAAA\n'],
    ['a letter of another script', 'АААА'],
  ])('refuses %s', (_name, text) => {
    expect(decodeBase64url(text)).toBeUndefined();
  });

  it('decodes the empty text to no bytes', () => {
    expect(decodeBase64url('')).toEqual(new Uint8Array());
  });
});
