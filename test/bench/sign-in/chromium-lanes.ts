import { type KeystileBrowser, launchKeystile } from '../../support/keystile-browser.ts';
import { addNativeAuthenticator } from '../../support/plain-chromium.ts';
import type { Lane, OpenLane } from './lane.ts';

/** Chromium, its calls taken by the page script. */
export const CHROMIUM_PAGE_LANE: Lane = {
  name: 'Chromium, page',
  open: async (devices, pageUrl) => openChromium(await launchKeystile({ devices }), pageUrl),
};

/** Chromium, its calls sent by its own WebAuthn proxy. */
export const CHROMIUM_PROXY_LANE: Lane = {
  name: 'Chromium, proxy',
  async open(devices, pageUrl) {
    if (process.getuid?.() !== 0) return 'the policy needs root, for a mount namespace of the browser’s own';
    const browser = await launchKeystile({ devices, managed: { interception: 'proxy' } });
    await reach(browser, 'attached');
    return openChromium(browser, pageUrl, () => reach(browser, 'detached'));
  },
};

async function openChromium(browser: KeystileBrowser, pageUrl: string, paused?: () => Promise<void>): Promise<OpenLane> {
  const page = await browser.context.newPage();
  await page.goto(pageUrl);
  return {
    page,
    async readPrompt() {
      const prompt = await browser.context.waitForEvent('page', { predicate: (each) => each.url().includes('/ui/prompt/') });
      return prompt.evaluate(async () => {
        const startTime = await new Promise<number>((resolve) => {
          const observer = new PerformanceObserver((list) => {
            const entry = list.getEntriesByName('first-contentful-paint')[0];
            if (entry !== undefined) resolve(entry.startTime);
          });
          observer.observe({ type: 'paint', buffered: true });
        });
        return { began: performance.timeOrigin, painted: performance.timeOrigin + startTime };
      });
    },
    async goNative() {
      const popup = await browser.openPopup();
      await popup.getByRole('switch', { name: 'Pause on all sites' }).click();
      await popup.locator('[role=switch][aria-checked=true]').first().waitFor();
      await popup.close();
      await paused?.();
      await page.bringToFront();
      await addNativeAuthenticator(page);
    },
    close: () => browser.close(),
  };
}

/** Waits for the state of the proxy, as the popup shows it. */
async function reach(browser: KeystileBrowser, state: string): Promise<void> {
  const popup = await browser.openPopup();
  await popup.locator(`main[data-interception="${state}"]`).waitFor();
  await popup.close();
}
