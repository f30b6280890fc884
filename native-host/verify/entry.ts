import * as v from 'valibot';

import { decodeBase64url } from '../../shared/bytes/base64url.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { supportedAlgorithms } from '../../shared/cose/algorithms.ts';
import { DEFAULT_ALGORITHMS } from '../../shared/webauthn/options.ts';
import type { AuthenticationInput } from '../../shared/verifier/verify-authentication.ts';
import type { RegistrationInput } from '../../shared/verifier/verify-registration.ts';

/** A recorded ceremony: a response, what was asked for, and what was known. */
export type RecordedCeremony =
  | { readonly name: string; readonly kind: 'registration'; readonly input: RegistrationInput }
  | { readonly name: string; readonly kind: 'authentication'; readonly input: AuthenticationInput };

/** Algorithms that the verifier knows by name only (RS1, ML-DSA): offered too, where the record names none. */
const NAMED_ONLY = [-65535, -48, -49, -50] as const;

const MAX_TEXT = 131_072;

const bytes = v.pipe(
  v.string(),
  v.maxLength(MAX_TEXT),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const decoded = decodeBase64url(dataset.value);
    if (decoded !== undefined) return decoded;
    addIssue({ message: 'not canonical base64url' });
    return NEVER;
  }),
);
const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));
const integer = v.pipe(v.number(), v.safeInteger());
const time = v.pipe(
  v.union([v.pipe(v.number(), v.minValue(0)), v.pipe(v.string(), v.maxLength(64), v.transform((value) => Date.parse(value)))]),
  v.check((value) => !Number.isNaN(value), 'not a time'),
);

const entrySchema = v.object({
  name: v.nullish(text),
  kind: v.picklist(['registration', 'authentication']),
  /** Judged by the verifier, whatever it is. */
  response: v.unknown(),
  expected: v.object({
    challenge: bytes,
    origin: text,
    rpId: text,
    requireUserVerification: v.nullish(v.boolean(), false),
    at: v.nullish(time),
    algorithms: v.nullish(v.array(integer)),
    topOrigin: v.nullish(text),
    allowCrossOrigin: v.nullish(v.boolean(), false),
    allowCredentials: v.nullish(v.array(v.union([bytes, v.pipe(v.object({ id: bytes }), v.transform(({ id }) => id))]))),
    userHandle: v.nullish(bytes),
    requireUserHandle: v.nullish(v.boolean(), false),
    appId: v.nullish(text),
  }),
  credential: v.nullish(
    v.object({
      id: text,
      publicKey: text,
      counter: v.pipe(integer, v.minValue(0)),
      backupEligible: v.nullish(v.boolean()),
      userHandle: v.nullish(text),
    }),
  ),
  trustRoots: v.nullish(v.array(bytes)),
  /** Registration: IDs of credentials that the site had already. */
  knownCredentialIds: v.nullish(v.array(text)),
});
type Entry = v.InferOutput<typeof entrySchema>;

/** Why a value is no recorded ceremony. */
export interface EntryProblem {
  readonly name: string;
  readonly detail: string;
}

/**
 * Decodes one entry of a file: byte strings are base64url, `at` is an ISO date or milliseconds since 1970 and defaults
 * to `now`. The response itself is left as it is, for the verifier to judge.
 *
 * @param fallbackName names an entry that has no name.
 */
export function decodeRecordedCeremony(value: unknown, fallbackName: string, now: number): Result<RecordedCeremony, EntryProblem> {
  const decoded = v.safeParse(entrySchema, value, { abortEarly: true });
  if (decoded.success) return success(toCeremony(decoded.output, fallbackName, now));
  const [issue] = decoded.issues;
  const named = (value ?? {}) as { name?: unknown };
  return failure({
    name: typeof named.name === 'string' ? named.name : fallbackName,
    detail: `${v.getDotPath(issue) ?? 'the entry'}: ${issue.message}`,
  });
}

function toCeremony(entry: Entry, fallbackName: string, now: number): RecordedCeremony {
  const { kind, response, expected, credential } = entry;
  const name = entry.name ?? fallbackName;
  const common = {
    challenge: expected.challenge,
    origins: [expected.origin],
    allowCrossOrigin: expected.allowCrossOrigin,
    topOrigins: typeof expected.topOrigin === 'string' ? [expected.topOrigin] : [],
    rpId: expected.rpId,
    requireUserVerification: expected.requireUserVerification,
  };
  if (kind === 'registration') {
    const input = {
      response,
      expected: {
        ...common,
        algorithms: offeredAlgorithms(expected.algorithms),
        userHandle: expected.userHandle ?? new Uint8Array(1),
      },
      now: expected.at ?? now,
      anchors: entry.trustRoots ?? [],
      ...(Array.isArray(entry.knownCredentialIds) ? { knownCredentialIds: new Set(entry.knownCredentialIds) } : {}),
    };
    return { name, kind, input };
  }
  const input = {
    response,
    expected: {
      ...common,
      allowCredentials: expected.allowCredentials ?? [],
      requireUserHandle: expected.requireUserHandle,
      ...(expected.userHandle === null || expected.userHandle === undefined ? {} : { userHandle: expected.userHandle }),
      ...(typeof expected.appId === 'string' ? { appId: expected.appId } : {}),
    },
    ...(credential === null || credential === undefined
      ? {}
      : {
          credential: {
            credentialId: credential.id,
            publicKey: credential.publicKey,
            signCount: credential.counter,
            ...(typeof credential.backupEligible === 'boolean' ? { backupEligible: credential.backupEligible } : {}),
            ...(typeof credential.userHandle === 'string' ? { userHandle: credential.userHandle } : {}),
          },
        }),
  };
  return { name, kind, input };
}

function offeredAlgorithms(recorded: readonly number[] | null | undefined): readonly number[] {
  if (recorded === undefined || recorded === null) return [...supportedAlgorithms(), ...NAMED_ONLY];
  return recorded.length === 0 ? DEFAULT_ALGORITHMS : recorded;
}
