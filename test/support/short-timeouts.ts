import type { KeystileBrowser } from './keystile-browser.ts';

/**
 * Lets pages ask for timeouts as short as `minimum` milliseconds, in a browser whose host can be used: stores the setting that no page can set, and restarts
 * the background worker, which reads its settings when it starts.
 */
export async function allowShortTimeouts(browser: KeystileBrowser, minimum: number): Promise<void> {
  const page = await browser.openPopup();
  // The worker writes its settings itself when the host has answered for the first time: not after this, then.
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const look = async (): Promise<void> => {
          const { settings } = await chrome.storage.local.get<{ settings?: { hostSeen?: boolean } }>('settings');
          if (settings?.hostSeen === true) resolve();
        };
        chrome.storage.onChanged.addListener(() => void look());
        void look();
      }),
  );
  await page.evaluate((minimumTimeout) => chrome.storage.local.set({ settings: { hostSeen: true, minimumTimeout } }), minimum);
  await page.close();
  await stopWorker(browser);
}

/** Ends the extension's background worker, as the browser does when it pleases; the next event starts it again. */
export async function stopWorker(browser: KeystileBrowser): Promise<void> {
  const page = await browser.context.newPage();
  await page.goto(`chrome-extension://${browser.extensionId}/manifest.json`);
  const session = await browser.context.newCDPSession(page);
  await session.send('ServiceWorker.enable');
  await session.send('ServiceWorker.stopAllWorkers');
  await page.close();
}
