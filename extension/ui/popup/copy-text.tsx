import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { useTranslation } from '../components/translation.ts';

/** A command to type elsewhere, with a button that copies it. */
export function CopyText({ text }: { readonly text: string }): JSX.Element {
  const t = useTranslation();
  const [copied, setCopied] = useState(false);
  function copy(): void {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      // Without access to the clipboard the text is still there to be selected.
      () => setCopied(false),
    );
  }
  return (
    <div class="copy-text">
      <code>{text}</code>
      <button type="button" class="button-plain" onClick={copy}>
        <span aria-live="polite">{t(copied ? 'copied' : 'copy')}</span>
      </button>
    </div>
  );
}
