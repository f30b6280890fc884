import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { nextPrompt } from '../support/prompt-driver.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { performScenario } from '../start/scenario.ts';
import { createStepLog } from '../start/steps.ts';

const PIN = '271828';

/**
 * The tenant's own pages, which know nothing of Keystile: @simplewebauthn/browser on the sign-in page, calls by hand on
 * the others; @simplewebauthn/server behind both.
 */
describe('a relying party’s own pages', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({ tenant: { users: [{ name: 'alice', code: 'FIRST-SIGN-IN' }] } });
  });
  afterAll(() => stack.close());

  test('first sign-in, registration, sign-in without user name', async () => {
    await stack.plugKey();
    const log = createStepLog(() => undefined);
    await performScenario({ log, tenant: stack.tenant, browser: stack.browser, userName: 'alice', accessCode: 'FIRST-SIGN-IN' });
    expect(log.steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(stack.tenant.events.list().map(({ type }) => type)).toEqual(['signed-in', 'registered', 'signed-out', 'signed-in']);
  });

  test('cancelled on the page, cancelled in the prompt, then done: each time the page says what its library makes of it', async () => {
    const page = await signInPage();
    const opening = nextPrompt(stack.browser.context);
    await page.click('#sign-in-key');
    await (await opening).waitForState('needsPin');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await expectError(page, 'AbortError');

    const second = nextPrompt(stack.browser.context);
    await page.click('#sign-in-key');
    const prompt = await second;
    await prompt.waitForState('needsPin');
    await prompt.cancel();
    await expectError(page, 'NotAllowedError');

    const third = nextPrompt(stack.browser.context);
    await page.click('#sign-in-key');
    const last = await third;
    await last.waitForState('needsPin');
    await last.enterPin(PIN);
    await page.waitForSelector('#sign-out');
    await page.close();
  });

  async function signInPage(): Promise<Page> {
    const page = await stack.browser.context.newPage();
    await page.goto(`${stack.tenant.origin}/account`);
    if (await page.locator('#sign-out').isVisible()) await page.click('#sign-out');
    await page.goto(`${stack.tenant.origin}/sign-in`);
    return page;
  }
});

async function expectError(page: Page, name: string): Promise<void> {
  await expect.poll(() => page.locator('#result').getAttribute('data-error')).toBe(name);
}
