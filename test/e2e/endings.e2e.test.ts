import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { promptFor, type Prompted, register, settledAfter } from '../support/ceremonies.ts';
import { hostPids } from '../support/host-pid.ts';
import { callCreate } from '../support/page-call.ts';
import type { PromptDriver } from '../support/prompt-driver.ts';
import { allowShortTimeouts, stopWorker } from '../support/short-timeouts.ts';
import { type Stack, type StackKey, startStack } from '../support/stack.ts';

const PIN = 'corr3ct-h0rse';
/** Milliseconds from the cause to the page's answer. */
const AT_ONCE = 1000;
const STAGES = ['device', 'PIN', 'touch'] as const;

/** A registration that has come to a stage. */
interface Scene extends Prompted {
  readonly page: Page;
  /** None at the stage `device`. */
  readonly key: StackKey | undefined;
}

/** Every way in which a ceremony ends early: the page is told at once, the key stops waiting, the next one works. */
describe('endings', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
    await allowShortTimeouts(stack.browser, 100);
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  async function enter(stage: (typeof STAGES)[number], options: { readonly timeout?: number } = {}): Promise<Scene> {
    const key = stage === 'device' ? undefined : await stack.plugKey({ pin: PIN, touch: { mode: 'manual' } });
    const page = await stack.openLab();
    const { call, prompt } = await promptFor(stack, () => callCreate(page, options));
    if (key === undefined) {
      await prompt.waitForState('waitingForDevice');
      return { page, key, call, prompt };
    }
    await prompt.waitForState('needsPin');
    if (stage === 'touch') {
      await prompt.enterPin(PIN);
      await stack.keys.waitFor(key.id, 'waitingForTouch');
      await prompt.waitForState('needsPresence');
    }
    return { page, key, call, prompt };
  }

  /** The key no longer waits, and a new request of the page is served with it. */
  async function expectAnotherToWork(page: Page, key: StackKey | undefined): Promise<void> {
    if (key === undefined) {
      await stack.plugKey({ pin: PIN });
    } else {
      await expect.poll(() => stack.keys.state(key.id)).toMatchObject({ waitingForTouch: false, credentials: 0 });
      await stack.keys.configure(key.id, { touch: { mode: 'instant' } });
    }
    await register(stack, page, PIN);
  }

  async function expectReason(prompt: PromptDriver, reason: string): Promise<void> {
    await prompt.waitForState('failed');
    expect(await prompt.text()).toContain(reason);
  }

  test.each(STAGES)('the page aborts while waiting for %s', async (stage) => {
    const { page, call, prompt, key } = await enter(stage);
    const cause = performance.now();
    await call.abort();
    const { elapsed, outcome } = await settledAfter(call, cause);
    expect(outcome).toMatchObject({ ok: false, name: 'AbortError' });
    expect(elapsed).toBeLessThan(AT_ONCE);
    await expectReason(prompt, 'The request was withdrawn');
    await expectAnotherToWork(page, key);
  });

  test("the page's own reason for aborting is what it gets", async () => {
    const { page, key, prompt } = await enter('touch');
    await prompt.cancel();
    await prompt.closed();
    const opening = promptFor(stack, () => {
      const outcome = page.evaluate(async () => {
        const controller = new AbortController();
        (globalThis as unknown as { stop: () => void }).stop = () => controller.abort({ why: 'changed my mind' });
        const publicKey = { challenge: new Uint8Array(16) };
        return navigator.credentials.get({ publicKey, signal: controller.signal }).catch((reason: unknown) => reason);
      });
      return { outcome: outcome as never, abort: () => page.evaluate(() => (globalThis as unknown as { stop: () => void }).stop()) };
    });
    const { call } = await opening;
    await call.abort();
    expect(await call.outcome).toEqual({ why: 'changed my mind' });
    await expectAnotherToWork(page, key);
  });

  test.each(STAGES)('the user cancels while waiting for %s', async (stage) => {
    const { page, call, prompt, key } = await enter(stage);
    const cause = performance.now();
    await prompt.cancel();
    const { elapsed, outcome } = await settledAfter(call, cause);
    expect(outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    expect(elapsed).toBeLessThan(AT_ONCE);
    await prompt.closed();
    await expectAnotherToWork(page, key);
  });

  test.each(STAGES)('the user closes the prompt while waiting for %s', async (stage) => {
    const { page, call, prompt, key } = await enter(stage);
    const cause = performance.now();
    await prompt.page.close();
    const { elapsed, outcome } = await settledAfter(call, cause);
    expect(outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    expect(elapsed).toBeLessThan(AT_ONCE);
    await expectAnotherToWork(page, key);
  });

  test.each([
    ['device', 1500],
    ['touch', 4000],
  ] as const)('the time runs out while waiting for %s', async (stage, timeout) => {
    const { page, call, prompt, key } = await enter(stage, { timeout });
    const outcome = await call.outcome;
    expect(outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    expect(outcome.ms).toBeGreaterThanOrEqual(timeout - 5);
    expect(outcome.ms).toBeLessThan(timeout + AT_ONCE);
    await expectReason(prompt, 'The time ran out');
    await expectAnotherToWork(page, key);
  });

  test('the tab is closed while the key waits for a touch', async () => {
    const { page, prompt, key } = await enter('touch');
    const cause = performance.now();
    await page.close();
    await expect.poll(() => stack.keys.state(key?.id ?? ''), { interval: 20 }).toMatchObject({ waitingForTouch: false });
    expect(performance.now() - cause).toBeLessThan(AT_ONCE);
    await expectReason(prompt, 'The request was withdrawn');
    await expectAnotherToWork(await stack.openLab(), key);
  });

  test('the page navigates away while the key waits for a touch', async () => {
    const { page, prompt, key } = await enter('touch');
    const cause = performance.now();
    await page.goto(`${stack.tenant.origin}/sign-in`);
    await expect.poll(() => stack.keys.state(key?.id ?? ''), { interval: 20 }).toMatchObject({ waitingForTouch: false });
    expect(performance.now() - cause).toBeLessThan(AT_ONCE);
    await expectReason(prompt, 'The request was withdrawn');
    await expectAnotherToWork(page, key);
  });

  test.each(STAGES)('the host is killed while waiting for %s', async (stage) => {
    const { page, call, prompt, key } = await enter(stage);
    const pids = await hostPids(stack.browser);
    expect(pids).toHaveLength(1);
    const cause = performance.now();
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    const { elapsed, outcome } = await settledAfter(call, cause);
    expect(outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    expect(elapsed).toBeLessThan(AT_ONCE);
    await expectReason(prompt, 'The Keystile host has stopped');
    if (stage === 'touch') {
      // Nobody is left to cancel what the key was asked for, and it refuses all else until its own time is up.
      const { call: next, prompt: waiting } = await promptFor(stack, () => callCreate(page));
      await expect.poll(() => waiting.text(), { timeout: 5000 }).toContain('Another program is using the key.');
      await stack.keys.touch(key?.id ?? '');
      await waiting.waitForState('needsPin');
      await next.abort();
      await stack.keys.configure(key?.id ?? '', { touch: { mode: 'instant' } });
      await register(stack, page, PIN);
    } else {
      await expectAnotherToWork(page, key);
    }
  });

  test('the host hangs while the key waits for a touch: the page need not wait for it, and it is ended', async () => {
    const { page, call, prompt, key } = await enter('touch');
    const [pid = 0] = await hostPids(stack.browser);
    process.kill(pid, 'SIGSTOP');
    try {
      const cause = performance.now();
      await prompt.cancel();
      const { elapsed, outcome } = await settledAfter(call, cause);
      expect(outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
      expect(elapsed).toBeLessThan(AT_ONCE);
      await expect.poll(() => hostPids(stack.browser), { timeout: 8000 }).not.toContain(pid);
    } finally {
      if ((await hostPids(stack.browser)).includes(pid)) process.kill(pid, 'SIGKILL');
    }
    await stack.keys.powerCycle(key?.id ?? '');
    await expectAnotherToWork(page, key);
  });

  test.each(STAGES)('the background worker ends while waiting for %s', async (stage) => {
    const { page, call, prompt, key } = await enter(stage);
    const pids = await hostPids(stack.browser);
    const cause = performance.now();
    await stopWorker(stack.browser);
    const { elapsed, outcome } = await settledAfter(call, cause);
    expect(outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    expect(elapsed).toBeLessThan(AT_ONCE);
    await prompt.waitForState('lost');
    expect(await prompt.text()).toContain('Keystile no longer answers');
    for (const pid of pids) await expect.poll(() => hostPids(stack.browser)).not.toContain(pid);
    await expectAnotherToWork(page, key);
  });

  test('the time of a request that waits for its turn runs out: no prompt, and the one before it goes on', async () => {
    const { call, prompt } = await enter('PIN');
    const second = callCreate(await stack.openLab(), { timeout: 500 });
    const outcome = await second.outcome;
    expect(outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    expect(outcome.ms).toBeLessThan(500 + AT_ONCE);
    await prompt.waitForState('needsPin');
    await call.abort();
  });

  test.each(['PIN', 'touch'] as const)('the key is unplugged while waiting for %s', async (stage) => {
    const { page, call, prompt, key } = await enter(stage);
    const cause = performance.now();
    await stack.keys.unplug(key?.id ?? '');
    const { elapsed, outcome } = await settledAfter(call, cause);
    expect(outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    expect(elapsed).toBeLessThan(AT_ONCE);
    await expectReason(prompt, 'The key was removed');
    await stack.keys.plug(key?.id ?? '');
    await expectAnotherToWork(page, key);
  });
});
