import type { Bytes } from './bytes.ts';

const INVALID = 0xff;
const VALUES = /* @__PURE__ */ buildValues();

function buildValues(): Uint8Array {
  const values = new Uint8Array(128).fill(INVALID);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  for (let value = 0; value < alphabet.length; value += 1) values[alphabet.charCodeAt(value)] = value;
  return values;
}

/**
 * Decodes base64url as strictly as `decodeBase64url`, but in less than half the time. It calls methods of strings, so
 * it must not run beside a page's scripts.
 *
 * @returns the bytes, or `undefined` when the text is not canonical base64url.
 */
export function decodeBase64urlFast(text: string): Bytes | undefined {
  const { length } = text;
  if (length % 4 === 1) return undefined;
  const bytes = new Uint8Array((length * 3) >> 2);
  let accumulator = 0;
  let bits = 0;
  let offset = 0;
  /** Has its top bit set once a character was none of the alphabet's. */
  let seen = 0;
  for (let index = 0; index < length; index += 1) {
    const value = VALUES[text.charCodeAt(index)] ?? INVALID;
    seen |= value;
    accumulator = (accumulator << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[offset] = accumulator >> bits;
      offset += 1;
    }
  }
  return (seen & 0x80) === 0 && (accumulator & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}
