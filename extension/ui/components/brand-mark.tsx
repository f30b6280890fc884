import type { JSX } from 'preact';

/** Keystile's mark, drawn as in `icons/keystile.svg`; decoration beside the name. */
export function BrandMark(): JSX.Element {
  return (
    <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect class="brand-ground" width="32" height="32" rx="7" />
      <path class="brand-key" d="M11 13.5V27M11 19h5M11 25h9" />
      <circle class="brand-key" cx="11" cy="9.5" r="4.5" />
    </svg>
  );
}
