import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { promptFor, register, settledSoFar } from '../support/ceremonies.ts';
import { callCreate, callGet } from '../support/page-call.ts';
import type { PromptDriver } from '../support/prompt-driver.ts';
import { type Stack, startStack } from '../support/stack.ts';

const PIN = 'corr3ct-h0rse';

/** The PIN in the prompt: set, wrong, wrong too often, blocked. */
describe('PIN', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  /** Enters a wrong PIN and waits until the prompt says how many tries are left. */
  async function enterWrongPin(prompt: PromptDriver, left: number): Promise<void> {
    await prompt.enterPin('wrong-pin');
    await expect.poll(() => prompt.text()).toContain(`Tries left: ${left.toString()}`);
  }

  test('a wrong PIN costs a try, as shown; the right one then works', async () => {
    const key = await stack.plugKey({ pin: PIN });
    const page = await stack.openLab();
    const { call, prompt } = await promptFor(stack, () => callCreate(page));
    await prompt.waitForState('needsPin');
    expect(await prompt.text()).toContain('Tries left: 8');
    await enterWrongPin(prompt, 7);
    expect(await prompt.text()).toContain('That PIN was not right.');
    expect(await settledSoFar(call)).toBe('pending');
    await prompt.enterPin(PIN);
    expect(await call.outcome).toMatchObject({ ok: true });
    expect(await stack.keys.state(key.id)).toMatchObject({ pinRetries: 8, credentials: 1 });
  });

  test.each(['powerCycle', 'unplug and plug'] as const)('three wrong ones in a row: told to reinsert; after %s the right one works', async (how) => {
    const key = await stack.plugKey({ pin: PIN });
    const page = await stack.openLab();
    await register(stack, page, PIN);
    const { call, prompt } = await promptFor(stack, () => callGet(page));
    await prompt.waitForState('needsPin');
    await enterWrongPin(prompt, 7);
    await enterWrongPin(prompt, 6);
    await prompt.enterPin('wrong-pin');
    await prompt.waitForState('needsReinsert');
    const text = await prompt.text();
    expect(text).toContain('Take the key out and insert it again');
    expect(text).toContain('Tries left: 5');
    expect(await settledSoFar(call)).toBe('pending');
    if (how === 'powerCycle') {
      await stack.keys.powerCycle(key.id);
    } else {
      await stack.keys.unplug(key.id);
      await stack.keys.plug(key.id);
    }
    await prompt.waitForState('needsPin');
    expect(await prompt.text()).toContain('The key is back. Enter its PIN again.');
    await prompt.enterPin(PIN);
    expect(await call.outcome).toMatchObject({ ok: true });
    await prompt.closed();
  });

  test('the last try fails: blocked, and told so', async () => {
    const key = await stack.plugKey({ pin: PIN });
    const page = await stack.openLab();
    await register(stack, page, PIN);
    await stack.keys.configure(key.id, { pinRetries: 1 });
    const { call, prompt } = await promptFor(stack, () => callGet(page));
    await prompt.waitForState('needsPin');
    expect(await prompt.text()).toContain('This is the last try.');
    await prompt.enterPin('wrong-pin');
    expect(await call.outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    await prompt.waitForState('failed');
    expect(await prompt.text()).toContain('The PIN of the key is blocked');
    expect(await stack.keys.state(key.id)).toMatchObject({ pinRetries: 0 });
  });

  test('a key whose PIN is blocked already: told so, no PIN is asked for', async () => {
    const key = await stack.plugKey({ pin: PIN, pinRetries: 0 });
    const page = await stack.openLab();
    const { call, prompt } = await promptFor(stack, () => callGet(page));
    expect(await call.outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    await prompt.waitForState('failed');
    expect(await prompt.text()).toContain('The PIN of the key is blocked');
    const { log } = await stack.keys.state(key.id);
    expect(log.map(({ command }) => command)).not.toContain('getAssertion');
  });

  test('a new PIN: its rules are told before it reaches the key, which gets one that keeps them', async () => {
    const key = await stack.plugKey({ minPinLength: 6 });
    const page = await stack.openLab();
    const { call, prompt } = await promptFor(stack, () => callCreate(page));
    await prompt.waitForState('needsNewPin');
    await prompt.setNewPin('12345');
    await expect.poll(() => prompt.text()).toContain('A PIN has at least this many characters: 6');
    expect(await stack.keys.state(key.id)).toMatchObject({ pinSet: false });
    await prompt.setNewPin(PIN);
    expect(await call.outcome).toMatchObject({ ok: true });
    expect(await stack.keys.state(key.id)).toMatchObject({ pinSet: true, credentials: 1 });
  });
});
