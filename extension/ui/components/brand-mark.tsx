import type { JSX } from 'preact';

/** Keystile's mark, drawn as in `icons/keystile.svg`; decoration beside the name. */
export function BrandMark(): JSX.Element {
  return (
    <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect class="brand-ground" width="32" height="32" rx="7" />
      <path class="brand-key" d="M13.5 14v11.5H22M13.5 19.5H18" />
      <circle class="brand-key" cx="13.5" cy="9.5" r="4.5" />
    </svg>
  );
}
