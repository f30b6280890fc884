import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

import type { MessageKey, Translate } from '../i18n.ts';

/** The texts in the user's language, for every component below the page. The default shows keys, never nothing. */
export const TranslationContext = createContext<Translate>((key: MessageKey) => key);

/** The translation function of the page. */
export function useTranslation(): Translate {
  return useContext(TranslationContext);
}
