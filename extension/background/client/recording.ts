import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { ExpectedCommon } from '../../../shared/verifier/common.ts';
import type { AuthenticationInput } from '../../../shared/verifier/verify-authentication.ts';
import type { RegistrationInput } from '../../../shared/verifier/verify-registration.ts';
import type { AuthenticatorData } from '../../../shared/webauthn/authenticator-data.ts';
import type { AuthenticationResponseJson, ExtensionOutputsJson, RegistrationResponseJson } from '../../../shared/webauthn/json.ts';

/** A recorded ceremony in the form that `keystile verify` takes (docs/VERIFIER.md). */
type Recording = Record<string, unknown>;

/** Characters of JSON; beyond, a ceremony is judged, but not kept. */
const MAX_RECORDING = 40_960;

/** Outputs of client extensions that the verifier looks at, and that tell no secret. */
const KEPT_OUTPUTS: readonly string[] = ['appid', 'appidExclude', 'credProps'];

/** Records a registration so that it is judged again by what it was judged by. `undefined`: it is too large. */
export function recordRegistration({ response, expected, now, anchors, knownCredentialIds }: RegistrationInput & { readonly response: RegistrationResponseJson }): Recording | undefined {
  return bounded({
    name: `registration at ${expected.rpId}`,
    kind: 'registration',
    response: withoutSecrets(response),
    expected: {
      ...recordCommon(expected),
      at: now,
      algorithms: expected.algorithms,
      userHandle: encodeBase64url(expected.userHandle),
    },
    ...(anchors === undefined ? {} : { trustRoots: anchors.map((anchor) => encodeBase64url(anchor)) }),
    // The IDs of other credentials say nothing about this one.
    ...(knownCredentialIds === undefined ? {} : { knownCredentialIds: knownCredentialIds.has(response.id) ? [response.id] : [] }),
  });
}

/**
 * Records an authentication so that it is judged again by what it was judged by.
 *
 * @returns `undefined` when it is too large, or when the signed data hold a secret that the site keeps on the key.
 */
export function recordAuthentication(
  { response, expected, credential }: AuthenticationInput & { readonly response: AuthenticationResponseJson },
  authenticatorData: AuthenticatorData | undefined,
): Recording | undefined {
  if (authenticatorData?.extensions?.has('credBlob') === true) return undefined;
  const { allowCredentials, userHandle, requireUserHandle, appId } = expected;
  return bounded({
    name: `authentication at ${expected.rpId}`,
    kind: 'authentication',
    response: withoutSecrets(response),
    expected: {
      ...recordCommon(expected),
      ...(allowCredentials === undefined ? {} : { allowCredentials: allowCredentials.map((id) => encodeBase64url(id)) }),
      ...(userHandle === undefined ? {} : { userHandle: encodeBase64url(userHandle) }),
      ...(requireUserHandle === undefined ? {} : { requireUserHandle }),
      ...(appId === undefined ? {} : { appId }),
    },
    ...(credential === undefined
      ? {}
      : {
          credential: {
            id: credential.credentialId,
            publicKey: credential.publicKey,
            counter: credential.signCount,
            ...(credential.backupEligible === undefined ? {} : { backupEligible: credential.backupEligible }),
            ...(credential.userHandle === undefined ? {} : { userHandle: credential.userHandle }),
          },
        }),
  });
}

function recordCommon({ challenge, origins, topOrigins = [], allowCrossOrigin, rpId, requireUserVerification }: ExpectedCommon): Recording {
  const [origin = ''] = origins;
  const [topOrigin] = topOrigins;
  return {
    challenge: encodeBase64url(challenge),
    origin,
    rpId,
    requireUserVerification,
    allowCrossOrigin,
    ...(topOrigin === undefined ? {} : { topOrigin }),
  };
}

/** Results of `prf` and the contents of blobs are keys and secrets of the site. */
function withoutSecrets(response: RegistrationResponseJson | AuthenticationResponseJson): RegistrationResponseJson | AuthenticationResponseJson {
  const clientExtensionResults: ExtensionOutputsJson = Object.fromEntries(
    Object.entries(response.clientExtensionResults).filter(([name]) => KEPT_OUTPUTS.includes(name)),
  );
  return { ...response, clientExtensionResults };
}

function bounded(recording: Recording): Recording | undefined {
  return JSON.stringify(recording).length <= MAX_RECORDING ? recording : undefined;
}
