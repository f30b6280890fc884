import { type AuthenticationResponseJSON, type RegistrationResponseJSON } from '@simplewebauthn/server';
import * as v from 'valibot';

const base64url = (maxLength: number) => v.pipe(v.string(), v.maxLength(maxLength), v.regex(/^[A-Za-z0-9_-]+$/));

const credential = {
  id: base64url(2048),
  rawId: base64url(2048),
  type: v.literal('public-key'),
  clientExtensionResults: v.optional(v.looseObject({}), {}),
};

const registrationSchema = v.object({
  ...credential,
  response: v.object({
    clientDataJSON: base64url(16_384),
    attestationObject: base64url(131_072),
    transports: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(32))), v.maxLength(16)), []),
  }),
});

const authenticationSchema = v.object({
  ...credential,
  response: v.object({
    clientDataJSON: base64url(16_384),
    authenticatorData: base64url(16_384),
    signature: base64url(16_384),
    userHandle: v.nullish(v.union([v.literal(''), base64url(128)])),
  }),
});

const clientDataSchema = v.object({
  challenge: v.string(),
  crossOrigin: v.optional(v.boolean(), false),
  topOrigin: v.optional(v.string()),
});

/** A registration response as it came over the wire; the transports are what the browser said (untrusted hints). */
export interface DecodedRegistration {
  readonly json: RegistrationResponseJSON;
  readonly transports: readonly string[];
}

/** What the tenant itself reads in the client data before the verification proper. */
export interface ClientDataSummary {
  readonly challenge: string;
  readonly crossOrigin: boolean;
  readonly topOrigin: string | undefined;
}

/** Decodes a RegistrationResponseJSON from untrusted input; undefined when it is none. */
export function decodeRegistrationResponse(value: unknown): DecodedRegistration | undefined {
  const parsed = v.safeParse(registrationSchema, value);
  if (!parsed.success) return undefined;
  const { id, rawId, type, response } = parsed.output;
  const { clientDataJSON, attestationObject, transports } = response;
  return { json: { id, rawId, type, clientExtensionResults: {}, response: { clientDataJSON, attestationObject } }, transports };
}

/** Decodes an AuthenticationResponseJSON from untrusted input; undefined when it is none. */
export function decodeAuthenticationResponse(value: unknown): AuthenticationResponseJSON | undefined {
  const parsed = v.safeParse(authenticationSchema, value);
  if (!parsed.success) return undefined;
  const { id, rawId, type, response } = parsed.output;
  const { clientDataJSON, authenticatorData, signature, userHandle } = response;
  return {
    id,
    rawId,
    type,
    clientExtensionResults: {},
    response: { clientDataJSON, authenticatorData, signature, ...(userHandle ? { userHandle } : {}) },
  };
}

/** Reads the challenge and the frame facts of a `clientDataJSON` (base64url); undefined when it is not client data. */
export function decodeClientData(clientDataJson: string): ClientDataSummary | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(clientDataJson, 'base64url').toString('utf8'));
  } catch {
    return undefined; // Not JSON: the caller refuses it as such.
  }
  const parsed = v.safeParse(clientDataSchema, value);
  return parsed.success ? { ...parsed.output, topOrigin: parsed.output.topOrigin } : undefined;
}
