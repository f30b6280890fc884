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
 * Decodes base64url as strictly as `decodeBase64url`, but several times as fast, for texts of megabytes. It calls
 * methods of strings, so it must not run beside a page's scripts.
 *
 * @returns the bytes, or `undefined` when the text is not canonical base64url.
 */
export function decodeLongBase64url(text: string): Bytes | undefined {
  const { length } = text;
  const rest = length % 4;
  if (rest === 1) return undefined;
  const bytes = new Uint8Array((length * 3) >> 2);
  /** Has its top bit set once a character was none of the alphabet's. */
  let seen = 0;
  const valueAt = (index: number): number => {
    const value = VALUES[text.charCodeAt(index)] ?? INVALID;
    seen |= value;
    return value;
  };
  let offset = 0;
  for (let index = 0; index < length - rest; index += 4) {
    const group = (valueAt(index) << 18) | (valueAt(index + 1) << 12) | (valueAt(index + 2) << 6) | valueAt(index + 3);
    bytes[offset] = group >> 16;
    bytes[offset + 1] = group >> 8;
    bytes[offset + 2] = group;
    offset += 3;
  }
  if (rest > 0) {
    const group = (valueAt(length - rest) << 18) | (valueAt(length - rest + 1) << 12) | (rest === 3 ? valueAt(length - 1) << 6 : 0);
    if ((group & (rest === 2 ? 0xffff : 0xff)) !== 0) return undefined;
    bytes[offset] = group >> 16;
    if (rest === 3) bytes[offset + 1] = group >> 8;
  }
  return (seen & 0x80) === 0 ? bytes : undefined;
}
