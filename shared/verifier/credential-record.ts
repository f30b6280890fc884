import * as v from 'valibot';

import { decodeBase64url } from '../bytes/base64url.ts';
import { MAX_CREDENTIAL_ID_BYTES } from '../webauthn/options.ts';

/** A credential ID as base64url. Source: WebAuthn L3 §4, "Credential ID". */
export const credentialIdSchema = v.pipe(
  v.string(),
  v.maxLength(Math.ceil((MAX_CREDENTIAL_ID_BYTES * 4) / 3)),
  v.check((text) => (decodeBase64url(text)?.length ?? 0) > 0, 'not canonical base64url'),
);
/** Bytes of a record as base64url. */
export const recordBytesSchema = v.pipe(
  v.string(),
  v.maxLength(8192),
  v.check((text) => decodeBase64url(text) !== undefined, 'not canonical base64url'),
);
const uint32 = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));

const schema = v.object({
  credentialId: credentialIdSchema,
  /** COSE_Key, base64url. */
  publicKey: recordBytesSchema,
  /** COSE algorithm identifier. */
  algorithm: v.pipe(v.number(), v.integer()),
  signCount: uint32,
  backupEligible: v.boolean(),
  backupState: v.boolean(),
  userVerified: v.boolean(),
  /** 16 bytes, base64url. Without a verified attestation it proves nothing. */
  aaguid: recordBytesSchema,
  /** Attestation format of the registration, as the authenticator made it. */
  attestationFormat: v.pipe(v.string(), v.maxLength(32)),
  rpId: v.pipe(v.string(), v.maxLength(254)),
  /** `user.id` of the registration, base64url. */
  userHandle: recordBytesSchema,
  transports: v.pipe(v.array(v.pipe(v.string(), v.maxLength(64))), v.maxLength(64)),
  /** Milliseconds since 1970. */
  createdAt: v.pipe(v.number(), v.minValue(0)),
});

/**
 * What is kept of a credential that was seen being registered: public data only.
 *
 * Source: WebAuthn L3 §4, "Credential Record".
 */
export type CredentialRecord = Readonly<v.InferOutput<typeof schema>>;

/** Decodes a record from storage; `undefined` for anything that is none. */
export function decodeCredentialRecord(value: unknown): CredentialRecord | undefined {
  const parsed = v.safeParse(schema, value);
  return parsed.success ? parsed.output : undefined;
}
