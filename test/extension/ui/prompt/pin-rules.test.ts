import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { findPinProblem } from '../../../../extension/ui/prompt/pin-rules.ts';

describe('findPinProblem', () => {
  it('wants a PIN', () => {
    expect(findPinProblem('', 4)).toBe('pin_empty');
  });

  it.each([
    ['123', 4, 'pin_tooShort'],
    ['1234', 4, undefined],
    ['12345', 6, 'pin_tooShort'],
    // Four code points, eight UTF-16 units.
    ['🔑🔑🔑🔑', 4, undefined],
    ['🔑🔑🔑', 4, 'pin_tooShort'],
    // Two code points that compose to one.
    ['abce\u0301', 5, 'pin_tooShort'],
  ])('counts the code points of %j against %i', (pin, minLength, problem) => {
    expect(findPinProblem(pin, minLength)).toBe(problem);
  });

  it.each([
    ['1'.repeat(63), undefined],
    ['1'.repeat(64), 'pin_tooLong'],
    ['鍵'.repeat(21), undefined],
    ['鍵'.repeat(22), 'pin_tooLong'],
    // 32 decomposed characters are 96 bytes, composed 64.
    ['e\u0301'.repeat(31), undefined],
    ['e\u0301'.repeat(32), 'pin_tooLong'],
  ])('counts the bytes of %j after normalisation', (pin, problem) => {
    expect(findPinProblem(pin, 4)).toBe(problem);
  });

  it('judges equal PINs equally, however they are composed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.integer({ min: 4, max: 63 }), (pin, minLength) => {
        expect(findPinProblem(pin.normalize('NFD'), minLength)).toBe(findPinProblem(pin.normalize('NFC'), minLength));
      }),
    );
  });
});
