import type { KeystileBrowser } from './keystile-browser.ts';

/**
 * Lets pages ask for timeouts as short as `minimum` milliseconds: stores the setting that no page can set, and restarts
 * the background worker, which reads its settings when it starts.
 */
export async function allowShortTimeouts(browser: KeystileBrowser, minimum: number): Promise<void> {
  const page = await browser.openPopup();
  await page.evaluate((minimumTimeout) => chrome.storage.local.set({ settings: { hostSeen: true, minimumTimeout } }), minimum);
  const session = await browser.context.newCDPSession(page);
  await session.send('ServiceWorker.enable');
  await session.send('ServiceWorker.stopAllWorkers');
  await page.close();
}
