import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { findFirefox } from '../support/firefox.ts';
import { nextFirefoxPrompt, openPrompts } from '../support/firefox-prompt.ts';
import { type FirefoxStack, startFirefoxStack } from '../support/firefox-stack.ts';
import { callCreate, callGet } from '../support/page-call.ts';

const PIN = 'corr3ct-h0rse';

describe.skipIf(findFirefox() === undefined)('Firefox', () => {
  let stack: FirefoxStack;

  beforeAll(async () => {
    stack = await startFirefoxStack();
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  test('a key without PIN gets one at registration, and signs in without user name', async () => {
    const key = await stack.plugKey();
    const page = await stack.openLab();
    const registration = callCreate(page.realm);
    const prompt = await nextFirefoxPrompt(stack.firefox);
    await prompt.waitForState('needsNewPin');
    expect(await prompt.text()).toContain('localhost');
    await prompt.setNewPin(PIN);
    expect(await registration.outcome).toMatchObject({
      ok: true,
      credential: { type: 'public-key', authenticatorAttachment: 'cross-platform' },
    });
    expect(await stack.keys.state(key.id)).toMatchObject({ pinSet: true, credentials: 1 });
    await prompt.closed();

    const signIn = callGet(page.realm);
    const second = await nextFirefoxPrompt(stack.firefox);
    await second.waitForState('needsPin');
    await second.enterPin(PIN);
    expect(await signIn.outcome).toMatchObject({
      ok: true,
      credential: { response: { userHandle: Buffer.from('alice').toString('base64url') } },
    });
    await second.closed();
    expect(await openPrompts(stack.firefox)).toEqual([]);
  });
});
