import type { Bytes } from './bytes.ts';

/** Encodes bytes as lower-case hexadecimal digits. */
export function encodeHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/**
 * Decodes hexadecimal digits of either case.
 *
 * @returns the bytes, or `undefined` for an odd length or any other character.
 */
export function decodeHex(text: string): Bytes | undefined {
  if (text.length % 2 !== 0 || /[^0-9a-fA-F]/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}
