import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { clientDataOf, promptFor, register, settledSoFar } from '../support/ceremonies.ts';
import { callCreate, callGet } from '../support/page-call.ts';
import { nextPrompt } from '../support/prompt-driver.ts';
import { type Stack, startStack } from '../support/stack.ts';

const PIN = 'corr3ct-h0rse';
const FIRST = 'Zmlyc3QgY2hhbGxlbmdl';
const SECOND = 'c2Vjb25kIGNoYWxsZW5nZQ';

/** Requests at the same time: each gets its own answer, or is told. */
describe('several requests', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  test('two tabs: the second waits for its turn; each gets the answer to its own challenge', async () => {
    const key = await stack.plugKey({ pin: PIN });
    const one = await stack.openLab();
    const two = await stack.openLab();
    const alice = await register(stack, one, PIN, { userName: 'alice' });
    const bob = await register(stack, two, PIN, { userName: 'bob' });
    await stack.keys.configure(key.id, { touch: { mode: 'manual' } });

    const first = await promptFor(stack, () =>
      callGet(one, { challenge: FIRST, allowCredentials: [{ type: 'public-key', id: alice }] }),
    );
    await first.prompt.waitForState('needsPin');
    const opening = nextPrompt(stack.browser.context);
    const secondCall = callGet(two, { challenge: SECOND, allowCredentials: [{ type: 'public-key', id: bob }] });
    await first.prompt.enterPin(PIN);
    await stack.keys.waitFor(key.id, 'waitingForTouch');
    expect(await settledSoFar(secondCall)).toBe('pending');
    const prompts = stack.browser.context.pages().filter((page) => page.url().includes('/ui/prompt/'));
    expect(prompts).toEqual([first.prompt.page]);
    await stack.keys.touch(key.id);
    const firstOutcome = await first.call.outcome;
    expect(firstOutcome).toMatchObject({ ok: true, credential: { id: alice } });
    expect(clientDataOf(firstOutcome)).toMatchObject({ type: 'webauthn.get', challenge: FIRST, origin: stack.tenant.origin });

    const second = await opening;
    await second.waitForState('needsPin');
    await second.enterPin(PIN);
    await stack.keys.waitFor(key.id, 'waitingForTouch');
    await stack.keys.touch(key.id);
    const secondOutcome = await secondCall.outcome;
    expect(secondOutcome).toMatchObject({ ok: true, credential: { id: bob } });
    expect(clientDataOf(secondOutcome)).toMatchObject({ challenge: SECOND });
  });

  test('a waiting request that is aborted never opens a prompt; the one before it goes on', async () => {
    const key = await stack.plugKey({ pin: PIN });
    const one = await stack.openLab();
    const two = await stack.openLab();
    const first = await promptFor(stack, () => callCreate(one));
    await first.prompt.waitForState('needsPin');
    const waiting = callCreate(two);
    expect(await settledSoFar(waiting)).toBe('pending');
    await waiting.abort();
    expect(await waiting.outcome).toMatchObject({ ok: false, name: 'AbortError' });
    await first.prompt.enterPin(PIN);
    expect(await first.call.outcome).toMatchObject({ ok: true });
    await first.prompt.closed();
    // The next one to have its turn is not the aborted one.
    await register(stack, one, PIN, { userName: 'bob' });
    expect(await stack.keys.state(key.id)).toMatchObject({ credentials: 2 });
  });

  test('the second tab closes while it waits: the first one goes on', async () => {
    await stack.plugKey({ pin: PIN });
    const one = await stack.openLab();
    const two = await stack.openLab();
    const first = await promptFor(stack, () => callCreate(one));
    await first.prompt.waitForState('needsPin');
    callCreate(two);
    await two.close();
    await first.prompt.enterPin(PIN);
    expect(await first.call.outcome).toMatchObject({ ok: true });
  });

  test('a second call of the same page is told that one is pending, and does not disturb it', async () => {
    await stack.plugKey({ pin: PIN });
    const page = await stack.openLab();
    const first = await promptFor(stack, () => callCreate(page, { challenge: FIRST }));
    await first.prompt.waitForState('needsPin');
    expect(await callGet(page, { challenge: SECOND }).outcome).toMatchObject({ ok: false, name: 'OperationError' });
    await first.prompt.enterPin(PIN);
    const outcome = await first.call.outcome;
    expect(clientDataOf(outcome)).toMatchObject({ type: 'webauthn.create', challenge: FIRST });
  });

  test('a page that aborts and asks again at once is served', async () => {
    await stack.plugKey({ pin: PIN });
    const page = await stack.openLab();
    const first = await promptFor(stack, () => callCreate(page, { challenge: FIRST }));
    await first.prompt.waitForState('needsPin');
    const opening = nextPrompt(stack.browser.context);
    await first.call.abort();
    const second = callCreate(page, { challenge: SECOND });
    const prompt = await opening;
    await prompt.waitForState('needsPin');
    await prompt.enterPin(PIN);
    expect(clientDataOf(await second.outcome)).toMatchObject({ challenge: SECOND });
    expect(await first.call.outcome).toMatchObject({ ok: false, name: 'AbortError' });
  });
});
