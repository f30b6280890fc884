import { render } from 'preact';

import { TranslationContext } from '../components/translation.ts';
import { applyLanguage } from '../i18n.ts';
import type { UiPlatform } from '../store/port.ts';
import { createPromptStore } from '../store/prompt-store.ts';
import { PromptApp } from './prompt-app.tsx';

/**
 * Starts the prompt in a document. The connection goes first: while the background answers, the page renders.
 *
 * @param promptId the ceremony to show, from the page's address.
 */
export function startPrompt(document: Document, platform: UiPlatform, promptId: string): void {
  const store = createPromptStore(platform, promptId);
  applyLanguage(document.documentElement, platform.translate);
  render(
    <TranslationContext.Provider value={platform.translate}>
      <PromptApp store={store} />
    </TranslationContext.Provider>,
    document.body,
  );
}
