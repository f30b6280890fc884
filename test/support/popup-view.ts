import type { Page } from 'playwright-core';

import type { PopupView } from '../../shared/wire/ui.ts';

/** What the background tells the popup now, asked for over the popup's own port from the popup's own page. */
export async function readPopupView(popup: Page): Promise<PopupView> {
  return popup.evaluate(
    () =>
      new Promise<PopupView>((resolve) => {
        const port = chrome.runtime.connect({ name: 'keystile-popup' });
        port.onMessage.addListener((message: { event?: string; data: PopupView }) => {
          if (message.event !== 'popup.view') return;
          port.disconnect();
          resolve(message.data);
        });
        port.postMessage({ v: 1, id: 'read-popup-view', method: 'popup.attach', params: {} });
      }),
  );
}
