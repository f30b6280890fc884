import type { JSX } from 'preact';

import { useTranslation } from '../components/translation.ts';
import { CopyButton } from './copy-button.tsx';

/** A command to type elsewhere, with a button that copies it. */
export function CopyText({ text }: { readonly text: string }): JSX.Element {
  const t = useTranslation();
  return (
    <div class="copy-text">
      <code>{text}</code>
      <CopyButton label={t('copy')} text={() => text} />
    </div>
  );
}
