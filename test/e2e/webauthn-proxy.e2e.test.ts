import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { clientDataOf, promptFor, register } from '../support/ceremonies.ts';
import { callCreate, callGet, type PageCall } from '../support/page-call.ts';
import { stopWorker } from '../support/short-timeouts.ts';
import { type Stack, startStack } from '../support/stack.ts';

const PIN = 'corr3ct-h0rse';
const TOUCH_ONLY = { authenticatorSelection: { userVerification: 'discouraged' as const } };

/** The lane that an administrator can choose: Chromium itself sends the calls, and makes the credentials. */
// The policy needs a mount namespace of the browser's own.
describe.skipIf(process.getuid?.() !== 0)('the browser’s WebAuthn proxy (needs root)', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({ browser: { managed: { interception: 'proxy' } } });
    await reached('attached');
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  test('a key without PIN gets one, registers, and signs in without user name', async () => {
    const key = await stack.plugKey();
    const page = await stack.openLab();
    const { call, prompt } = await promptFor(stack, () => callCreate(page));
    await prompt.waitForState('needsNewPin');
    // An attached proxy cannot pass a call on.
    expect(await prompt.page.getByRole('button', { name: 'Use the browser instead' }).count()).toBe(0);
    await prompt.setNewPin(PIN);
    const created = await call.outcome;
    expect(created).toMatchObject({ ok: true, credential: { authenticatorAttachment: 'cross-platform', type: 'public-key' } });
    expect(clientDataOf(created)).toMatchObject({ type: 'webauthn.create', origin: stack.tenant.origin, crossOrigin: false });
    expect(await stack.keys.state(key.id)).toMatchObject({ credentials: 1 });
    const again = await promptFor(stack, () => callGet(page));
    await again.prompt.enterPin(PIN);
    expect(await again.call.outcome).toMatchObject({
      ok: true,
      credential: { response: { userHandle: Buffer.from('alice').toString('base64url') } },
    });
  });

  test('the credentials are the browser’s own objects', async () => {
    await stack.plugKey();
    const page = await stack.openLab();
    const shape = await page.evaluate(async () => {
      const made = await navigator.credentials.create({
        publicKey: {
          rp: { name: 'Lab' },
          user: { id: new Uint8Array(8), name: 'a', displayName: 'a' },
          challenge: new Uint8Array(16),
          pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
          authenticatorSelection: { userVerification: 'discouraged' },
          extensions: { credProps: true },
        },
      });
      const credential = made as PublicKeyCredential;
      const response = credential.response as AuthenticatorAttestationResponse;
      return {
        own: Reflect.ownKeys(credential).length,
        genuine: credential instanceof PublicKeyCredential,
        tag: Object.prototype.toString.call(response),
        publicKey: response.getPublicKey()?.byteLength,
        transports: response.getTransports(),
        extensions: credential.getClientExtensionResults(),
      };
    });
    expect(shape).toMatchObject({ own: 0, genuine: true, tag: '[object AuthenticatorAttestationResponse]', publicKey: 91, transports: ['usb'] });
    expect(shape.extensions).toMatchObject({ credProps: { rk: expect.any(Boolean) as boolean } });
  });

  test('an excluded credential: InvalidStateError, after a touch', async () => {
    await stack.plugKey();
    const page = await stack.openLab();
    const created = await callCreate(page, TOUCH_ONLY).outcome;
    if (!created.ok) throw new Error(created.name);
    const excludeCredentials = [{ type: 'public-key' as const, id: created.credential.id }];
    expect(await callCreate(page, { ...TOUCH_ONLY, excludeCredentials }).outcome).toMatchObject({ ok: false, name: 'InvalidStateError' });
  });

  test.each([
    ['the page aborts', 'AbortError', (call: PageCall) => call.abort()],
    ['the user cancels', 'NotAllowedError', (_call: PageCall, cancel: () => Promise<void>) => cancel()],
  ])('when %s: %s at once, the key stops waiting, and the next call works', async (_what, name, end) => {
    const key = await stack.plugKey({ pin: PIN, touch: { mode: 'manual' } });
    const page = await stack.openLab();
    const { call, prompt } = await promptFor(stack, () => callCreate(page));
    await prompt.enterPin(PIN);
    await stack.keys.waitFor(key.id, 'waitingForTouch');
    await prompt.waitForState('needsPresence');
    await end(call, () => prompt.cancel());
    expect(await call.outcome).toMatchObject({ ok: false, name });
    await expect.poll(() => stack.keys.state(key.id)).toMatchObject({ waitingForTouch: false, credentials: 0 });
    await stack.keys.configure(key.id, { touch: { mode: 'instant' } });
    await register(stack, page, PIN);
  });

  test.each([
    ['closed', (page: Page) => page.close()],
    ['sent elsewhere', (page: Page) => page.goto('about:blank')],
  ])('the tab is %s: the key stops waiting', async (_what, leave) => {
    const key = await stack.plugKey({ touch: { mode: 'manual' } });
    const page = await stack.openLab();
    const { call } = await promptFor(stack, () => callCreate(page, TOUCH_ONLY));
    call.outcome.catch(() => undefined);
    await stack.keys.waitFor(key.id, 'waitingForTouch');
    await leave(page);
    await expect.poll(() => stack.keys.state(key.id)).toMatchObject({ waitingForTouch: false });
  });

  test('another tab in front when the key is touched: it makes way, and the registration succeeds', async () => {
    const key = await stack.plugKey({ touch: { mode: 'manual' } });
    const page = await stack.openLab();
    const { call } = await promptFor(stack, () => callCreate(page, TOUCH_ONLY));
    await stack.keys.waitFor(key.id, 'waitingForTouch');
    await (await stack.openLab()).bringToFront();
    await stack.keys.touch(key.id);
    expect(await call.outcome).toMatchObject({ ok: true });
  });

  test('a worker that sleeps is woken by a call', async () => {
    await stack.plugKey();
    const page = await stack.openLab();
    await stopWorker(stack.browser);
    expect(await callCreate(page, TOUCH_ONLY).outcome).toMatchObject({ ok: true });
  });

  test('there is no platform authenticator, and conditional mediation is not offered', async () => {
    const page = await stack.openLab();
    expect(await page.evaluate(() => PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable())).toBe(false);
    expect(await page.evaluate(() => PublicKeyCredential.isConditionalMediationAvailable())).toBe(false);
  });

  test('paused: calls are the browser’s own again', async () => {
    const popup = await stack.browser.openPopup();
    const pause = popup.getByRole('switch', { name: 'Pause on all sites' });
    await pause.click();
    await reached('detached');
    const page = await stack.openLab();
    // The browser's own request stays until it is aborted: nothing here answers it.
    const call = callGet(page, { userVerification: 'discouraged' });
    await call.abort();
    expect(await call.outcome).toMatchObject({ ok: false, name: 'AbortError' });
    expect(stack.browser.context.pages().filter((tab) => tab.url().includes('/ui/prompt/'))).toEqual([]);
    await pause.click();
    await reached('attached');
  });

  /** Waits for the state of the lane, as the popup shows it. */
  async function reached(state: string): Promise<void> {
    const popup = await stack.browser.openPopup();
    await popup.locator(`main[data-interception="${state}"]`).waitFor();
    await popup.close();
  }
});
