import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { promptFor, settledSoFar } from '../support/ceremonies.ts';
import { callCreate, callGet } from '../support/page-call.ts';
import { type Stack, startStack } from '../support/stack.ts';

const PIN = 'corr3ct-h0rse';
const WITHOUT_PIN = { authenticatorSelection: { residentKey: 'discouraged', userVerification: 'discouraged' } } as const;

/** Several keys plugged in: the one that is touched is meant. */
describe('two keys', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  test('both wait for a touch; the touched one registers, the other stops waiting', async () => {
    const first = await stack.plugKey({ touch: { mode: 'manual' } });
    const second = await stack.plugKey({ touch: { mode: 'manual' } });
    const page = await stack.openLab();
    const { call, prompt } = await promptFor(stack, () => callCreate(page, WITHOUT_PIN));
    await prompt.waitForState('selectingDevice');
    expect(await prompt.text()).toContain('Choose a key by touching it');
    await Promise.all([first, second].map(({ id }) => stack.keys.waitFor(id, 'waitingForTouch')));
    expect(await settledSoFar(call)).toBe('pending');
    await stack.keys.touch(second.id);
    expect(await call.outcome).toMatchObject({ ok: true });
    await expect.poll(() => stack.keys.state(first.id)).toMatchObject({ waitingForTouch: false, credentials: 0 });
    expect(await stack.keys.state(second.id)).toMatchObject({ waitingForTouch: false });
  });

  test('the touch chooses whose PIN is asked for', async () => {
    const first = await stack.plugKey({ pin: 'the-other-0ne', touch: { mode: 'manual' } });
    const second = await stack.plugKey({ pin: PIN, touch: { mode: 'manual' } });
    const page = await stack.openLab();
    const { call, prompt } = await promptFor(stack, () => callCreate(page));
    await prompt.waitForState('selectingDevice');
    await Promise.all([first, second].map(({ id }) => stack.keys.waitFor(id, 'waitingForTouch')));
    await stack.keys.touch(second.id);
    await prompt.waitForState('needsPin');
    await expect.poll(() => stack.keys.state(first.id)).toMatchObject({ waitingForTouch: false });
    await prompt.enterPin(PIN);
    await stack.keys.waitFor(second.id, 'command:makeCredential');
    await stack.keys.waitFor(second.id, 'waitingForTouch');
    await stack.keys.touch(second.id);
    expect(await call.outcome).toMatchObject({ ok: true });
    expect(await stack.keys.state(first.id)).toMatchObject({ credentials: 0, pinRetries: 8 });
    expect(await stack.keys.state(second.id)).toMatchObject({ credentials: 1 });
  });

  test('a second key that comes while the first waits takes part; one that goes does not end the request', async () => {
    const first = await stack.plugKey({ touch: { mode: 'manual' } });
    const page = await stack.openLab();
    const { call, prompt } = await promptFor(stack, () => callCreate(page, WITHOUT_PIN));
    await stack.keys.waitFor(first.id, 'waitingForTouch');
    const second = await stack.plugKey({ touch: { mode: 'manual' } });
    await stack.keys.waitFor(second.id, 'waitingForTouch');
    await prompt.waitForState('selectingDevice');
    await stack.keys.unplug(first.id);
    await prompt.waitForState('needsPresence');
    await stack.keys.touch(second.id);
    expect(await call.outcome).toMatchObject({ ok: true });
  });

  test('page aborts: neither waits any more', async () => {
    const both = [await stack.plugKey({ touch: { mode: 'manual' } }), await stack.plugKey({ touch: { mode: 'manual' } })];
    const page = await stack.openLab();
    const { call } = await promptFor(stack, () => callGet(page, { userVerification: 'discouraged' }));
    await Promise.all(both.map(({ id }) => stack.keys.waitFor(id, 'waitingForTouch')));
    await call.abort();
    expect(await call.outcome).toMatchObject({ ok: false, name: 'AbortError' });
    for (const { id } of both) await expect.poll(() => stack.keys.state(id)).toMatchObject({ waitingForTouch: false });
  });
});
