import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { promptFor, register, settledSoFar } from '../support/ceremonies.ts';
import { callCreate, callGet } from '../support/page-call.ts';
import { type Stack, startStack } from '../support/stack.ts';

const PIN = 'corr3ct-h0rse';

/** Which credential a sign-in uses, and which one a registration must not make again. */
describe('accounts and lists', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  test('an allow list chooses the credential', async () => {
    await stack.plugKey({ pin: PIN });
    const page = await stack.openLab();
    await register(stack, page, PIN, { userName: 'alice' });
    const bob = await register(stack, page, PIN, { userName: 'bob' });
    const { call, prompt } = await promptFor(stack, () =>
      callGet(page, {
        allowCredentials: [
          { type: 'public-key', id: 'bm90IG9uIHRoaXMga2V5' },
          { type: 'public-key', id: bob, transports: ['usb'] },
        ],
      }),
    );
    await prompt.waitForState('needsPin');
    await prompt.enterPin(PIN);
    expect(await call.outcome).toMatchObject({ ok: true, credential: { id: bob, authenticatorAttachment: 'cross-platform' } });
    await prompt.closed();
  });

  test('a credential that is not discoverable signs in by allow list, without PIN where none is asked for', async () => {
    const key = await stack.plugKey();
    const page = await stack.openLab();
    const options = { authenticatorSelection: { residentKey: 'discouraged', userVerification: 'discouraged' } } as const;
    // Their prompts are gone before anybody could look into them.
    const registered = await callCreate(page, options).outcome;
    if (!registered.ok) throw new Error(registered.name);
    const { id } = registered.credential;
    const { outcome } = callGet(page, { userVerification: 'discouraged', allowCredentials: [{ type: 'public-key', id }] });
    expect(await outcome).toMatchObject({ ok: true, credential: { id } });
    expect(await stack.keys.state(key.id)).toMatchObject({ pinSet: false });
  });

  test('a key without any credential of the site: told after the touch, to the person only', async () => {
    const key = await stack.plugKey({ pin: PIN, touch: { mode: 'manual' } });
    const page = await stack.openLab();
    const { call, prompt } = await promptFor(stack, () =>
      callGet(page, { userVerification: 'discouraged', allowCredentials: [{ type: 'public-key', id: 'bm90IG9uIHRoaXMga2V5' }] }),
    );
    await stack.keys.waitFor(key.id, 'waitingForTouch');
    expect(await settledSoFar(call)).toBe('pending');
    await stack.keys.touch(key.id);
    expect(await call.outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    await prompt.waitForState('failed');
    expect(await prompt.text()).toContain('The key holds nothing for this site');
  });

  test.each(['alice', 'bob'])('two accounts on one key: %s is chosen and comes back', async (chosen) => {
    const key = await stack.plugKey({ pin: PIN });
    const page = await stack.openLab();
    await register(stack, page, PIN, { userName: 'alice' });
    await register(stack, page, PIN, { userName: 'bob' });
    expect(await stack.keys.state(key.id)).toMatchObject({ credentials: 2 });
    const { call, prompt } = await promptFor(stack, () => callGet(page));
    await prompt.waitForState('needsPin');
    await prompt.enterPin(PIN);
    await prompt.waitForState('selectingCredential');
    const text = await prompt.text();
    expect(text).toContain('alice');
    expect(text).toContain('bob');
    expect(await settledSoFar(call)).toBe('pending');
    await prompt.chooseAccount(chosen);
    expect(await call.outcome).toMatchObject({
      ok: true,
      credential: { response: { userHandle: Buffer.from(chosen).toString('base64url') } },
    });
    await prompt.closed();
  });

  test('the same key twice: InvalidStateError, and only after a touch', async () => {
    const key = await stack.plugKey({ pin: PIN });
    const page = await stack.openLab();
    const id = await register(stack, page, PIN);
    await stack.keys.configure(key.id, { touch: { mode: 'manual' } });
    const { call, prompt } = await promptFor(stack, () =>
      callCreate(page, { userName: 'bob', excludeCredentials: [{ type: 'public-key', id }] }),
    );
    await prompt.waitForState('needsPin');
    await prompt.enterPin(PIN);
    await stack.keys.waitFor(key.id, 'waitingForTouch');
    await prompt.waitForState('needsPresence');
    expect(await settledSoFar(call)).toBe('pending');
    await stack.keys.touch(key.id);
    expect(await call.outcome).toMatchObject({ ok: false, name: 'InvalidStateError' });
    await prompt.waitForState('failed');
    expect(await prompt.text()).toContain('This key is registered already');
    expect(await stack.keys.state(key.id)).toMatchObject({ credentials: 1, waitingForTouch: false });
  });
});
