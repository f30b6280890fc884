import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeBase64 } from '../../../shared/bytes/base64.ts';

describe('decodeBase64', () => {
  it('reads what Node writes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(new Uint8Array(bytes));
      }),
    );
  });

  it.each(['A', 'AA', 'AAA', 'AA=', 'AA===', 'AAA==', 'A===', '====', 'AB==', 'AAB=', 'AA==AA==', 'AA-_', 'AA A', ' AAAA', 'AAAA\n', 'AA==='])('refuses %j', (text) => {
    expect(decodeBase64(text)).toBeUndefined();
  });
});
