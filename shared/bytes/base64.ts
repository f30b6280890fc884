import { decodeBase64url } from './base64url.ts';
import type { Bytes } from './bytes.ts';

/**
 * Decodes base64 (RFC 4648 §4) strictly: padded, no other characters, unused bits zero. For what JOSE puts into `x5c`.
 *
 * @returns the bytes, or `undefined` when the text is not canonical base64.
 */
export function decodeBase64(text: string): Bytes | undefined {
  const unpadded = text.replace(/={1,2}$/, '');
  if (text.length % 4 !== 0 || /[-_]/.test(text) || (text.length - unpadded.length) !== (4 - (unpadded.length % 4)) % 4) return undefined;
  return decodeBase64url(unpadded.replaceAll('+', '-').replaceAll('/', '_'));
}
