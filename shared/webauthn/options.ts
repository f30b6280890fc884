import * as v from 'valibot';

import { decodeBase64url } from '../bytes/base64url.ts';
import { type Bytes, encodeUtf8 } from '../bytes/bytes.ts';
import { failure, success, type Result } from '../bytes/result.ts';
import { type WebauthnError, WebauthnErrorName, webauthnError } from './errors.ts';
import type { ExtensionInputsJson } from './json.ts';

/** Requirement on user verification or on a discoverable credential. */
export const Requirement = { discouraged: 'discouraged', preferred: 'preferred', required: 'required' } as const;
export type Requirement = (typeof Requirement)[keyof typeof Requirement];

/** AttestationConveyancePreference. */
export const Attestation = { none: 'none', indirect: 'indirect', direct: 'direct', enterprise: 'enterprise' } as const;
export type Attestation = (typeof Attestation)[keyof typeof Attestation];

/** AuthenticatorAttachment. */
export const Attachment = { platform: 'platform', crossPlatform: 'cross-platform' } as const;
export type Attachment = (typeof Attachment)[keyof typeof Attachment];

/** PublicKeyCredentialHint. */
export const Hint = { securityKey: 'security-key', clientDevice: 'client-device', hybrid: 'hybrid' } as const;
export type Hint = (typeof Hint)[keyof typeof Hint];

/** A credential of an allow or exclude list. Transports stay strings: unknown ones mean nothing, but are no error. */
export interface CredentialDescriptor {
  readonly id: Bytes;
  readonly transports: readonly string[];
}

/** Validated options of `create()`: every default is filled in, every byte string decoded. */
export interface CreationOptions {
  /** `id` is what the page asked for, yet to be checked against the origin. */
  readonly rp: { readonly id?: string; readonly name: string };
  /** `id` has at most 64 bytes; names are at most `maxNameBytes` of UTF-8. */
  readonly user: { readonly id: Bytes; readonly name: string; readonly displayName: string };
  readonly challenge: Bytes;
  /** COSE algorithm identifiers, in the site's order, each once. */
  readonly algorithms: readonly number[];
  /** Milliseconds. */
  readonly timeout: number;
  readonly excludeCredentials: readonly CredentialDescriptor[];
  readonly authenticatorAttachment?: Attachment;
  readonly residentKey: Requirement;
  readonly userVerification: Requirement;
  readonly attestation: Attestation;
  readonly attestationFormats: readonly string[];
  readonly hints: readonly Hint[];
  readonly extensions: ExtensionInputsJson;
}

/** Validated options of `get()`. An empty `allowCredentials` means that the site named none: discoverable credentials. */
export interface RequestOptions {
  /** What the page asked for, yet to be checked against the origin. */
  readonly rpId?: string;
  readonly challenge: Bytes;
  /** Milliseconds. */
  readonly timeout: number;
  readonly allowCredentials: readonly CredentialDescriptor[];
  readonly userVerification: Requirement;
  readonly hints: readonly Hint[];
  readonly extensions: ExtensionInputsJson;
}

/** Bounds that the specification leaves to the client. */
export interface OptionLimits {
  /** Milliseconds; `standard` is used where the page gives none. */
  readonly timeout: { readonly least: number; readonly most: number; readonly standard: number };
  /** Entries of an allow or exclude list; more are refused with RangeError. */
  readonly maxCredentials: number;
  /** Bytes of UTF-8 that `rp.name`, `user.name` and `user.displayName` are cut to (WebAuthn §6.4.1: no less than 64). */
  readonly maxNameBytes: number;
}

/** WebAuthn's recommended range of timeouts (§15.1) and the list length that browsers allow. */
export const DEFAULT_OPTION_LIMITS: OptionLimits = {
  timeout: { least: 300_000, most: 600_000, standard: 300_000 },
  maxCredentials: 64,
  maxNameBytes: 64,
};

/** Longest credential ID (WebAuthn §4, "Credential ID"): a longer one in a list can match nothing. */
export const MAX_CREDENTIAL_ID_BYTES = 1023;

/** WebAuthn L3 §5.4.3. */
const MAX_USER_ID_BYTES = 64;

/** COSE algorithms that `create()` means by an empty `pubKeyCredParams`: ES256 and RS256. Source: WebAuthn L3 §5.1.3. */
export const DEFAULT_ALGORITHMS: readonly number[] = [-7, -257];

const text = v.pipe(v.string(), v.maxLength(4096));
const shortText = v.pipe(v.string(), v.maxLength(512));
const byteString = v.pipe(
  v.string(),
  v.maxLength(65_536),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const bytes = decodeBase64url(dataset.value);
    if (bytes !== undefined) return bytes;
    addIssue({ message: 'not canonical base64url' });
    return NEVER;
  }),
);
/** WebIDL `long`: pages that pass text get the number it stands for, as from the browser. */
const long = v.pipe(
  v.union([v.number(), shortText]),
  v.transform((value) => Number(value) | 0),
);
const descriptors = v.optional(
  v.pipe(
    v.array(
      v.object({
        id: byteString,
        type: shortText,
        transports: v.optional(v.pipe(v.array(shortText), v.maxLength(64)), []),
      }),
    ),
    v.maxLength(1024),
  ),
  [],
);
const hints = v.optional(v.pipe(v.array(shortText), v.maxLength(64)), []);
const extensions = v.optional(
  v.pipe(
    v.record(shortText, v.unknown()),
    v.check((value) => Object.keys(value).length <= 64, 'too many extensions'),
  ),
  {},
);
const timeout = v.optional(v.number());

const creationSchema = v.object({
  rp: v.object({ id: v.optional(text), name: text }),
  user: v.object({ id: byteString, name: text, displayName: text }),
  challenge: byteString,
  pubKeyCredParams: v.pipe(v.array(v.object({ type: shortText, alg: long })), v.maxLength(256)),
  timeout,
  excludeCredentials: descriptors,
  authenticatorSelection: v.optional(
    v.object({
      authenticatorAttachment: v.optional(shortText),
      residentKey: v.optional(shortText),
      requireResidentKey: v.optional(v.boolean(), false),
      userVerification: v.optional(shortText),
    }),
    {},
  ),
  hints,
  attestation: v.optional(shortText),
  attestationFormats: v.optional(v.pipe(v.array(shortText), v.maxLength(64)), []),
  extensions,
});

const requestSchema = v.object({
  challenge: byteString,
  timeout,
  rpId: v.optional(text),
  allowCredentials: descriptors,
  userVerification: v.optional(shortText),
  hints,
  extensions,
});

/**
 * Decodes, validates and completes PublicKeyCredentialCreationOptionsJSON as it came from a page.
 * Unknown members and unknown enumeration values are ignored.
 *
 * Source: WebAuthn L3 §5.1.3 steps 4 to 10 (timeout, user.id, algorithms), §5.4.4 (residentKey), §5.4.6.
 *
 * @returns the options, or the error for the page: TypeError for what WebIDL would not convert, NotSupportedError
 * when no `public-key` algorithm is left, RangeError for a list that is too long.
 */
export function decodeCreationOptions(
  value: unknown,
  limits: OptionLimits = DEFAULT_OPTION_LIMITS,
): Result<CreationOptions, WebauthnError> {
  const decoded = decode(creationSchema, value);
  if (!decoded.ok) return decoded;
  const options = decoded.value;
  const algorithms = selectAlgorithms(options.pubKeyCredParams);
  if (algorithms.length === 0) {
    return failure(webauthnError(WebauthnErrorName.notSupported, 'pubKeyCredParams has no entry of type public-key.'));
  }
  // Browsers take an empty one, which the specification refuses.
  if (options.user.id.length > MAX_USER_ID_BYTES) {
    return failure(webauthnError(WebauthnErrorName.type, 'user.id must not have more than 64 bytes.'));
  }
  const excludeCredentials = selectCredentials(options.excludeCredentials, limits);
  if (!excludeCredentials.ok) return excludeCredentials;
  const selection = options.authenticatorSelection;
  const authenticatorAttachment = known(Attachment, selection.authenticatorAttachment);
  return success({
    rp: {
      ...(options.rp.id === undefined ? {} : { id: options.rp.id }),
      name: truncateUtf8(options.rp.name, limits.maxNameBytes),
    },
    user: {
      id: options.user.id,
      name: truncateUtf8(options.user.name, limits.maxNameBytes),
      displayName: truncateUtf8(options.user.displayName, limits.maxNameBytes),
    },
    challenge: options.challenge,
    algorithms,
    timeout: clampTimeout(options.timeout, limits),
    excludeCredentials: excludeCredentials.value,
    ...(authenticatorAttachment === undefined ? {} : { authenticatorAttachment }),
    residentKey:
      known(Requirement, selection.residentKey) ??
      (selection.requireResidentKey ? Requirement.required : Requirement.discouraged),
    userVerification: known(Requirement, selection.userVerification) ?? Requirement.preferred,
    attestation: known(Attestation, options.attestation) ?? Attestation.none,
    attestationFormats: options.attestationFormats,
    hints: knownHints(options.hints),
    extensions: options.extensions,
  });
}

/**
 * Decodes, validates and completes PublicKeyCredentialRequestOptionsJSON as it came from a page.
 *
 * Source: WebAuthn L3 §5.1.4.2, §5.5.
 *
 * @returns the options, or the error for the page: TypeError for what WebIDL would not convert, RangeError for
 * a list that is too long, NotAllowedError for one in which nothing is usable (it must not turn into "any discoverable credential").
 */
export function decodeRequestOptions(
  value: unknown,
  limits: OptionLimits = DEFAULT_OPTION_LIMITS,
): Result<RequestOptions, WebauthnError> {
  const decoded = decode(requestSchema, value);
  if (!decoded.ok) return decoded;
  const options = decoded.value;
  const allowCredentials = selectCredentials(options.allowCredentials, limits);
  if (!allowCredentials.ok) return allowCredentials;
  if (options.allowCredentials.length > 0 && allowCredentials.value.length === 0) {
    return failure(webauthnError(WebauthnErrorName.notAllowed, 'allowCredentials has no usable entry.'));
  }
  return success({
    ...(options.rpId === undefined ? {} : { rpId: options.rpId }),
    challenge: options.challenge,
    timeout: clampTimeout(options.timeout, limits),
    allowCredentials: allowCredentials.value,
    userVerification: known(Requirement, options.userVerification) ?? Requirement.preferred,
    hints: knownHints(options.hints),
    extensions: options.extensions,
  });
}

function decode<Output>(
  schema: v.GenericSchema<unknown, Output>,
  value: unknown,
): Result<Output, WebauthnError> {
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return success(parsed.output);
  const [issue] = parsed.issues;
  // The issue's own text would quote the value; the path is enough.
  return failure(webauthnError(WebauthnErrorName.type, `Not valid: ${v.getDotPath(issue) ?? 'the options'}.`));
}

function selectAlgorithms(parameters: readonly { readonly type: string; readonly alg: number }[]): readonly number[] {
  if (parameters.length === 0) return DEFAULT_ALGORITHMS;
  return [...new Set(parameters.filter(({ type }) => type === 'public-key').map(({ alg }) => alg))];
}

function selectCredentials(
  entries: readonly { readonly id: Bytes; readonly type: string; readonly transports: readonly string[] }[],
  limits: OptionLimits,
): Result<readonly CredentialDescriptor[], WebauthnError> {
  // Counted with what is there twice, as browsers do.
  if (entries.length > limits.maxCredentials) {
    return failure(webauthnError(WebauthnErrorName.range, `A credential list has more than ${limits.maxCredentials.toString()} entries.`));
  }
  const byId = new Map<string, CredentialDescriptor>();
  for (const { id, type, transports } of entries) {
    if (type !== 'public-key' || id.length === 0 || id.length > MAX_CREDENTIAL_ID_BYTES) continue;
    const key = id.join();
    const previous = byId.get(key);
    byId.set(key, { id, transports: [...new Set([...(previous?.transports ?? []), ...transports])] });
  }
  return success([...byId.values()]);
}

function known<Value extends string>(
  values: Readonly<Record<string, Value>>,
  value: string | undefined,
): Value | undefined {
  return Object.values(values).find((candidate) => candidate === value);
}

function knownHints(values: readonly string[]): readonly Hint[] {
  return [...new Set(values)].flatMap((value) => known(Hint, value) ?? []);
}

function clampTimeout(value: number | undefined, { timeout: { least, most, standard } }: OptionLimits): number {
  return value === undefined ? standard : Math.trunc(Math.min(Math.max(value, least), most));
}

/** Cuts between code points: an authenticator that cut between bytes would give back broken text. */
function truncateUtf8(value: string, maxBytes: number): string {
  let kept = '';
  let bytes = 0;
  for (const character of value) {
    bytes += encodeUtf8(character).length;
    if (bytes > maxBytes) break;
    kept += character;
  }
  return kept;
}
