import fc from 'fast-check';
import { expect, it } from 'vitest';

import { decodeHex, encodeHex } from '../../../shared/bytes/hex.ts';

it('comes back from hexadecimal, in either case', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const text = encodeHex(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('hex'));
      expect(decodeHex(text.toUpperCase())).toEqual(new Uint8Array(bytes));
    }),
  );
});

it.each(['0', '0g', ' 00', '0x00', '00\n'])('refuses %j', (text) => {
  expect(decodeHex(text)).toBeUndefined();
});
