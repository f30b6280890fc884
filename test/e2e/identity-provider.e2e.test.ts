import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, type TestContext, test } from 'vitest';

import { type Glewlwyd, KEY_SCHEME, startGlewlwyd } from '../support/glewlwyd/glewlwyd.ts';
import { nextPrompt } from '../support/prompt-driver.ts';
import { type Stack, startStack } from '../support/stack.ts';

const PIN = '31415926';
const PASSWORD = 'correct horse battery';

/**
 * An identity provider that others made: Glewlwyd, with its own pages (JavaScript) and its own WebAuthn code (C), which
 * wants an attestation that leads to the maker of the key.
 */
describe('an identity provider of Debian, Glewlwyd', () => {
  let stack: Stack;
  let provider: Glewlwyd | string;

  beforeAll(async () => {
    // Wide enough that its pages show their menu.
    stack = await startStack({ browser: { args: ['--window-size=1400,1000'] } });
    const root = Buffer.from(await stack.keys.attestationRoot(), 'base64url').toString('base64');
    provider = await startGlewlwyd(`-----BEGIN CERTIFICATE-----\n${root.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`);
    // What a developer's machine may lack, continuous integration may not.
    if (typeof provider === 'string' && process.env['CI'] === 'true') throw new Error(provider);
  });
  afterEach(async () => {
    await stack.reset();
    await stack.browser.context.clearCookies();
    if (typeof provider === 'object') await provider.requireForProfile('password');
  });
  afterAll(async () => {
    if (typeof provider === 'object') await provider.close();
    await stack.close();
  });

  test('registration in the profile, sign-out, sign-in by the key alone', async (context) => {
    const glewlwyd = providerOr(context);
    await glewlwyd.addUser('alice', PASSWORD);
    const key = await stack.plugKey({ attestation: 'x5c', pin: PIN });
    const page = await profileOf(glewlwyd, 'alice');

    const told = await answerPrompt(() => page.getByRole('button', { name: 'New component' }).click());
    expect(told).toContain(glewlwyd.origin);
    expect(told).toContain('Tell the site the make and model of the key.');
    await page.getByText('The new component has been registered').waitFor();
    expect(await page.getByRole('cell', { name: 'packed' }).count()).toBe(1);
    expect(await stack.keys.state(key.id)).toMatchObject({ credentials: 1 });

    await answerPrompt(() => page.getByRole('button', { name: 'Test' }).click());
    await page.getByText('Authentication succeeded').waitFor();

    await glewlwyd.requireForProfile('key');
    await page.getByTitle('Log out').click();
    await page.getByText('Please connect to the application').waitFor();

    await page.goto(`${signInPage(glewlwyd)}&scheme=${KEY_SCHEME}`);
    await page.locator('#username').fill('alice');
    await page.locator('#username').press('Enter');
    await answerPrompt(() => page.getByRole('button', { name: 'Login' }).click());
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('Welcome alice').waitFor();
    expect(glewlwyd.log()).toContain(`User 'alice' authenticated with scheme`);
  });

  test('a key that says nothing of its maker: the server refuses it, and the page says why', async (context) => {
    const glewlwyd = providerOr(context);
    await glewlwyd.addUser('bob', PASSWORD);
    await stack.plugKey({ attestation: 'none', pin: PIN });
    const page = await profileOf(glewlwyd, 'bob');
    await answerPrompt(() => page.getByRole('button', { name: 'New component' }).click());
    await page.getByRole('dialog').getByText(`Format 'none' is not supported`).waitFor();
  });

  test('cancelled, then done, then with the same key again: the page names the errors that browsers have for that', async (context) => {
    const glewlwyd = providerOr(context);
    await glewlwyd.addUser('carol', PASSWORD);
    const key = await stack.plugKey({ attestation: 'x5c', pin: PIN });
    const page = await profileOf(glewlwyd, 'carol');
    const begin = (): Promise<void> => page.getByRole('button', { name: 'New component' }).click();

    const opening = nextPrompt(stack.browser.context);
    await begin();
    await (await opening).cancel();
    await page.getByRole('dialog').getByText('NotAllowedError').waitFor();
    await page.getByRole('dialog').getByText('Close').click();

    await answerPrompt(begin);
    await page.getByText('The new component has been registered').waitFor();
    await answerPrompt(begin);
    await page.getByRole('dialog').getByText('InvalidStateError').waitFor();
    expect(await stack.keys.state(key.id)).toMatchObject({ credentials: 1 });
  });

  function providerOr(context: TestContext): Glewlwyd {
    if (typeof provider === 'string') return context.skip(provider);
    return provider;
  }

  /** Signs in by password and goes to where keys are registered. */
  async function profileOf(glewlwyd: Glewlwyd, name: string): Promise<Page> {
    const page = await stack.browser.context.newPage();
    await page.goto(signInPage(glewlwyd));
    await page.locator('#username').fill(name);
    await page.locator('#password').fill(PASSWORD);
    await page.locator('#loginbut').click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('link', { name: 'Security key' }).click();
    return page;
  }

  /** Enters the PIN into the prompt that the action opens. Resolves with what it said. */
  async function answerPrompt(action: () => Promise<void>): Promise<string> {
    const opening = nextPrompt(stack.browser.context);
    await action();
    const prompt = await opening;
    await prompt.waitForState('needsPin');
    const text = await prompt.text();
    await prompt.enterPin(PIN);
    return text;
  }
});

function signInPage({ origin }: Glewlwyd): string {
  return `${origin}/login.html?scope=g_profile&callback_url=${encodeURIComponent(`${origin}/profile.html`)}`;
}
