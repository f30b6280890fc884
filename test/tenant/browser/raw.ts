import { type PublicKeyCredentialCreationOptionsJSON, type PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser';

// The older way to call WebAuthn, as large identity providers do it: bytes decoded by hand, results read member by
// member, and anything that is not an instance of the browser's own classes refused.

/** Creation options with bytes in place of base64url. `json` comes from the tenant, which is trusted here. */
export function creationOptions(json: unknown): PublicKeyCredentialCreationOptions {
  const { challenge, user, excludeCredentials, hints, attestation, authenticatorSelection, rp, pubKeyCredParams, timeout, extensions } =
    json as PublicKeyCredentialCreationOptionsJSON;
  const options = {
    rp,
    user: { ...user, id: decode(user.id) },
    challenge: decode(challenge),
    pubKeyCredParams,
    timeout,
    attestation,
    authenticatorSelection,
    hints,
    extensions,
    excludeCredentials: excludeCredentials?.map((descriptor) => ({ ...descriptor, id: decode(descriptor.id) })),
  };
  return options as PublicKeyCredentialCreationOptions;
}

/** Request options with bytes in place of base64url. `json` comes from the tenant, which is trusted here. */
export function requestOptions(json: unknown): PublicKeyCredentialRequestOptions {
  const { challenge, allowCredentials, rpId, timeout, userVerification } = json as PublicKeyCredentialRequestOptionsJSON;
  const options = {
    challenge: decode(challenge),
    rpId,
    timeout,
    userVerification,
    allowCredentials: allowCredentials?.map((descriptor) => ({ ...descriptor, id: decode(descriptor.id) })),
  };
  return options as PublicKeyCredentialRequestOptions;
}

/** The credential, if it is one of the browser's own class. */
export function checkedCredential(credential: Credential | null): PublicKeyCredential {
  if (credential instanceof PublicKeyCredential) return credential;
  throw new TypeError('the browser returned no PublicKeyCredential');
}

/** RegistrationResponseJSON of a new credential. */
export function attestationToJson(credential: PublicKeyCredential): Record<string, unknown> {
  const { response } = credential;
  if (!(response instanceof AuthenticatorAttestationResponse)) throw new TypeError('the response is no AuthenticatorAttestationResponse');
  return {
    ...common(credential),
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      attestationObject: encode(response.attestationObject),
      transports: response.getTransports(),
    },
  };
}

/** AuthenticationResponseJSON of an assertion. */
export function assertionToJson(credential: PublicKeyCredential): Record<string, unknown> {
  const { response } = credential;
  if (!(response instanceof AuthenticatorAssertionResponse)) throw new TypeError('the response is no AuthenticatorAssertionResponse');
  return {
    ...common(credential),
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      authenticatorData: encode(response.authenticatorData),
      signature: encode(response.signature),
      userHandle: response.userHandle ? encode(response.userHandle) : null,
    },
  };
}

function common(credential: PublicKeyCredential): Record<string, unknown> {
  return {
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

function decode(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}

function encode(bytes: ArrayBuffer): string {
  const binary = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
