import type { Page, Worker } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { promptFor } from '../support/ceremonies.ts';
import { callCreate, callGet } from '../support/page-call.ts';
import { addNativeAuthenticator } from '../support/plain-chromium.ts';
import { type Stack, startStack } from '../support/stack.ts';

const TOUCH_ONLY = { authenticatorSelection: { userVerification: 'discouraged' as const } };

/** What open pages see when the extension under them is reloaded, or its worker ends. */
describe('life of the extension', () => {
  let stack: Stack;
  let page: Page;

  beforeEach(async () => {
    stack = await startStack();
    page = await stack.openLab();
  });
  afterEach(() => stack.close());

  test.each([
    ['no key is there', 'waitingForDevice', undefined],
    ['a PIN is asked for', 'needsPin', { pin: 'corr3ct-h0rse' }],
    ['a touch is asked for', 'needsPresence', { touch: { mode: 'manual' } }],
  ] as const)('worker killed while %s: NotAllowedError within a second, and the next call works', async (_what, state, knobs) => {
    if (knobs !== undefined) await stack.plugKey(knobs);
    const options = state === 'needsPin' ? {} : TOUCH_ONLY;
    const { call, prompt } = await promptFor(stack, () => callCreate(page, options));
    await prompt.waitForState(state);
    const killed = performance.now();
    await killWorker();
    expect(await call.outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    expect(performance.now() - killed).toBeLessThan(1000);
    // The window stays and says so: it would be odd if it vanished under the user's hands.
    await prompt.waitForState('lost');
    await prompt.page.close();
    await stack.keys.detach();
    await stack.plugKey();
    await page.bringToFront();
    expect(await callCreate(page, TOUCH_ONLY).outcome).toMatchObject({ ok: true });
    await expect.poll(prompts).toBe(0);
  });

  test('worker asleep: a call wakes it', async () => {
    await stack.plugKey();
    await killWorker();
    expect(await callCreate(page, TOUCH_ONLY).outcome).toMatchObject({ ok: true });
  });

  test('extension reloaded under an open page: its calls go to the browser', async () => {
    await stack.plugKey();
    expect(await callCreate(page, TOUCH_ONLY).outcome).toMatchObject({ ok: true });
    await addNativeAuthenticator(page);
    await reloadExtension();
    const native = await callCreate(page, TOUCH_ONLY).outcome;
    expect(native).toMatchObject({ ok: true });
    if (!native.ok || !('authenticatorData' in native.credential.response)) throw new Error('The browser made no credential.');
    expect(Buffer.from(native.credential.response.authenticatorData, 'base64url').includes('keystile-virtual')).toBe(false);
    expect(prompts()).toBe(0);
  });

  test('extension reloaded in a ceremony: the page’s promise ends within a second, and its next call is the browser’s', async () => {
    await addNativeAuthenticator(page);
    const { id } = await stack.plugKey({ touch: { mode: 'manual' } });
    const { call } = await promptFor(stack, () => callGet(page, { userVerification: 'discouraged' }));
    await stack.keys.waitFor(id, 'waitingForTouch');
    const reloaded = performance.now();
    await reloadExtension();
    expect(await call.outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    expect(performance.now() - reloaded).toBeLessThan(1000);
    expect(await callCreate(page, TOUCH_ONLY).outcome).toMatchObject({ ok: true });
    await expect.poll(prompts).toBe(0);
  });

  function prompts(): number {
    return stack.browser.context.pages().filter((tab) => tab.url().includes('/ui/prompt/')).length;
  }

  function worker(): Worker {
    const found = stack.browser.context.serviceWorkers().at(-1);
    if (found === undefined) throw new Error('The background worker does not run.');
    return found;
  }

  async function killWorker(): Promise<void> {
    const devTools = await stack.browser.context.newCDPSession(page);
    await devTools.send('ServiceWorker.enable');
    await devTools.send('ServiceWorker.stopAllWorkers');
    await devTools.detach();
  }

  async function reloadExtension(): Promise<void> {
    const ended = new Promise((resolve) => worker().once('close', resolve));
    // The worker ends before it can answer.
    await worker().evaluate(() => chrome.runtime.reload()).catch(() => undefined);
    await ended;
  }
});
