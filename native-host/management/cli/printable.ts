/** Controls, and marks that turn the direction of text: they could make a terminal show something else than there is. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const MAX_LENGTH = 200;

/** A text from a key or a site, made safe for a terminal: one line, no control characters, not too long. */
export function printable(text: string): string {
  const clean = text.replace(UNPRINTABLE, '\ufffd');
  const characters = Array.from(clean);
  return characters.length <= MAX_LENGTH ? clean : `${characters.slice(0, MAX_LENGTH).join('')}…`;
}
