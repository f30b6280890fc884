import { describe, expect, test } from 'vitest';

import { isOriginListed, relatedOriginsUrl } from '../../../shared/webauthn/related-origins.ts';

const FIVE = ['https://one.com', 'https://two.com', 'https://three.com', 'https://four.com', 'https://five.com'];

describe('related origins', () => {
  test('are listed at one place of the RP ID', () => {
    expect(relatedOriginsUrl('example.com')).toBe('https://example.com/.well-known/webauthn');
  });

  test.each<readonly [name: string, content: unknown, origin: string, expected: boolean]>([
    ['a listed origin', { origins: ['https://example.co.uk'] }, 'https://example.co.uk', true],
    ['a listed origin with path and default port', { origins: ['https://example.co.uk:443/path?x#y'] }, 'https://example.co.uk', true],
    ['an origin with another port', { origins: ['https://example.co.uk'] }, 'https://example.co.uk:8443', false],
    ['another scheme', { origins: ['http://example.co.uk'] }, 'https://example.co.uk', false],
    ['a subdomain of a listed origin', { origins: ['https://example.co.uk'] }, 'https://www.example.co.uk', false],
    ['upper case in the list', { origins: ['HTTPS://EXAMPLE.CO.UK'] }, 'https://example.co.uk', true],
    ['entries that are no URLs', { origins: ['example.co.uk', '', 'https://', 'https://example.co.uk'] }, 'https://example.co.uk', true],
    ['a public suffix', { origins: ['https://co.uk'] }, 'https://co.uk', false],
    ['an address', { origins: ['https://127.0.0.1'] }, 'https://127.0.0.1', false],
    ['the fifth label', { origins: FIVE }, 'https://five.com', true],
    ['the sixth label', { origins: [...FIVE, 'https://six.com'] }, 'https://six.com', false],
    ['a sixth domain with a label that was counted', { origins: [...FIVE, 'https://one.co.uk'] }, 'https://one.co.uk', true],
    ['many origins of few labels', { origins: [...Array.from({ length: 40 }, (_, n) => `https://n${n.toString()}.one.com`), ...FIVE] }, 'https://five.com', true],
    ['uncounted entries before it', { origins: ['https://localhost', 'https://co.uk', 'x', ...FIVE] }, 'https://five.com', true],
    ['an item that is no string', { origins: ['https://one.com', 7] }, 'https://one.com', false],
    ['no list', { origins: 'https://one.com' }, 'https://one.com', false],
    ['no member', { origin: ['https://one.com'] }, 'https://one.com', false],
    ['an array', [{ origins: ['https://one.com'] }], 'https://one.com', false],
    ['null', null, 'https://one.com', false],
    ['an empty list', { origins: [] }, 'https://one.com', false],
  ])('%s', (_name, content, origin, expected) => {
    expect(isOriginListed(content, origin)).toBe(expected);
  });
});
