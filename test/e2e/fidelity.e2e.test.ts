/* eslint-disable @typescript-eslint/unbound-method -- the functions themselves are what is looked at */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { probeBackground } from '../support/background-probe.ts';
import { callCreate, callGet } from '../support/page-call.ts';
import { launchPlainChromium, type PlainChromium } from '../support/plain-chromium.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { describeApi, describeResults, exceptions, storeCredential } from '../support/webauthn-shape.ts';

const TOUCH_ONLY = { authenticatorSelection: { userVerification: 'discouraged' as const } };

/** The virtual key's AAGUID, as text in authenticator data: proof that Keystile served a call, and not the browser. */
const OUR_KEY = 'keystile-virtual';

/** What a page can find out about the API and its results, held against the same browser without Keystile. */
describe('fidelity', () => {
  let stack: Stack;
  let plain: PlainChromium;
  let page: Page;
  let natively: Page;

  beforeAll(async () => {
    stack = await startStack();
    plain = await launchPlainChromium();
  });
  beforeEach(async () => {
    await stack.plugKey();
    page = await stack.openLab();
    natively = await plain.openPage(`${stack.tenant.origin}/lab/empty`);
  });
  afterEach(async () => {
    await natively.close();
    await stack.reset();
  });
  afterAll(async () => {
    await plain.close();
    await stack.close();
  });

  test('functions and classes have the same names, lengths, descriptors and checks', async () => {
    const mediated = await describeApi(page);
    const native = await describeApi(natively);
    expect(Object.keys(native).length).toBeGreaterThan(30);
    expect(mediated).toEqual(native);
  });

  test('source texts are those of native functions, that of toString itself included', async () => {
    const texts = (tab: Page): Promise<readonly string[]> =>
      tab.evaluate(() =>
        [navigator.credentials.create, Object.getOwnPropertyDescriptor(PublicKeyCredential.prototype, 'rawId')?.get, Function.prototype.toString].map((native) =>
          Function.prototype.toString.call(native),
        ),
      );
    expect(await texts(page)).toEqual(['function create() { [native code] }', 'function get rawId() { [native code] }', 'function toString() { [native code] }']);
    expect(await texts(page)).toEqual(await texts(natively));
  });

  test('what does not convert is the browser’s own exception, to the letter', async () => {
    const mediated = await exceptions(page);
    expect(mediated).toEqual(await exceptions(natively));
    expect(Object.values(mediated).filter((text) => text.startsWith('TypeError: Failed to'))).toHaveLength(14);
  });

  test('results have the shape of native ones', async () => {
    const mediated = await describeResults(page);
    const native = await describeResults(natively);
    expect(mediated).toEqual(native);
    expect(mediated.created).toMatchObject({ ownKeys: [], tag: '[object PublicKeyCredential]' });
  });

  test('store() refuses our credentials as it refuses native ones', async () => {
    expect(await storeCredential(page)).toBe(await storeCredential(natively));
  });

  describe('frames of the page’s own making are covered', () => {
    test.each([
      ['about:blank', `append(frame); return frame.contentWindow;`],
      ['about:blank, named', `frame.src = 'about:blank'; append(frame); return frame.contentWindow;`],
      ['a new window', `return open('about:blank', '', 'popup');`],
    ])('used in the task that makes them: %s', async (_name, script) => {
      const served = await page.evaluate(`(${createIn})((() => {
        const frame = document.createElement('iframe');
        const append = (element) => document.body.append(element);
        ${script}
      })())`);
      expect(served).toEqual({ key: OUR_KEY, origin: stack.tenant.origin, crossOrigin: false });
    });

    test.each([
      ['srcdoc', `frame.srcdoc = '<!doctype html><p>made</p>';`],
      ['blob:', `frame.src = URL.createObjectURL(new Blob(['<!doctype html>'], { type: 'text/html' }));`],
      ['javascript:', `frame.src = 'javascript:"<!doctype html><p>made</p>"';`],
    ])('loaded: %s', async (_name, script) => {
      const served = await page.evaluate(`(async () => {
        const frame = document.createElement('iframe');
        const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
        ${script}
        document.body.append(frame);
        await loaded;
        return (${createIn})(frame.contentWindow);
      })()`);
      expect(served).toEqual({ key: OUR_KEY, origin: stack.tenant.origin, crossOrigin: false });
    });

    test('a frame that was used and then navigates: one conversation for one call', async () => {
      const probe = await probeBackground(stack.browser);
      const served = await page.evaluate(`(async () => {
        const frame = document.createElement('iframe');
        document.body.append(frame);
        const before = frame.contentWindow.navigator.credentials.get;
        const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
        frame.src = '/lab/empty';
        await loaded;
        return (${createIn})(frame.contentWindow);
      })()`);
      expect(served).toEqual({ key: OUR_KEY, origin: stack.tenant.origin, crossOrigin: false });
      // The frame's own relay, and the prompt.
      expect(await probe.connections()).toBe(2);
    });
  });

  test.each(['document', 'frame.contentDocument'])('a document that is written anew, which ends all its listeners: %s', async (which) => {
    const served = await page.evaluate(`(async () => {
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const written = ${which};
      const realm = written.defaultView;
      written.open();
      written.write('<!doctype html><title>Anew</title>');
      written.close();
      return (${createIn})(realm);
    })()`);
    expect(served).toEqual({ key: OUR_KEY, origin: stack.tenant.origin, crossOrigin: false });
  });

  test('a page whose content security policy allows nothing', async () => {
    const url = `${stack.tenant.origin}/lab/strict`;
    await page.route(url, (route) =>
      route.fulfill({
        contentType: 'text/html',
        headers: { 'content-security-policy': "default-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'" },
        body: '<!doctype html><title>Strict</title>',
      }),
    );
    const violations: string[] = [];
    page.on('console', (message) => violations.push(message.text()));
    await page.goto(url);
    expect(await callCreate(page, TOUCH_ONLY).outcome).toMatchObject({ ok: true });
    expect(violations).toEqual([]);
  });

  test.each([
    ['an own property', `const original = navigator.credentials.create.bind(navigator.credentials); navigator.credentials.create = (options) => { seen.push('create'); return original(options); };`],
    ['a prototype method', `const original = CredentialsContainer.prototype.create; CredentialsContainer.prototype.create = function create(...args) { seen.push('create'); return Reflect.apply(original, this, args); };`],
    ['the container', `const own = navigator.credentials; Object.defineProperty(navigator, 'credentials', { configurable: true, value: { create: (options) => { seen.push('create'); return own.create(options); } } });`],
    ['a frozen prototype', `const original = CredentialsContainer.prototype.create; Object.defineProperty(CredentialsContainer.prototype, 'create', { writable: false, configurable: false, value(...args) { seen.push('create'); return original.apply(this, args); } }); Object.freeze(CredentialsContainer.prototype);`],
  ])('another script wraps create as %s: it sees the call, and the call works', async (_what, script) => {
    const outcome = await page.evaluate(`(async () => {
      const seen = [];
      ${script}
      const served = await (${createIn})(window);
      return { seen, ...served };
    })()`);
    expect(outcome).toEqual({ seen: ['create'], key: OUR_KEY, origin: stack.tenant.origin, crossOrigin: false });
  });

  test('an aborted call rejects with the page’s own reason, before and during', async () => {
    const reasons = (tab: Page): Promise<readonly unknown[]> =>
      tab.evaluate(async () => {
        const publicKey = { challenge: new Uint8Array(16), rpId: 'localhost' };
        const tell = (reason: unknown): string => (typeof reason === 'string' ? reason : String(reason));
        const during = new AbortController();
        const running = navigator.credentials.get({ publicKey, signal: during.signal }).catch(tell);
        during.abort('during');
        const plainAbort = new AbortController();
        const other = navigator.credentials.get({ publicKey, signal: plainAbort.signal }).catch(tell);
        plainAbort.abort();
        return [await navigator.credentials.get({ publicKey, signal: AbortSignal.abort('before') }).catch(tell), await running, await other];
      });
    const mediated = await reasons(page);
    expect(mediated).toEqual(['before', 'during', expect.stringContaining('AbortError')]);
    expect(mediated).toEqual(await reasons(natively));
  });

  test('a second call while one runs: OperationError', async () => {
    const first = callGet(page, { userVerification: 'discouraged', rpId: 'localhost', allowCredentials: [{ type: 'public-key', id: 'AAAA' }] });
    expect(await callGet(page, { userVerification: 'discouraged' }).outcome).toMatchObject({ ok: false, name: 'OperationError' });
    await first.abort();
    expect(await first.outcome).toMatchObject({ ok: false, name: 'AbortError' });
  });
});

/** Source of a function for the page: registers in the window's own realm, and tells who served it. */
const createIn = String(async (realm: Window & typeof globalThis) => {
  const made = (await realm.navigator.credentials.create({
    publicKey: {
      rp: { name: 'Lab' },
      user: { id: new realm.Uint8Array([1]), name: 'a', displayName: 'a' },
      challenge: new Uint8Array(16),
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      authenticatorSelection: { userVerification: 'discouraged' },
    },
  })) as PublicKeyCredential;
  if (!(made instanceof realm.PublicKeyCredential)) throw new Error('The credential is of another realm.');
  const response = made.response as AuthenticatorAttestationResponse;
  const { origin, crossOrigin } = JSON.parse(new TextDecoder().decode(response.clientDataJSON)) as { origin: string; crossOrigin: boolean };
  // RP ID hash, flags and counter come before the AAGUID.
  const key = new TextDecoder().decode(new Uint8Array(response.getAuthenticatorData()).slice(37, 53));
  return { key, origin, crossOrigin };
});
