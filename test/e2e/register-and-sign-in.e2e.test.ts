import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { callCreate, callGet } from '../support/page-call.ts';
import { nextPrompt } from '../support/prompt-driver.ts';
import { type Stack, startStack } from '../support/stack.ts';

const PIN = 'corr3ct-h0rse';

/** The main job in real Chromium with the real host process: registration and sign-in that succeed. */
describe('register and sign in', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  test('a key without PIN gets one at registration, and signs in without user name', async () => {
    const key = await stack.plugKey();
    const page = await stack.openLab();
    const opening = nextPrompt(stack.browser.context);
    const registration = callCreate(page);
    const prompt = await opening;
    await prompt.waitForState('needsNewPin');
    expect(await prompt.text()).toContain('localhost');
    await prompt.setNewPin(PIN);
    expect(await registration.outcome).toMatchObject({
      ok: true,
      credential: { type: 'public-key', authenticatorAttachment: 'cross-platform' },
    });
    expect(await stack.keys.state(key.id)).toMatchObject({ pinSet: true, credentials: 1 });
    await prompt.closed();

    const openingAgain = nextPrompt(stack.browser.context);
    const signIn = callGet(page);
    const second = await openingAgain;
    await second.waitForState('needsPin');
    await second.enterPin(PIN);
    expect(await signIn.outcome).toMatchObject({
      ok: true,
      credential: { response: { userHandle: Buffer.from('alice').toString('base64url') } },
    });
  });
});
