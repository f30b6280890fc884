import type { Bytes } from './bytes.ts';

// The page script uses this file next to scripts that may have replaced any prototype method: index access only.
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const ByteArray = Uint8Array;

const VALUES = /* @__PURE__ */ buildValues();

function buildValues(): Readonly<Record<string, number>> {
  const values = Object.create(null) as Record<string, number>;
  for (let value = 0; value < ALPHABET.length; value += 1) values[ALPHABET[value] ?? ''] = value;
  return values;
}

/** Encodes bytes as base64url without padding (RFC 4648 §5), the form of every byte string in WebAuthn's JSON. */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const first = bytes[index] ?? 0;
    const second = bytes[index + 1];
    const third = bytes[index + 2];
    text += `${ALPHABET[first >> 2] ?? ''}${ALPHABET[((first & 0x03) << 4) | ((second ?? 0) >> 4)] ?? ''}`;
    if (second !== undefined) text += ALPHABET[((second & 0x0f) << 2) | ((third ?? 0) >> 6)] ?? '';
    if (third !== undefined) text += ALPHABET[third & 0x3f] ?? '';
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
  if (text.length % 4 === 1) return undefined;
  const bytes = new ByteArray((text.length * 3) >> 2);
  let accumulator = 0;
  let bits = 0;
  let offset = 0;
  // eslint-disable-next-line @typescript-eslint/prefer-for-of -- a page may have replaced the iterator
  for (let index = 0; index < text.length; index += 1) {
    const value = VALUES[text[index] ?? ''];
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
