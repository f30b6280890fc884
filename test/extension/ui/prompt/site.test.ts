import { describe, expect, it } from 'vitest';

import { isForeignRpId, splitOrigin } from '../../../../extension/ui/prompt/site.ts';

describe('splitOrigin', () => {
  it.each([
    ['https://contoso.example', 'contoso.example', ['https://', 'contoso.example', '']],
    ['https://login.contoso.example', 'contoso.example', ['https://login.', 'contoso.example', '']],
    ['https://login.contoso.example:8443', 'contoso.example', ['https://login.', 'contoso.example', ':8443']],
    ['https://microsoft.com.evil.example', 'evil.example', ['https://microsoft.com.', 'evil.example', '']],
    ['http://localhost:3000', undefined, ['http://', 'localhost', ':3000']],
    // A site that is no suffix at a dot, or stands at the wrong place, is not believed.
    ['https://notcontoso.example', 'contoso.example', ['https://', 'notcontoso.example', '']],
    ['https://contoso.example.evil.example', 'contoso.example', ['https://', 'contoso.example.evil.example', '']],
    ['https://contoso.example', '', ['https://', 'contoso.example', '']],
    ['null', 'contoso.example', ['', 'null', '']],
  ])('cuts %s by %s', (origin, site, [before, emphasis, after]) => {
    expect(splitOrigin(origin, site)).toEqual({ before, emphasis, after });
  });

  it('shows every character of the origin', () => {
    const origin = 'https://a.b.contoso.example:444';
    const { before, emphasis, after } = splitOrigin(origin, 'contoso.example');
    expect(before + emphasis + after).toBe(origin);
  });
});

describe('isForeignRpId', () => {
  it.each([
    ['https://login.contoso.example', 'contoso.example', false],
    ['https://contoso.example', 'contoso.example', false],
    ['https://contoso.example', 'contoso-group.example', true],
    ['https://notcontoso.example', 'contoso.example', true],
  ])('judges %s with the RP ID %s', (origin, rpId, foreign) => {
    expect(isForeignRpId(origin, rpId)).toBe(foreign);
  });
});
