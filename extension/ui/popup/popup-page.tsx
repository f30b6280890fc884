import { render } from 'preact';

import { TranslationContext } from '../components/translation.ts';
import { applyLanguage } from '../i18n.ts';
import { createPopupStore } from '../store/popup-store.ts';
import type { UiPlatform } from '../store/port.ts';
import { PopupApp } from './popup-app.tsx';

/** Starts the popup in a document. */
export function startPopup(document: Document, platform: UiPlatform): void {
  const store = createPopupStore(platform);
  applyLanguage(document.documentElement, platform.translate);
  render(
    <TranslationContext.Provider value={platform.translate}>
      <PopupApp store={store} />
    </TranslationContext.Provider>,
    document.body,
  );
}
