import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { makeCertificate } from '../support/certificate.ts';
import { type FirefoxTab, findFirefox } from '../support/firefox.ts';
import { type FirefoxStack, startFirefoxStack } from '../support/firefox-stack.ts';
import { type Gates, type GatedSite, readGates, SIGN_IN_PATH, startGatedSite, startProxyTo } from '../support/gated-site.ts';

const isMissing = findFirefox() === undefined;
const why = isMissing ? ' (skipped: there is none; install firefox-esr or name one by KEYSTILE_FIREFOX)' : '';
const PROFILE = `document.querySelector('[role=switch][aria-labelledby=profile-label]')`;

describe.skipIf(isMissing)(`Firefox at a sign-in page that hides security keys${why}`, () => {
  let site: GatedSite;
  let proxy: GatedSite;
  let stack: FirefoxStack;

  beforeAll(async () => {
    site = await startGatedSite(await makeCertificate());
    proxy = await startProxyTo(site);
    stack = await startFirefoxStack({
      firefox: {
        acceptInsecureCerts: true,
        preferences: { 'network.proxy.type': 1, 'network.proxy.ssl': '127.0.0.1', 'network.proxy.ssl_port': proxy.port },
      },
    });
  });
  afterAll(async () => {
    await stack.close();
    proxy.close();
    site.close();
  });

  /** What the page learns when it is loaded anew. */
  async function gatesAt(host: string): Promise<Gates> {
    const tab = await stack.firefox.openTab(`https://${host}${SIGN_IN_PATH}`);
    const gates = await tab.realm.evaluate(readGates);
    await tab.close();
    return gates;
  }

  async function turn(page: FirefoxTab, on: boolean): Promise<void> {
    const popup = await stack.firefox.openPopup();
    await page.focus();
    await popup.script('location.reload()');
    const shown = (): Promise<unknown> => popup.script(`return ${PROFILE}?.ariaChecked`).catch(() => undefined);
    await expect.poll(shown, { timeout: 15_000 }).toBe(String(!on));
    await popup.script(`${PROFILE}.click()`);
    await expect.poll(shown).toBe(String(on));
    await popup.close();
  }

  test('gets keys offered while the profile is on, there and nowhere else', async () => {
    const hidden = await gatesAt('login.microsoftonline.com');
    expect(hidden).toMatchObject({ flag: false, keyPage: 'refused' });
    expect(hidden.userAgent).toContain('Firefox/');

    const page = await stack.firefox.openTab(`https://login.live.com${SIGN_IN_PATH}`);
    await turn(page, true);
    for (const host of ['login.microsoftonline.com', 'login.microsoft.com', 'login.live.com']) {
      await expect.poll(() => gatesAt(host), { timeout: 15_000 }).toMatchObject({ flag: true, keyPage: 'offered' });
      const { userAgent, seenByServer } = await gatesAt(host);
      expect(userAgent).toMatch(/^Mozilla\/5\.0 \(X11; Linux [^)]+\) AppleWebKit\/537\.36 \(KHTML, like Gecko\) Chrome\/\d+\.0\.0\.0 Safari\/537\.36$/);
      expect(seenByServer).toBe(userAgent);
    }
    expect(await gatesAt('sub.login.live.com')).toEqual(hidden);
    await turn(page, false);
    await expect.poll(() => gatesAt('login.live.com'), { timeout: 15_000 }).toEqual(hidden);
  });
});
