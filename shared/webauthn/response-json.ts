import { encodeBase64url } from '../bytes/base64url.ts';
import type { Bytes } from '../bytes/bytes.ts';
import { success, failure, type Result } from '../bytes/result.ts';
import { decodeCoseKey } from '../cose/cose-key.ts';
import { encodeSpki } from '../cose/spki.ts';
import { parseAttestationObject } from './attestation-object.ts';
import { type StructureError, structureError } from './errors.ts';
import type { AuthenticationResponseJson, ExtensionOutputsJson, RegistrationResponseJson } from './json.ts';

/** What a registration gave; `attestationObject` is the one the page shall have (see `withoutAttestation`). */
export interface RegistrationResult {
  readonly clientDataJson: Bytes;
  readonly attestationObject: Bytes;
  /** In any order, with repetitions. */
  readonly transports: readonly string[];
  readonly authenticatorAttachment?: string;
  readonly clientExtensionResults: ExtensionOutputsJson;
}

/** What an authentication gave. */
export interface AuthenticationResult {
  readonly clientDataJson: Bytes;
  readonly credentialId: Bytes;
  readonly authenticatorData: Bytes;
  readonly signature: Bytes;
  readonly userHandle?: Bytes;
  readonly authenticatorAttachment?: string;
  readonly clientExtensionResults: ExtensionOutputsJson;
}

/**
 * Builds RegistrationResponseJSON, its members in the order in which browsers give them (by name). Transports are unique and sorted; `publicKey` is absent for keys whose
 * SubjectPublicKeyInfo is not known here, as the specification lets a client do.
 *
 * Source: WebAuthn L3 §5.1.8 (JSON form), §5.2.1 and §5.2.1.1 (easy access to credential data).
 *
 * @returns an error when the attestation object is broken or has no credential in it.
 */
export function buildRegistrationResponse(result: RegistrationResult): Result<RegistrationResponseJson, StructureError> {
  const parsed = parseAttestationObject(result.attestationObject);
  if (!parsed.ok) return parsed;
  const attested = parsed.value.authenticatorData.attestedCredentialData;
  if (attested === undefined) return failure(structureError('authenticatorData', 'It has no credential in it.'));
  const key = decodeCoseKey(attested.publicKey);
  const publicKeyAlgorithm = key.ok ? key.value.algorithm : key.error.algorithm;
  if (publicKeyAlgorithm === undefined) return failure(structureError('authenticatorData', 'Its key names no algorithm.'));
  const id = encodeBase64url(attested.credentialId);
  return success({
    ...(result.authenticatorAttachment === undefined ? {} : { authenticatorAttachment: result.authenticatorAttachment }),
    clientExtensionResults: result.clientExtensionResults,
    id,
    rawId: id,
    response: {
      attestationObject: encodeBase64url(result.attestationObject),
      authenticatorData: encodeBase64url(parsed.value.authData),
      clientDataJSON: encodeBase64url(result.clientDataJson),
      ...(key.ok ? { publicKey: encodeBase64url(encodeSpki(key.value)) } : {}),
      publicKeyAlgorithm,
      transports: [...new Set(result.transports)].sort(),
    },
    type: 'public-key',
  });
}

/** Builds AuthenticationResponseJSON, in the same order; a missing `userHandle` stays missing. Source: WebAuthn L3 §5.1.8. */
export function buildAuthenticationResponse(result: AuthenticationResult): AuthenticationResponseJson {
  const id = encodeBase64url(result.credentialId);
  return {
    ...(result.authenticatorAttachment === undefined ? {} : { authenticatorAttachment: result.authenticatorAttachment }),
    clientExtensionResults: result.clientExtensionResults,
    id,
    rawId: id,
    response: {
      authenticatorData: encodeBase64url(result.authenticatorData),
      clientDataJSON: encodeBase64url(result.clientDataJson),
      signature: encodeBase64url(result.signature),
      ...(result.userHandle === undefined ? {} : { userHandle: encodeBase64url(result.userHandle) }),
    },
    type: 'public-key',
  };
}
