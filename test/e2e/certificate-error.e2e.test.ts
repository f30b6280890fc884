import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { makeCertificate } from '../support/certificate.ts';
import { type CallOutcome, callCreate, callGet } from '../support/page-call.ts';
import { launchPlainChromium, type PlainChromium } from '../support/plain-chromium.ts';
import { type Stack, startStack } from '../support/stack.ts';

const HOST = 'login.example.org';

/** The user has passed over Chromium's warning: the page works, but who answers is anybody's guess. */
describe('a page whose certificate is not to be trusted', () => {
  let stack: Stack;
  let plain: PlainChromium;
  let address: string;

  beforeAll(async () => {
    const { cert, key } = await makeCertificate();
    const args = ['--host-resolver-rules=MAP * 127.0.0.1'];
    stack = await startStack({ browser: { args }, tenant: { hostName: HOST, https: { cert, key } } });
    address = `https://${HOST}:${stack.tenant.port.toString()}/lab/empty`;
    plain = await launchPlainChromium(args);
  });
  beforeEach(() => stack.plugKey());
  afterEach(() => stack.reset());
  afterAll(async () => {
    await plain.close();
    await stack.close();
  });

  test('is refused by the browser, in its own words, and no prompt opens', async () => {
    const [mediated, native] = [await passWarning(stack.browser.context.newPage()), await passWarning(plain.context.newPage())];
    for (const call of [callCreate, callGet]) {
      const outcome = withoutTime(await call(mediated).outcome);
      expect(outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
      expect(outcome).toEqual(withoutTime(await call(native).outcome));
    }
    expect(stack.browser.context.pages().filter((page) => page.url().includes('/ui/prompt/'))).toEqual([]);
  });

  /** Opens the page past the warning, by the function behind its button. */
  async function passWarning(opening: Promise<Page>): Promise<Page> {
    const page = await opening;
    await expect(page.goto(address)).rejects.toThrow('ERR_CERT_AUTHORITY_INVALID');
    await page.waitForFunction('globalThis.certificateErrorPageController');
    await page.evaluate('certificateErrorPageController.proceed()');
    await page.waitForURL(address);
    return page;
  }
});

function withoutTime({ ms: _ms, ...outcome }: CallOutcome): Omit<CallOutcome, 'ms'> {
  return outcome;
}
