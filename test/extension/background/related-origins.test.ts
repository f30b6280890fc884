import { describe, expect, test } from 'vitest';

import { createRelatedOrigins } from '../../../extension/background/client/related-origins.ts';

const LIMITS = { deadline: 30, maxBytes: 64, maxFetches: 2 };
const NEVER = new AbortController().signal;

/** A server that never answers, as `fetch` shows it. */
const mute: typeof fetch = (_input, init) =>
  new Promise((_resolve, reject) => {
    if (init?.signal?.aborted === true) reject(new DOMException('', 'AbortError'));
    init?.signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError')), { once: true });
  });

/** A server with one answer. */
function serving(body: string, init: ResponseInit = {}, url = 'https://example.com/.well-known/webauthn'): typeof fetch {
  return () => {
    const response = new Response(body, { headers: { 'content-type': 'application/json' }, ...init });
    return Promise.resolve(Object.defineProperty(response, 'url', { value: url }));
  };
}

describe('the fetching of related origins', () => {
  const content = '{"origins":["https://a.org"]}';

  test('a listed origin is related', async () => {
    expect(await createRelatedOrigins(serving(content), LIMITS).check('example.com', 'https://a.org', NEVER)).toEqual({ related: true });
  });

  test('goes to the RP ID, without credentials and referrer', async () => {
    const asked: unknown[] = [];
    const related = createRelatedOrigins((input, init) => {
      asked.push(input, init);
      return serving(content)(input, init);
    }, LIMITS);
    await related.check('example.com', 'https://a.org', NEVER);
    expect(asked).toMatchObject(['https://example.com/.well-known/webauthn', { credentials: 'omit', referrerPolicy: 'no-referrer' }]);
  });

  test.each<readonly [name: string, fetchUrl: typeof fetch, detail: RegExp]>([
    ['another status', serving(content, { status: 201 }), /status 201/],
    ['another type', serving(content, { headers: { 'content-type': 'text/json' } }), /application\/json/],
    ['no type', serving(content, { headers: {} }), /application\/json/],
    ['an end on http', serving(content, {}, 'http://example.com/'), /https/],
    ['too many bytes', serving(content + ' '.repeat(64)), /64 bytes/],
    ['no JSON', serving('{"origins":["https://a.org"]'), /does not list/],
    ['a server that never answers', mute, /could not be fetched/],
    ['a network error', () => Promise.reject(new TypeError('Failed to fetch')), /TypeError/],
  ])('%s: not related, and it says why', async (_name, fetchUrl, detail) => {
    const answer = await createRelatedOrigins(fetchUrl, LIMITS).check('example.com', 'https://a.org', NEVER);
    expect(answer).toMatchObject({ related: false, detail: expect.stringMatching(detail) as string });
  });

  test('ends when the page no longer waits', async () => {
    const page = new AbortController();
    const checking = createRelatedOrigins(mute, { ...LIMITS, deadline: 60_000 }).check('example.com', 'https://a.org', page.signal);
    page.abort();
    expect(await checking).toMatchObject({ related: false });
  });

  test('is bounded over all pages, and free again afterwards', async () => {
    const page = new AbortController();
    let fetches = 0;
    const related = createRelatedOrigins((input, init) => {
      fetches += 1;
      return mute(input, init);
    }, { ...LIMITS, deadline: 60_000 });
    const waiting = [1, 2].map(() => related.check('example.com', 'https://a.org', page.signal));
    expect(await related.check('example.com', 'https://a.org', NEVER)).toMatchObject({ related: false });
    page.abort();
    await Promise.all(waiting);
    void related.check('example.com', 'https://a.org', AbortSignal.abort());
    expect(fetches).toBe(3);
  });
});
