import * as v from 'valibot';

import { decodeBase64url, encodeBase64url } from '../../../../shared/bytes/base64url.ts';
import { type Bytes, concatBytes, encodeUtf8 } from '../../../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../../../shared/bytes/result.ts';
import { type WebauthnError, webauthnError, WebauthnErrorName } from '../../../../shared/webauthn/errors.ts';
import { registrableDomainOf } from '../../../../shared/webauthn/rp-id.ts';

/** A WebIDL boolean. */
export const flag = v.optional(
  v.pipe(
    v.unknown(),
    v.transform((value) => Boolean(value)),
  ),
);

/** Text of a size that means something. */
export const text = v.pipe(v.string(), v.maxLength(1024));

/** A BufferSource, which the page script has turned into base64url. */
export const byteString = v.pipe(
  v.string(),
  v.maxLength(131_072),
  v.rawTransform(({ dataset, addIssue, NEVER }): Bytes => {
    const bytes = decodeBase64url(dataset.value);
    if (bytes !== undefined) return bytes;
    addIssue({ message: 'not canonical base64url' });
    return NEVER;
  }),
);

/** AuthenticationExtensionsPRFValues (WebAuthn L3 §10.1.4). */
export const prfValues = v.object({ first: byteString, second: v.optional(byteString) });

/** AuthenticationExtensionsPRFInputs. */
export const prfInputs = v.object({
  eval: v.optional(prfValues),
  evalByCredential: v.optional(v.record(v.string(), prfValues)),
});

/** AuthenticationExtensionsLargeBlobInputs (WebAuthn L3 §10.1.5). */
export const largeBlobInputs = v.object({ support: v.optional(text), read: flag, write: v.optional(byteString) });

/** Decodes the members of interest; what WebIDL would not convert is a TypeError. */
export function decodeInputs<Output>(
  schema: v.GenericSchema<unknown, Output>,
  value: unknown,
): Result<Output, WebauthnError> {
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return success(parsed.output);
  const [issue] = parsed.issues;
  return failure(webauthnError(WebauthnErrorName.type, `Not valid: extensions.${v.getDotPath(issue) ?? ''}.`));
}

/** The error for an extension that is used in a way it does not allow. */
export function unsupported(detail: string): Result<never, WebauthnError> {
  return failure(webauthnError(WebauthnErrorName.notSupported, detail));
}

/** Salts for the host: SHA-256 of "WebAuthn PRF", a zero byte and the page's input. Source: WebAuthn L3 §10.1.4. */
export async function saltsOf({ first, second }: v.InferOutput<typeof prfValues>): Promise<{ first: string; second?: string }> {
  return {
    first: await saltOf(first),
    ...(second === undefined ? {} : { second: await saltOf(second) }),
  };
}

async function saltOf(input: Bytes): Promise<string> {
  const prefixed = concatBytes(encodeUtf8('WebAuthn PRF'), Uint8Array.of(0), input);
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest('SHA-256', prefixed)));
}

/** Google's AppID lies on another domain than its sign-in page; every browser knows this one exception. */
const GOOGLE_APP_IDS = ['https://www.gstatic.com/securitykey/origins.json', 'https://www.gstatic.com/securitykey/a/google.com/origins.json'];

/**
 * Decides which AppID a call of `origin` may use: the origin itself for an empty one, else, from an https
 * origin, an https URL on the same registrable domain. Lists of trusted facets are not fetched, as in browsers.
 *
 * Source: FIDO AppID and Facet Specification v2.0 §3.1.2; WebAuthn L3 §10.1.1.
 *
 * @returns the AppID, SyntaxError for what is no URL, SecurityError for one of another site.
 */
export function validateAppId(origin: string, requested: string): Result<string, WebauthnError> {
  if (requested === '') return success(origin);
  if (!URL.canParse(requested)) return failure(webauthnError(WebauthnErrorName.syntax, 'The AppID is no URL.'));
  const domain = registrableDomainOf(origin);
  const isAllowed =
    new URL(origin).protocol === 'https:' &&
    new URL(requested).protocol === 'https:' &&
    (new URL(requested).hostname === new URL(origin).hostname ||
      (domain !== undefined && registrableDomainOf(requested) === domain) ||
      (domain === 'google.com' && GOOGLE_APP_IDS.includes(requested)));
  return isAllowed
    ? success(requested)
    : failure(webauthnError(WebauthnErrorName.security, 'The AppID does not belong to the origin.'));
}
