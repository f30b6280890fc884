/* eslint-disable @typescript-eslint/unbound-method -- the functions themselves are what is looked at */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { type BackgroundProbe, probeBackground } from '../support/background-probe.ts';
import { callCreate } from '../support/page-call.ts';
import { addNativeAuthenticator, launchPlainChromium, type PlainChromium } from '../support/plain-chromium.ts';
import { type Stack, startStack } from '../support/stack.ts';

/** The virtual key's AAGUID, as text in authenticator data. */
const OUR_KEY = 'keystile-virtual';

/**
 * Calls that a security key cannot or should not serve: the browser's own function runs, with the page's own arguments,
 * and the background never hears of them. The tab has a virtual authenticator of the browser's own; the same call in the
 * same browser without Keystile tells what must become of it.
 */
describe('left to the browser', () => {
  let stack: Stack;
  let plain: PlainChromium;
  let natively: Page;
  let page: Page;
  let probe: BackgroundProbe;

  beforeAll(async () => {
    stack = await startStack();
    plain = await launchPlainChromium();
    natively = await plain.openPage(`${stack.tenant.origin}/lab/empty`);
  });
  beforeEach(async () => {
    await stack.plugKey();
    page = await stack.openLab();
    await addNativeAuthenticator(page);
    probe = await probeBackground(stack.browser);
  });
  afterEach(() => stack.reset());
  afterAll(async () => {
    await plain.close();
    await stack.close();
  });

  test('the control: an ordinary call goes to our key, though the browser has one of its own', async () => {
    // A development host has the page's timeouts as they are.
    expect(await made(page, { timeout: 30_000 })).toBe(OUR_KEY);
    expect(await probe.connections()).toBeGreaterThan(0);
  });

  test.each([
    ['platform attachment', { authenticatorSelection: { authenticatorAttachment: 'platform' } }],
    // The browser's own authenticator answers this one, so the call must not end first.
    ['a secure payment confirmation', { timeout: 30_000, extensions: { payment: { isPayment: true } } }],
  ])('create with %s', async (_what, options) => {
    const key = await made(page, options);
    expect(key).not.toBe(OUR_KEY);
    expect(key).toBe(await made(natively, options));
    expect(await probe.connections()).toBe(0);
  });

  test.each([
    ['conditional mediation', `{ mediation: 'conditional', publicKey }`],
    ['silent mediation', `{ mediation: 'silent', publicKey }`],
    ['internal transport only', `{ publicKey: { ...publicKey, allowCredentials: [{ type: 'public-key', id, transports: ['internal'] }] } }`],
    ['internal and hybrid only', `{ publicKey: { ...publicKey, allowCredentials: [{ type: 'public-key', id, transports: ['internal', 'hybrid'] }, { type: 'public-key', id: new Uint8Array(16), transports: ['hybrid'] }] } }`],
    ['a request for passwords too', `{ password: true, publicKey }`],
    ['a request for passwords', `{ password: true, mediation: 'silent' }`],
    ['immediate mediation', `{ uiMode: 'immediate', publicKey }`],
    ['nothing at all', `undefined`],
    ['no publicKey', `{}`],
    ['a federated request', `{ federated: { providers: ['https://idp.example'] } }`],
    ['options that do not convert', `{ publicKey: { challenge: 'text' } }`],
    ['an unknown mediation', `{ mediation: 'sometimes', publicKey }`],
  ])('get with %s', async (_what, options) => {
    const outcome = (tab: Page): Promise<unknown> => tab.evaluate(`(async () => {
      const controller = new AbortController();
      const publicKey = { challenge: new Uint8Array(16), userVerification: 'discouraged', timeout: 600000 };
      const id = new Uint8Array([1, 2, 3, 4]);
      const options = ${options};
      if (options) options.signal = controller.signal;
      const call = navigator.credentials.get(options);
      const settled = call.then((value) => 'gave ' + value, String);
      const first = await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, 2000, 'waits'))]);
      controller.abort();
      return first;
    })()`);
    const [mediated, native] = await Promise.all([outcome(page), outcome(natively)]);
    expect(mediated).toEqual(native);
    expect(await probe.connections()).toBe(0);
    expect(stack.browser.context.pages().filter((tab) => tab.url().includes('/ui/prompt/'))).toEqual([]);
  });

  test('the native function gets the page’s own objects, and its own this', async () => {
    const look = (tab: Page): Promise<{ outcome: string; elsewhere: string; reads: string[] }> =>
      tab.evaluate(async () => {
        const reads: string[] = [];
        const publicKey = new Proxy({ challenge: new Uint8Array(16) }, {
          get(target, name, receiver) {
            reads.push(`publicKey.${String(name)}`);
            return Reflect.get(target, name, receiver) as unknown;
          },
        });
        const options = { mediation: 'silent', get publicKey() { reads.push('publicKey'); return publicKey; } };
        const outcome = await navigator.credentials.get(options as CredentialRequestOptions).then(() => 'fulfilled', String);
        const elsewhere = await CredentialsContainer.prototype.get.call({} as CredentialsContainer).then(() => 'fulfilled', String);
        return { outcome, elsewhere, reads };
      });
    const mediated = await look(page);
    const native = await look(natively);
    // The members of the request are read by the browser alone; of the call, ours looked at what decides.
    expect(mediated).toEqual({ ...native, reads: ['publicKey', ...native.reads] });
    expect(native.reads).toContain('publicKey.challenge');
    expect(await probe.connections()).toBe(0);
  });

  test('security keys beside other transports are ours', async () => {
    const outcome = await callCreate(page, { authenticatorSelection: { authenticatorAttachment: 'cross-platform', userVerification: 'discouraged' } }).outcome;
    expect(outcome).toMatchObject({ ok: true });
    const id = outcome.ok ? outcome.credential.id : '';
    const served = await page.evaluate(async (credentialId) => {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON({
        challenge: 'AAAAAAAAAAAAAAAAAAAAAA', userVerification: 'discouraged', allowCredentials: [
          { type: 'public-key', id: 'AAAA', transports: ['internal'] },
          { type: 'public-key', id: credentialId, transports: ['usb', 'internal'] },
        ],
      });
      return ((await navigator.credentials.get({ publicKey })) as PublicKeyCredential).id;
    }, id);
    expect(served).toBe(id);
  });

  test('other static functions are the browser’s own', async () => {
    const ask = (tab: Page): Promise<unknown> =>
      tab.evaluate(async () => {
        await navigator.credentials.preventSilentAccess();
        return [
          await PublicKeyCredential.isConditionalMediationAvailable(),
          await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable(),
          await PublicKeyCredential.getClientCapabilities(),
          ...Reflect.ownKeys(PublicKeyCredential).map((name) => String(Reflect.get(PublicKeyCredential, name))),
          String(navigator.credentials.preventSilentAccess),
        ];
      });
    expect(await ask(page)).toEqual(await ask(natively));
    expect(await probe.connections()).toBe(0);
  });
});

/** Registers in the page; resolves with the AAGUID as text, or with the exception. */
function made(page: Page, options: object): Promise<string> {
  return page.evaluate(async (more) => {
    try {
      const { authenticatorSelection, ...rest } = more as { authenticatorSelection?: object };
      const credential = (await navigator.credentials.create({
        publicKey: {
          rp: { name: 'Lab' },
          user: { id: new Uint8Array([1]), name: 'a', displayName: 'a' },
          challenge: new Uint8Array(16),
          pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
          authenticatorSelection: { userVerification: 'discouraged', ...authenticatorSelection },
          // A call that nothing can answer ends at once: the browser takes timeouts as they are beside a virtual authenticator.
          timeout: 1,
          ...rest,
        },
        signal: AbortSignal.timeout(30_000),
      })) as PublicKeyCredential;
      const { response } = credential as unknown as { response: AuthenticatorAttestationResponse };
      return new TextDecoder().decode(new Uint8Array(response.getAuthenticatorData()).slice(37, 53));
    } catch (error) {
      return String(error);
    }
  }, options);
}
