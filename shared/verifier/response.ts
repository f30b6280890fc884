import * as v from 'valibot';

import { decodeBase64urlFast } from '../bytes/fast-base64url.ts';

// Twice what the parsers behind take at most, so that they and not this schema name what is too large.
const MAX_TEXT = 524_288;

const byteString = v.pipe(
  v.string(),
  v.maxLength(MAX_TEXT),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const bytes = decodeBase64urlFast(dataset.value);
    if (bytes !== undefined) return bytes;
    addIssue({ message: 'not canonical base64url' });
    return NEVER;
  }),
);

const credential = {
  id: v.pipe(v.string(), v.maxLength(MAX_TEXT)),
  rawId: byteString,
  type: v.optional(v.literal('public-key')),
  clientExtensionResults: v.optional(v.record(v.string(), v.unknown()), {}),
};

/** RegistrationResponseJSON with byte strings decoded. `type` may be missing (recorded responses leave it out). */
export const registrationResponseSchema = v.object({
  ...credential,
  response: v.object({
    clientDataJSON: byteString,
    attestationObject: byteString,
    authenticatorData: v.optional(byteString),
    publicKey: v.nullish(byteString),
    publicKeyAlgorithm: v.optional(v.number()),
    transports: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(64))), v.maxLength(64)), []),
  }),
});
export type DecodedRegistrationResponse = v.InferOutput<typeof registrationResponseSchema>;

/** AuthenticationResponseJSON with byte strings decoded. */
export const authenticationResponseSchema = v.object({
  ...credential,
  response: v.object({
    clientDataJSON: byteString,
    authenticatorData: byteString,
    signature: byteString,
    userHandle: v.nullish(byteString),
  }),
});
export type DecodedAuthenticationResponse = v.InferOutput<typeof authenticationResponseSchema>;
