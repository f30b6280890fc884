import type { Bytes } from './bytes.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const VALUES: ReadonlyMap<string, number> = /* @__PURE__ */ new Map(
  Array.from(ALPHABET, (character, value) => [character, value]),
);

/** Encodes bytes as base64url without padding (RFC 4648 §5), the form of every byte string in WebAuthn's JSON. */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const first = bytes[index] ?? 0;
    const second = bytes[index + 1];
    const third = bytes[index + 2];
    text += ALPHABET.charAt(first >> 2);
    text += ALPHABET.charAt(((first & 0x03) << 4) | ((second ?? 0) >> 4));
    if (second !== undefined) text += ALPHABET.charAt(((second & 0x0f) << 2) | ((third ?? 0) >> 6));
    if (third !== undefined) text += ALPHABET.charAt(third & 0x3f);
  }
  return text;
}

/**
 * Decodes base64url strictly: no padding, no other characters, unused bits zero. So every byte string has
 * exactly one text, and comparing texts is comparing bytes.
 *
 * @returns the bytes, or `undefined` when the text is not canonical base64url.
 */
export function decodeBase64url(text: string): Bytes | undefined {
  const remainder = text.length % 4;
  if (remainder === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let accumulator = 0;
  let bits = 0;
  let offset = 0;
  for (let index = 0; index < text.length; index += 1) {
    const value = VALUES.get(text.charAt(index));
    if (value === undefined) return undefined;
    accumulator = ((accumulator << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[offset] = (accumulator >> bits) & 0xff;
      offset += 1;
    }
  }
  return (accumulator & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}
