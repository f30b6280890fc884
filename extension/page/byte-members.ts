import { decodeBase64url } from '../../shared/bytes/base64url.ts';
import { IntrinsicDomException, propertyDescriptor, put, typedArrayBuffer } from './intrinsics.ts';

/** Byte strings within plain data: base64url becomes a buffer of the page's realm. */

type Members = Record<string, unknown>;

/**
 * A buffer with the bytes of a base64url text.
 *
 * @throws DOMException EncodingError for every other text, as parsing options does (WebAuthn L3 §5.1.8).
 */
export function buffer(encoded: string): ArrayBuffer {
  const decoded = decodeBase64url(encoded);
  if (decoded === undefined) throw new IntrinsicDomException('The text is not base64url.', 'EncodingError');
  return typedArrayBuffer(decoded) as ArrayBuffer;
}

/** A member that is there itself: what a script of the page gave to every object does not count. */
export function ownMember(target: unknown, name: string): Members | undefined {
  if (typeof target !== 'object' || target === null || propertyDescriptor(target, name) === undefined) return undefined;
  return (target as Members)[name] as Members;
}

/** Decodes a member in place when it is there itself and a text. */
export function decodeMember(target: unknown, name: string): void {
  const value = ownMember(target, name) as unknown;
  if (typeof value === 'string') put(target as Members, name, buffer(value));
}
