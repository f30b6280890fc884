import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { useTranslation } from '../components/translation.ts';

interface CopyButtonProps {
  /** Translated. */
  readonly label: string;
  /** Asked for when it is copied. */
  readonly text: () => string;
}

/** A button that puts a text on the clipboard, and says so. */
export function CopyButton({ label, text }: CopyButtonProps): JSX.Element {
  const t = useTranslation();
  const [copied, setCopied] = useState(false);
  function copy(): void {
    navigator.clipboard.writeText(text()).then(
      () => setCopied(true),
      // Without access to the clipboard nothing was copied, and the button goes on to offer it.
      () => setCopied(false),
    );
  }
  return (
    <button type="button" class="button-plain" onClick={copy}>
      <span aria-live="polite">{copied ? t('copied') : label}</span>
    </button>
  );
}
