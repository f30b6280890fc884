import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeBase64url, encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { decodeBase64urlFast } from '../../../shared/bytes/fast-base64url.ts';

describe('decodeBase64urlFast', () => {
  it('decodes what was encoded', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(decodeBase64urlFast(encodeBase64url(bytes))).toEqual(new Uint8Array(bytes));
    }));
  });

  it('takes and refuses exactly what decodeBase64url does', () => {
    const character = fc.constantFrom(...Array.from('ABab01-_ZQgw+/=é€ \u0080'));
    fc.assert(fc.property(fc.array(character, { maxLength: 9 }), (characters) => {
      const text = characters.join('');
      expect(decodeBase64urlFast(text)).toEqual(decodeBase64url(text));
    }), { numRuns: 2000 });
  });
});
