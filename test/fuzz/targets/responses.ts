import { readFileSync } from 'node:fs';
import path from 'node:path';

import { decodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { Bytes } from '../../../shared/bytes/bytes.ts';
import type { KnownCredential } from '../../../shared/verifier/verify-authentication.ts';

/** A response as a page gets it, its byte strings in base64url. */
export interface ResponseFixture {
  readonly id: string;
  readonly rawId: string;
  readonly response: Readonly<Record<string, string>>;
}

interface Fixture {
  readonly now: number;
  readonly challenge: string;
  readonly rpId: string;
  readonly origin: string;
  readonly userHandle: string;
  readonly root: string;
  readonly leaf: string;
  readonly none: ResponseFixture;
  readonly packed: ResponseFixture;
  readonly self: ResponseFixture;
  readonly authentication: ResponseFixture;
  readonly credential: KnownCredential;
  /** Registrations of other formats and algorithms, and their root. */
  readonly more: Readonly<Record<string, ResponseFixture>>;
  readonly moreRoot: string;
  /** Sign-ins with other algorithms. */
  readonly signIns: Readonly<Record<string, { readonly response: ResponseFixture; readonly credential: KnownCredential }>>;
}

/** Valid responses that stay the same, so that a search can be repeated. */
export const RESPONSES = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, '../../fixtures/fuzz/responses.json'), 'utf8'),
) as Fixture;

/** Decodes text of the fixture. @throws TypeError when it is not base64url. */
export function bytesOf(text: string | undefined): Bytes {
  const bytes = text === undefined ? undefined : decodeBase64url(text);
  if (bytes === undefined) throw new TypeError('The fixture is not base64url.');
  return bytes;
}

/** A byte string of a response in the fixture. */
export function memberOf(response: ResponseFixture, name: string): Bytes {
  return bytesOf(response.response[name]);
}
