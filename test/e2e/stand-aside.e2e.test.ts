import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { promptFor, register } from '../support/ceremonies.ts';
import { installFakeHost } from '../support/fake-host.ts';
import { giveNativeAuthenticator } from '../support/native-webauthn.ts';
import { callCreate, callGet } from '../support/page-call.ts';
import { nextPrompt } from '../support/prompt-driver.ts';
import { readPopupView } from '../support/popup-view.ts';
import { type Stack, startStack } from '../support/stack.ts';

const PIN = 'corr3ct-h0rse';

/** The native functions serve the page: what they make is on the browser's own virtual authenticator. */
async function expectNative(stack: Stack, page: Page): Promise<void> {
  const native = await giveNativeAuthenticator(page);
  const made = await callCreate(page).outcome;
  const ids = await native.credentialIds();
  expect(ids).toHaveLength(1);
  expect(made).toMatchObject({ ok: true, credential: { id: ids[0] } });
  expect(await callGet(page).outcome).toMatchObject({ ok: true, credential: { id: ids[0] } });
  expect(stack.browser.context.pages().filter((each) => each.url().includes('/ui/prompt/'))).toEqual([]);
}

/** Asks for the host's state now: what was found a moment ago, before the host was put there, is believed for a while. */
async function checkAgain(popup: Page): Promise<void> {
  await popup.getByRole('button', { name: 'Check again' }).click();
}

/** The host answers, so that requests are served by Keystile again. */
async function expectServedAfterCheck(stack: Stack, popup: Page): Promise<void> {
  await checkAgain(popup);
  await expect.poll(() => popup.locator('main').innerText()).toContain('Ready');
  const key = await stack.plugKey({ pin: PIN });
  await register(stack, await stack.openLab(), PIN);
  expect(await stack.keys.state(key.id)).toMatchObject({ credentials: 1 });
}

describe('without a host that can be used', () => {
  let stack: Stack;

  afterEach(() => stack.close());

  test('not installed: native, the popup says what to install, and after that the next request is served', async () => {
    stack = await startStack({ browser: { host: false } });
    await expectNative(stack, await stack.openLab());
    const popup = await stack.browser.openPopup();
    await expect.poll(() => popup.locator('main').innerText()).toContain('The Keystile host is not installed');
    expect(await popup.locator('main').innerText()).toContain('keystile install');
    expect((await readPopupView(popup)).ceremonies).toMatchObject([
      { outcome: 'standAside', reason: 'hostUnavailable' },
      { outcome: 'standAside', reason: 'hostUnavailable' },
    ]);
    await stack.browser.installHost();
    await expectServedAfterCheck(stack, popup);
  });

  test('installed while the browser runs: served without anybody looking into the popup', async () => {
    stack = await startStack({ browser: { host: false } });
    const page = await stack.openLab();
    await expectNative(stack, page);
    await stack.browser.installHost();
    const opening = nextPrompt(stack.browser.context).then(() => true);
    // What was just found missing is believed for a moment.
    await expect.poll(() => Promise.race([callGet(page).outcome.then(() => false), opening]), { timeout: 5000 }).toBe(true);
  });

  const hello = (protocol: number): string =>
    `{ name: 'org.keystile.host', version: '9.8.7', protocol: ${protocol.toString()}, platform: 'linux', transports: [], development: false }`;

  test.each([
    ['speaks another version of the protocol', `return { v: 1, id, ok: true, result: ${hello(99)} };`, 'Host version 9.8.7'],
    ['wraps its messages in another version', `return { v: 99, id, ok: true, result: ${hello(99)} };`, 'no message'],
    [
      'refuses this version',
      "return { v: 1, id, ok: false, error: { reason: 'incompatible', message: 'The host 9.8.7 speaks version 99 of the protocol.' } };",
      'The host 9.8.7 speaks version 99 of the protocol.',
    ],
  ])('a host that %s: native, told in the popup, and served after an update', async (_, answer, detail) => {
    stack = await startStack({ browser: { host: false } });
    await installFakeHost(stack.browser, answer);
    const page = await stack.openLab();
    await expectNative(stack, page);
    const popup = await stack.browser.openPopup();
    await checkAgain(popup);
    await expect.poll(() => popup.locator('main').innerText()).toContain('Host and extension do not fit together');
    await popup.getByText('Technical detail').click();
    const text = await popup.locator('main').innerText();
    expect(text).toContain('keystile install');
    expect(text).toContain(detail);
    expect(text).not.toMatch(/Host version (?!\d)/);
    await stack.browser.installHost();
    await expectServedAfterCheck(stack, popup);
  });

  test('a host that ends at once: native, and the popup names the command that tells why', async () => {
    stack = await startStack({ browser: { host: false } });
    await installFakeHost(stack.browser, 'process.exit(1);');
    await expectNative(stack, await stack.openLab());
    const popup = await stack.browser.openPopup();
    await checkAgain(popup);
    await expect.poll(() => popup.locator('main').innerText()).toContain('The host does not start');
    expect(await popup.locator('main').innerText()).toContain('keystile doctor');
  });
});

describe('by choice', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  test('"Use the browser instead" runs the native functions, and the key is let go', async () => {
    const key = await stack.plugKey({ pin: PIN, touch: { mode: 'manual' } });
    const page = await stack.openLab();
    const native = await giveNativeAuthenticator(page);
    const registration = await promptFor(stack, () => callCreate(page));
    await registration.prompt.waitForState('needsPin');
    await registration.prompt.useBrowser();
    const made = await registration.call.outcome;
    const ids = await native.credentialIds();
    expect(ids).toHaveLength(1);
    expect(made).toMatchObject({ ok: true, credential: { id: ids[0] } });
    await registration.prompt.closed();

    const signIn = await promptFor(stack, () => callGet(page, { userVerification: 'discouraged' }));
    await stack.keys.waitFor(key.id, 'waitingForTouch');
    await signIn.prompt.useBrowser();
    expect(await signIn.call.outcome).toMatchObject({ ok: true, credential: { id: ids[0] } });
    await signIn.prompt.closed();
    expect(await stack.keys.state(key.id)).toMatchObject({ waitingForTouch: false, credentials: 0 });
  });

  test("the page's own errors are the browser's after the hand-over", async () => {
    const page = await stack.openLab();
    const native = await giveNativeAuthenticator(page);
    const { call: first } = await promptFor(stack, () => callCreate(page)).then(async (prompted) => {
      await prompted.prompt.waitForState('waitingForDevice');
      await prompted.prompt.useBrowser();
      return prompted;
    });
    await first.outcome;
    const [id = ''] = await native.credentialIds();
    const again = await promptFor(stack, () => callCreate(page, { excludeCredentials: [{ type: 'public-key', id }] }));
    await again.prompt.waitForState('waitingForDevice');
    await again.prompt.useBrowser();
    expect(await again.call.outcome).toMatchObject({ ok: false, name: 'InvalidStateError' });
  });

  test('paused: native; no longer paused: served', async () => {
    const popup = await stack.browser.openPopup();
    const pause = popup.getByRole('switch', { name: 'Pause on all sites' });
    await pause.click();
    await expect.poll(() => readPopupView(popup)).toMatchObject({ paused: true });
    await expectNative(stack, await stack.openLab());
    expect((await readPopupView(popup)).ceremonies[0]).toMatchObject({ outcome: 'standAside', reason: 'paused' });
    await pause.click();
    await expect.poll(() => readPopupView(popup)).toMatchObject({ paused: false });
    await stack.plugKey({ pin: PIN });
    await register(stack, await stack.openLab(), PIN);
  });
});
