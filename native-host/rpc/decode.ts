import { decodeBase64url } from '../../shared/bytes/base64url.ts';
import type { Bytes } from '../../shared/bytes/bytes.ts';

const SHA256_LENGTH = 32;

/** WebAuthn L3 §4 "Credential ID": 1023 bytes at most. */
const MAX_CREDENTIAL_ID = 1023;

/** Decodes a SHA-256 hash from base64url; `undefined` for anything else. */
export function decodeHash(text: string): Bytes | undefined {
  const hash = decodeBase64url(text);
  return hash?.length === SHA256_LENGTH ? hash : undefined;
}

/** Decodes the IDs of a list of credentials from base64url; `undefined` when one is no credential ID. */
export function decodeCredentialIds(credentials: readonly { readonly id: string }[]): readonly Bytes[] | undefined {
  const ids: Bytes[] = [];
  for (const { id: text } of credentials) {
    const id = decodeBase64url(text);
    if (id === undefined || id.length === 0 || id.length > MAX_CREDENTIAL_ID) return undefined;
    ids.push(id);
  }
  return ids;
}
