import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Frame, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { makeCertificate } from '../support/certificate.ts';
import { clientDataOf } from '../support/ceremonies.ts';
import { type CallOutcome, callCreate, callGet, type Realm } from '../support/page-call.ts';
import { addNativeAuthenticator, launchPlainChromium, type PlainChromium } from '../support/plain-chromium.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { startTenant } from '../tenant/start.ts';

const HOST = 'login.example.com';

/** Which RP IDs an origin may use: name of the exception, or `ok`. */
const RP_IDS: readonly (readonly [host: string, rpId: string | undefined, expected: string])[] = [
  [HOST, undefined, 'ok'],
  [HOST, HOST, 'ok'],
  [HOST, 'example.com', 'ok'],
  [HOST, 'com', 'SecurityError'],
  [HOST, 'other.example.com', 'SecurityError'],
  [HOST, 'a.login.example.com', 'SecurityError'],
  [HOST, 'ample.com', 'SecurityError'],
  [HOST, 'example.org', 'SecurityError'],
  [HOST, 'example.com.', 'SecurityError'],
  [HOST, 'https://login.example.com', 'SecurityError'],
  [HOST, 'login.example.com:443', 'SecurityError'],
  [HOST, '127.0.0.1', 'SecurityError'],
  ['foo.github.io', 'foo.github.io', 'ok'],
  ['foo.github.io', 'github.io', 'SecurityError'],
  ['foo.github.io', 'bar.github.io', 'SecurityError'],
  ['foo.github.io', 'io', 'SecurityError'],
  ['127.0.0.1', undefined, 'SecurityError'],
  ['127.0.0.1', '127.0.0.1', 'SecurityError'],
  ['127.0.0.1', 'localhost', 'SecurityError'],
];

/** Origins, RP IDs and frames: who is served, whom the browser's rules forbid. Over https, on names of real structure. */
describe('who may call', () => {
  let stack: Stack;
  let plain: PlainChromium;

  beforeAll(async () => {
    const { cert, key, browserArgs } = await makeCertificate();
    stack = await startStack({ browser: { args: browserArgs }, tenant: { hostName: HOST, https: { cert, key } } });
    plain = await launchPlainChromium(browserArgs);
  });
  beforeEach(() => stack.plugKey());
  afterEach(() => stack.reset());
  afterAll(async () => {
    await plain.close();
    await stack.close();
  });

  const originOf = (host: string): string => `https://${host}:${stack.tenant.port.toString()}`;

  async function open(host: string, path_ = '/lab/empty'): Promise<Page> {
    const page = await stack.browser.context.newPage();
    await page.goto(originOf(host) + path_);
    return page;
  }

  describe('RP IDs, as in the browser itself', () => {
    test.each([...new Set(RP_IDS.map(([host]) => host))])('on %s', async (host) => {
      const page = await open(host);
      const natively = await plain.openPage(`${originOf(host)}/lab/empty`);
      for (const [, rpId, expected] of RP_IDS.filter(([on]) => on === host)) {
        const where = `${rpId ?? 'no RP ID'} on ${host}`;
        const created = await create(page, rpId);
        expect(summary(created), where).toBe(expected);
        expect(summary(await create(natively, rpId)), `${where}, natively`).toBe(expected);
        if (created.ok) {
          expect(clientDataOf(created)).toMatchObject({ origin: originOf(host), crossOrigin: false });
          expect(summary(await get(page, rpId ?? host, created.credential.id)), where).toBe('ok');
        } else {
          expect(summary(await callGet(page, rpId === undefined ? {} : { rpId }).outcome), where).toBe(expected);
        }
      }
      expect(prompts()).toBe(0);
      await natively.close();
    });
  });

  // Chromium itself lets this one through, though it is no domain.
  test('a domain with a leading dot is no RP ID', async () => {
    expect(summary(await create(await open(HOST), '.example.com'))).toBe('SecurityError');
  });

  describe('frames', () => {
    test('of another origin without permission are refused, and no prompt opens', async () => {
      const frame = await framed('framer.example.net', `${originOf(HOST)}/lab/empty`);
      expect(summary(await callGet(frame).outcome)).toBe('NotAllowedError');
      expect(summary(await callCreate(frame).outcome)).toBe('NotAllowedError');
      expect(prompts()).toBe(0);
    });

    test('of another origin with permission may sign in, and the client data says who framed them', async () => {
      const id = await registered();
      const frame = await framed('framer.example.net', `${originOf(HOST)}/lab/empty`, 'publickey-credentials-get');
      const signedIn = await get(frame, 'example.com', id);
      expect(clientDataOf(signedIn)).toEqual({
        type: 'webauthn.get',
        challenge: 'CQkJCQkJCQkJCQkJCQkJCQ',
        origin: originOf(HOST),
        crossOrigin: true,
        topOrigin: originOf('framer.example.net'),
      });
    });

    test('of another origin with permission to sign in may not register', async () => {
      const frame = await framed('framer.example.net', `${originOf(HOST)}/lab/empty`, 'publickey-credentials-get');
      expect(summary(await callCreate(frame).outcome)).toBe('NotAllowedError');
      expect(prompts()).toBe(0);
    });

    test('of another origin with permission may register after a click in them, once for each click, as in the browser itself', async () => {
      const answers = async (page: Page): Promise<readonly string[]> => {
        const frame = await frameIn(page, `${originOf(HOST)}/lab/empty`, 'publickey-credentials-create *');
        const registers = await gesturelessRegistration(frame);
        const outcomes = [await registers()];
        for (let click = 0; click < 2; click += 1) {
          await frame.locator('html').click();
          outcomes.push(await registers(), await registers());
        }
        return outcomes;
      };
      const expected = ['NotAllowedError', 'ok', 'NotAllowedError', 'ok', 'NotAllowedError'];
      expect(await answers(await open('framer.example.net', '/lab/empty'))).toEqual(expected);
      const natively = await plain.openPage(`${originOf('framer.example.net')}/lab/empty`);
      await addNativeAuthenticator(natively);
      expect(await answers(natively), 'natively').toEqual(expected);
      await natively.close();
    });

    test('of another origin: a registration says so in its client data', async () => {
      const frame = await framed('framer.example.net', `${originOf(HOST)}/lab/empty`, 'publickey-credentials-create *');
      await frame.locator('html').click();
      expect(clientDataOf(await create(frame, 'example.com'))).toMatchObject({
        type: 'webauthn.create',
        origin: originOf(HOST),
        crossOrigin: true,
        topOrigin: originOf('framer.example.net'),
      });
    });

    test('of the same origin are as good as the page', async () => {
      const id = await registered();
      const frame = await framed(HOST, `${originOf(HOST)}/lab/empty`);
      expect(clientDataOf(await get(frame, 'example.com', id))).toEqual({
        type: 'webauthn.get',
        challenge: 'CQkJCQkJCQkJCQkJCQkJCQ',
        origin: originOf(HOST),
        crossOrigin: false,
      });
    });

    test('of the top’s origin below a foreign one are foreign', async () => {
      const id = await registered();
      const allow = 'publickey-credentials-get';
      const inner = `${originOf('framer.example.net')}/lab/frame?${new URLSearchParams({ src: `${originOf(HOST)}/lab/empty`, allow: `${allow} *` }).toString()}`;
      const middle = await framed(HOST, inner, `${allow} *`);
      const frame = await childOf(middle);
      expect(clientDataOf(await get(frame, 'example.com', id))).toMatchObject({
        origin: originOf(HOST),
        crossOrigin: true,
        topOrigin: originOf(HOST),
      });
    });

    test.each([
      ['sandboxed srcdoc', 'frame.sandbox = "allow-scripts"; frame.srcdoc = "<!doctype html>";'],
      ['sandboxed page', 'frame.sandbox = "allow-scripts"; frame.src = "/lab/empty";'],
    ])('of an opaque origin are refused: %s', async (_name, script) => {
      const page = await open(HOST);
      await page.evaluate(`{ const frame = document.createElement('iframe'); frame.allow = 'publickey-credentials-get *; publickey-credentials-create *'; ${script} document.body.append(frame); }`);
      const frame = await childOf(page.mainFrame());
      expect(await frame.evaluate(() => self.origin)).toBe('null');
      expect(summary(await callGet(frame).outcome)).toBe('NotAllowedError');
      expect(summary(await callCreate(frame).outcome)).toBe('NotAllowedError');
      expect(prompts()).toBe(0);
    });
  });

  test('an http page has no WebAuthn, and Keystile leaves no trace in it', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'keystile-http-'));
    const tenant = await startTenant({ dataFile: path.join(folder, 'data.json'), hostName: 'plain.example.org' });
    try {
      const page = await stack.browser.context.newPage();
      const natively = await plain.context.newPage();
      const globals = async (tab: Page): Promise<readonly string[]> => {
        await tab.goto(`${tenant.origin}/lab/empty`);
        expect(await tab.evaluate(() => isSecureContext || 'credentials' in navigator || 'PublicKeyCredential' in globalThis)).toBe(false);
        return tab.evaluate(() => [...Reflect.ownKeys(globalThis), ...Reflect.ownKeys(Navigator.prototype)].map(String));
      };
      expect(await globals(page)).toEqual(await globals(natively));
      await natively.close();
    } finally {
      await tenant.close();
      await rm(folder, { recursive: true, force: true });
    }
  });

  function prompts(): number {
    return stack.browser.context.pages().filter((page) => page.url().includes('/ui/prompt/')).length;
  }

  function create(realm: Realm, rpId: string | undefined): Promise<CallOutcome> {
    return callCreate(realm, {
      rp: { name: 'Lab', ...(rpId === undefined ? {} : { id: rpId }) },
      authenticatorSelection: { userVerification: 'discouraged' },
    }).outcome;
  }

  function get(realm: Realm, rpId: string, id: string): Promise<CallOutcome> {
    return callGet(realm, { rpId, userVerification: 'discouraged', allowCredentials: [{ type: 'public-key', id }] }).outcome;
  }

  /** Registers for `example.com` in a tab of its own. Resolves with the credential's id. */
  async function registered(): Promise<string> {
    const page = await open(HOST);
    const outcome = await create(page, 'example.com');
    if (!outcome.ok) throw new Error(`The registration failed: ${outcome.name}.`);
    await page.close();
    return outcome.credential.id;
  }

  /** A page of `host` with a frame of `src` in it. */
  async function framed(host: string, src: string, allow?: string): Promise<Frame> {
    const query = new URLSearchParams({ src, ...(allow === undefined ? {} : { allow }) });
    return childOf((await open(host, `/lab/frame?${query.toString()}`)).mainFrame());
  }
});

/** Adds a frame to an open page. */
async function frameIn(page: Page, src: string, allow: string): Promise<Frame> {
  await page.evaluate(
    ([source, policy]) => {
      const frame = document.createElement('iframe');
      Object.assign(frame, { src: source, allow: policy });
      document.body.append(frame);
    },
    [src, allow],
  );
  return childOf(page.mainFrame());
}

/** A registration by the frame's own script: `evaluate` would count as a gesture of the user. Resolves with `ok` or the exception's name. */
async function gesturelessRegistration(frame: Frame): Promise<() => Promise<string>> {
  const devTools = await frame.page().context().newCDPSession(frame);
  return async () => {
    const { result } = await devTools.send('Runtime.evaluate', {
      expression: `navigator.credentials.create({ publicKey: {
        rp: { id: 'example.com', name: 'Lab' }, user: { id: new Uint8Array(8), name: 'alice', displayName: 'Alice' }, challenge: new Uint8Array(16),
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }], authenticatorSelection: { userVerification: 'discouraged' },
      } }).then(() => 'ok', (error) => error.name)`,
      awaitPromise: true,
    });
    return String(result.value);
  };
}

function summary(outcome: CallOutcome): string {
  return outcome.ok ? 'ok' : outcome.name;
}

async function childOf(parent: Frame): Promise<Frame> {
  await expect.poll(() => parent.childFrames().length).toBe(1);
  const [frame] = parent.childFrames();
  if (frame === undefined) throw new Error('The frame is gone.');
  await frame.waitForLoadState();
  return frame;
}
