import type { JSX } from 'preact';

const USB_KEY = (
  <>
    <path d="M26 21v-9a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2v9" />
    <rect x="21" y="21" width="22" height="34" rx="6" />
    <path d="M30 15v1m4-1v1" />
  </>
);
const CONTACT = <circle cx="32" cy="38" r="5" />;

/** Line drawings, 64 units square, in the colour of the text around them. */
const DRAWINGS = {
  insert: (
    <>
      <path d="M14 5h36" />
      <g class="art-moves">
        {USB_KEY}
        {CONTACT}
      </g>
    </>
  ),
  tap: (
    <>
      <rect x="8" y="36" width="40" height="20" rx="5" />
      <path d="M16 46h10" />
      <path class="art-pulses" d="M34 27a9 9 0 0 1 6 6M36 18a18 18 0 0 1 13 13M38 9a27 27 0 0 1 20 20" />
    </>
  ),
  touch: (
    <>
      {USB_KEY}
      {CONTACT}
      <circle class="art-pulses" cx="32" cy="38" r="10" />
    </>
  ),
  fingerprint: (
    <path d="M18 44c2-4 2-8 2-11a12 12 0 0 1 24 0c0 5 0 9-2 15M26 51c3-6 3-12 3-18a3 3 0 0 1 6 0c0 7 0 14-4 22M13 36c-1-14 7-23 19-23 8 0 15 5 18 12m1 7c0 4 0 8-1 12" />
  ),
  busy: (
    <>
      <circle class="art-track" cx="32" cy="32" r="20" />
      <path class="art-turns" d="M32 12a20 20 0 0 1 20 20" />
    </>
  ),
  done: (
    <>
      <circle cx="32" cy="32" r="23" />
      <path d="m21 33 8 8 15-17" />
    </>
  ),
  failed: (
    <>
      <circle cx="32" cy="32" r="23" />
      <path d="M32 20v15M32 44h.01" />
    </>
  ),
} as const;

export type ArtName = keyof typeof DRAWINGS;

/** A drawing that shows what is asked for; the text beside it says the same. */
export function Art({ name }: { readonly name: ArtName }): JSX.Element {
  return (
    <svg class={`art art-${name}`} viewBox="0 0 64 64" aria-hidden="true">
      {DRAWINGS[name]}
    </svg>
  );
}
