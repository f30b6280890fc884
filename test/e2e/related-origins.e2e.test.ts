import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';

import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { clientDataOf } from '../support/ceremonies.ts';
import { makeCertificate } from '../support/certificate.ts';
import { type CallOutcome, callCreate, callGet } from '../support/page-call.ts';
import { launchPlainChromium, type PlainChromium } from '../support/plain-chromium.ts';
import { type Stack, startStack } from '../support/stack.ts';

const CALLER = 'shop.example.org';
const PATH = '/.well-known/webauthn';

/** A server for the lists of every RP ID: what it answers is decided by the name it is asked by. */
type Answer = (response: ServerResponse, origin: string) => void;

const json = (response: ServerResponse, content: unknown, type = 'application/json'): void => {
  response.writeHead(200, { 'content-type': type }).end(JSON.stringify(content));
};
const redirect = (response: ServerResponse, location: string): void => void response.writeHead(302, { location }).end();

/** RP IDs that list, or do not list, the caller; with what a page gets for them, from Chromium itself too. */
const LISTS: Readonly<Record<string, { readonly answer: Answer; readonly expected: 'ok' | 'SecurityError' }>> = {
  'listed.test.example': { answer: (response, origin) => json(response, { origins: ['https://else.example', origin] }), expected: 'ok' },
  'charset.test.example': {
    answer: (response, origin) => json(response, { origins: [origin] }, 'application/json; charset=utf-8'),
    expected: 'ok',
  },
  'redirected.test.example': { answer: (response) => redirect(response, `https://listed.test.example${PATH}`), expected: 'ok' },
  'other-port.test.example': { answer: (response) => json(response, { origins: [`https://${CALLER}:1`] }), expected: 'SecurityError' },
  'unlisted.test.example': { answer: (response) => json(response, { origins: ['https://else.example'] }), expected: 'SecurityError' },
  'empty.test.example': { answer: (response) => json(response, { origins: [] }), expected: 'SecurityError' },
  'no-list.test.example': { answer: (response) => json(response, {}), expected: 'SecurityError' },
  'text.test.example': { answer: (response, origin) => json(response, { origins: [origin] }, 'text/plain'), expected: 'SecurityError' },
  'missing.test.example': { answer: (response) => void response.writeHead(404).end(), expected: 'SecurityError' },
  'broken.test.example': { answer: (response) => void response.socket?.destroy(), expected: 'SecurityError' },
  'by-http.test.example': { answer: (response) => redirect(response, `http://hop.test.example${PATH}`), expected: 'SecurityError' },
  'six.test.example': {
    answer: (response, origin) =>
      json(response, { origins: [...['one', 'two', 'three', 'four', 'five'].map((label) => `https://${label}.example`), origin] }),
    expected: 'SecurityError',
  },
};

describe('related origins', () => {
  let servers: readonly Server[];
  let stack: Stack;
  let plain: PlainChromium;
  let origin: string;
  const asked: IncomingMessage[] = [];

  beforeAll(async () => {
    const { cert, key, browserArgsWith } = await makeCertificate();
    const lists = await listen(createHttps({ cert, key }, answer));
    // An http hop that leads back to https: the end looks right, the way was not.
    const hop = await listen(createHttp((_request, response) => redirect(response, `https://listed.test.example${PATH}`)));
    servers = [lists.server, hop.server];
    const browserArgs = browserArgsWith({
      'hop.test.example': `127.0.0.1:${hop.port.toString()}`,
      '*.test.example': `127.0.0.1:${lists.port.toString()}`,
    });
    stack = await startStack({ browser: { args: browserArgs }, tenant: { hostName: CALLER, https: { cert, key } } });
    origin = `https://${CALLER}:${stack.tenant.port.toString()}`;
    plain = await launchPlainChromium(browserArgs);
  });
  beforeEach(() => {
    asked.length = 0;
    return stack.plugKey();
  });
  afterEach(() => stack.reset());
  afterAll(async () => {
    await plain.close();
    await stack.close();
    for (const server of servers) server.close();
  });

  test.each(Object.entries(LISTS).map(([rpId, { expected }]) => [rpId, expected] as const))('%s: %s, as in the browser itself', async (rpId, expected) => {
    const page = await open();
    const created = await create(page, rpId);
    expect(nameOf(created)).toBe(expected);
    const natively = await plain.openPage(`${origin}/lab/empty`);
    expect(nameOf(await create(natively, rpId)), 'natively').toBe(expected);
    await natively.close();
    if (!created.ok) return;
    expect(clientDataOf(created)).toMatchObject({ origin, crossOrigin: false });
    const allowCredentials = [{ type: 'public-key' as const, id: created.credential.id }];
    const signedIn = await callGet(page, { rpId, allowCredentials, userVerification: 'discouraged' }).outcome;
    expect(nameOf(signedIn)).toBe('ok');
  });

  test('the list is asked for without cookies and referrer', async () => {
    const page = await open();
    await page.context().addCookies([{ name: 'secret', value: '1', url: 'https://listed.test.example' }]);
    expect(nameOf(await create(page, 'listed.test.example'))).toBe('ok');
    const [first] = asked;
    expect(first?.headers).toMatchObject({ host: 'listed.test.example' });
    expect(first?.headers).not.toHaveProperty('cookie');
    expect(first?.headers).not.toHaveProperty('referer');
  });

  test('a page that no longer waits for a list is answered at once', async () => {
    const page = await open();
    const call = callCreate(page, { rp: { id: 'mute.test.example', name: 'Lab' } });
    await expect.poll(() => asked.length).toBe(1);
    await call.abort();
    expect(nameOf(await call.outcome)).toBe('AbortError');
  });

  test('domains that nobody can own are not asked', async () => {
    const page = await open();
    for (const rpId of ['example', 'co.uk', '127.0.0.1', 'localhost']) expect(nameOf(await create(page, rpId)), rpId).toBe('SecurityError');
    expect(asked).toEqual([]);
  });

  function answer(request: IncomingMessage, response: ServerResponse): void {
    asked.push(request);
    const host = request.headers.host ?? '';
    if (request.url !== PATH) response.writeHead(404).end();
    // Whoever asks `mute` waits for ever.
    else if (host !== 'mute.test.example') LISTS[host]?.answer(response, origin);
  }

  async function open(): Promise<Page> {
    const page = await stack.browser.context.newPage();
    await page.goto(`${origin}/lab/empty`);
    return page;
  }

  function create(page: Page, rpId: string): Promise<CallOutcome> {
    return callCreate(page, { rp: { name: 'Lab', id: rpId }, authenticatorSelection: { userVerification: 'discouraged' } }).outcome;
  }
});

function nameOf(outcome: CallOutcome): string {
  return outcome.ok ? 'ok' : outcome.name;
}

async function listen(server: Server): Promise<{ readonly server: Server; readonly port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}
