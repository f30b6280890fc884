import type { Page, Worker } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { Prompted } from '../support/ceremonies.ts';
import { callCreate, callGet, type PageCall } from '../support/page-call.ts';
import { drivePrompt } from '../support/prompt-driver.ts';
import { type Stack, type StackKey, startStack } from '../support/stack.ts';

const PIN = 'corr3ct-h0rse';
/** Milliseconds in which a key would have been asked ten times over. */
const LONG_ENOUGH = 800;
const WITHOUT_PIN = { residentKey: 'discouraged', userVerification: 'discouraged' } as const;

/** Lets the prompt's page render, but not paint: its frame callbacks wait for `releaseFrames`. */
function holdFrames(): void {
  const held: FrameRequestCallback[] = [];
  const original = globalThis.requestAnimationFrame.bind(globalThis);
  globalThis.requestAnimationFrame = (callback) => held.push(callback);
  Object.assign(globalThis, {
    releaseFrames() {
      globalThis.requestAnimationFrame = original;
      for (const callback of held) original(callback);
    },
  });
}

/** Has the worker open prompt windows empty, so that the test can prepare the page before it loads the prompt. */
function openEmptyWindows(): void {
  const create = chrome.windows.create.bind(chrome.windows) as (...values: unknown[]) => unknown;
  const openEmpty = (options: chrome.windows.CreateData, ...rest: unknown[]): unknown => {
    Object.assign(globalThis, { promptUrl: options.url });
    return create({ ...options, url: 'about:blank' }, ...rest);
  };
  Object.assign(chrome.windows, { create: openEmpty });
}

/** A key is asked for presence only when the prompt shows the site's name. */
describe('the prompt comes first', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
    await worker().evaluate(openEmptyWindows);
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  function worker(): Worker {
    const [found] = stack.browser.context.serviceWorkers();
    if (found === undefined) throw new Error('The extension has no worker.');
    return found;
  }

  /** Makes the call and loads its prompt without letting it paint. */
  async function unpaintedPromptFor(start: () => PageCall): Promise<Prompted> {
    const opening = stack.browser.context.waitForEvent('page');
    const call = start();
    const page = await opening;
    await page.addInitScript(holdFrames);
    await page.goto(await worker().evaluate(() => (globalThis as unknown as { promptUrl: string }).promptUrl));
    return { call, prompt: drivePrompt(page) };
  }

  function releaseFrames(page: Page): Promise<void> {
    return page.evaluate(() => (globalThis as unknown as { releaseFrames: () => void }).releaseFrames());
  }

  /** Makes the call; while its prompt is not painted, the key is asked nothing that needs its owner. */
  async function expectPromptFirst(key: StackKey, start: () => PageCall, presence: string): Promise<void> {
    const before = (await stack.keys.state(key.id)).commandsSeen;
    const { call, prompt } = await unpaintedPromptFor(start);
    await stack.keys.waitFor(key.id, 'command:getInfo', { after: before });
    await expect(stack.keys.waitFor(key.id, 'waitingForTouch', { timeoutMs: LONG_ENOUGH })).rejects.toMatchObject({ code: 'timeout' });
    const unpainted = await stack.keys.state(key.id);
    const silent = unpainted.log.filter(({ index }) => index >= before).map(({ command }) => command);
    expect(silent.filter((command) => command !== 'getInfo' && !command.startsWith('clientPin.'))).toEqual([]);
    expect(silent).not.toContain(presence);

    const released = Date.now();
    await releaseFrames(prompt.page);
    await stack.keys.waitFor(key.id, 'waitingForTouch');
    const { log } = await stack.keys.state(key.id);
    const asked = log.find(({ index, command }) => index >= unpainted.commandsSeen && command === presence);
    expect(asked?.at).toBeGreaterThanOrEqual(released);
    expect(await prompt.text()).toContain('localhost');
    await stack.keys.touch(key.id);
    expect(await call.outcome).toMatchObject({ ok: true });
    await prompt.closed();
  }

  test('registration without PIN', async () => {
    const key = await stack.plugKey({ touch: { mode: 'manual' } });
    const page = await stack.openLab();
    await expectPromptFirst(key, () => callCreate(page, { authenticatorSelection: WITHOUT_PIN }), 'makeCredential');
  });

  test('sign-in without PIN', async () => {
    const key = await stack.plugKey();
    const page = await stack.openLab();
    const { call, prompt } = await unpaintedPromptFor(() => callCreate(page, { authenticatorSelection: WITHOUT_PIN }));
    await stack.keys.waitFor(key.id, 'command:getInfo');
    await releaseFrames(prompt.page);
    const registered = await call.outcome;
    if (!registered.ok) throw new Error(registered.name);
    await prompt.closed();
    await stack.keys.configure(key.id, { touch: { mode: 'manual' } });
    const { id } = registered.credential;
    await expectPromptFirst(
      key,
      () => callGet(page, { userVerification: 'discouraged', allowCredentials: [{ type: 'public-key', id }] }),
      'getAssertion',
    );
  });

  test('several keys: no selection either', async () => {
    const keys = [
      await stack.plugKey({ pin: PIN, touch: { mode: 'manual' } }),
      await stack.plugKey({ pin: PIN, touch: { mode: 'manual' } }),
    ];
    const page = await stack.openLab();
    const { prompt } = await unpaintedPromptFor(() => callCreate(page));
    for (const { id } of keys) await stack.keys.waitFor(id, 'command:getInfo');
    await Promise.all(
      keys.map(({ id }) =>
        expect(stack.keys.waitFor(id, 'command:selection', { timeoutMs: LONG_ENOUGH })).rejects.toMatchObject({ code: 'timeout' }),
      ),
    );
    await releaseFrames(prompt.page);
    for (const { id } of keys) await stack.keys.waitFor(id, 'command:selection');
  });

  test('a fingerprint is not asked for either', async () => {
    const id = await stack.keys.addAuthenticator({
      protocol: 'ctap2_1',
      transport: 'usb',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      keystile: { touch: { mode: 'manual' } },
    });
    const page = await stack.openLab();
    const { prompt } = await unpaintedPromptFor(() => callCreate(page));
    await stack.keys.waitFor(id, 'command:getInfo');
    await expect(stack.keys.waitFor(id, 'waitingForTouch', { timeoutMs: LONG_ENOUGH })).rejects.toMatchObject({ code: 'timeout' });
    const { log } = await stack.keys.state(id);
    expect(log.map(({ command }) => command).filter((command) => command !== 'getInfo')).toEqual([]);
    await releaseFrames(prompt.page);
    await stack.keys.waitFor(id, 'waitingForTouch');
  });
});
