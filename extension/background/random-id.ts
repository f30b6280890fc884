import { encodeBase64url } from '../../shared/bytes/base64url.ts';

/** A new random 128-bit id as base64url: never guessed, never met again by a restarted worker. */
export function randomId(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(16)));
}
