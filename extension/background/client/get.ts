import { decodeBase64url } from '../../../shared/bytes/base64url.ts';
import { type Result, success } from '../../../shared/bytes/result.ts';
import { buildClientData, ClientDataType } from '../../../shared/webauthn/client-data.ts';
import type { WebauthnError } from '../../../shared/webauthn/errors.ts';
import { decodeRequestOptions, type OptionLimits, Requirement } from '../../../shared/webauthn/options.ts';
import { buildAuthenticationResponse } from '../../../shared/webauthn/response-json.ts';
import { verifyAuthentication } from '../../../shared/verifier/verify-authentication.ts';
import { CeremonyKind, CeremonyReason } from '../../../shared/wire/ceremony-state.ts';
import type { ResultOf } from '../../../shared/wire/hop.ts';
import type { NativeHop } from '../../../shared/wire/native.ts';
import type { CredentialStore } from '../credential-store.ts';
import type { Caller } from '../sender.ts';
import { clientDataInput, descriptorsForHost, expectedOrigins, hashForHost } from './common.ts';
import { prepareAuthenticationExtensions } from './extensions/authentication.ts';
import { reasonOfHostFailure } from './host-failure.ts';
import { type Performed, type PreparedCeremony, summarise } from './prepared.ts';
import type { RpIdOf } from './rp-id.ts';

type HostAuthentication = ResultOf<NativeHop, 'authentication.start'>;

/**
 * Prepares an authentication: options, defaults, RP ID and client data. What is known of the site's credentials is
 * loaded, and their keys are imported, while the user reaches for the key.
 *
 * Source: WebAuthn L3 §5.1.4.2 steps 3 to 13.
 *
 * @param rpIdOf decides which RP ID is used for the one that the page asks for.
 * @returns the ceremony, or the exception for the page.
 */
export async function prepareGet(
  caller: Caller,
  value: unknown,
  store: CredentialStore,
  limits: OptionLimits,
  rpIdOf: RpIdOf,
): Promise<Result<PreparedCeremony, WebauthnError>> {
  const decoded = decodeRequestOptions(value, limits);
  if (!decoded.ok) return decoded;
  const options = decoded.value;
  const validated = await rpIdOf(options.rpId);
  if (!validated.ok) return validated;
  const rpId = validated.value;
  const prepared = await prepareAuthenticationExtensions(caller.origin, options);
  if (!prepared.ok) return prepared;
  const { forHost, outputs } = prepared.value;
  const { appId } = forHost;
  const clientDataJson = buildClientData(clientDataInput(ClientDataType.get, options.challenge, caller));
  const allowed = options.allowCredentials.map(({ id }) => id);
  const loading = store.load(rpId);
  store.warm(rpId, allowed);
  const clientDataHash = await hashForHost(clientDataJson);

  async function judge(result: HostAuthentication): Promise<Performed> {
    const [credentialId, authenticatorData, signature] = [result.credentialId, result.authenticatorData, result.signature].map(
      (text) => decodeBase64url(text),
    );
    const userHandle = result.userHandle === undefined ? undefined : decodeBase64url(result.userHandle);
    if (credentialId === undefined || authenticatorData === undefined || signature === undefined) {
      return { outcome: 'failed', reason: CeremonyReason.deviceError };
    }
    const response = buildAuthenticationResponse({
      clientDataJson,
      credentialId,
      authenticatorData,
      signature,
      ...(userHandle === undefined ? {} : { userHandle }),
      authenticatorAttachment: 'cross-platform',
      clientExtensionResults: outputs(result),
    });
    const credential = (await loading).get(response.id);
    const { report, update } = await verifyAuthentication({
      response,
      expected: {
        ...expectedOrigins(caller),
        challenge: options.challenge,
        rpId,
        requireUserVerification: options.userVerification === Requirement.required,
        allowCredentials: allowed,
        requireUserHandle: allowed.length === 0,
        ...(appId === undefined ? {} : { appId }),
      },
      ...(credential === undefined ? {} : { credential }),
      keyCache: store.keyCache,
    });
    const judgement = summarise(report);
    // Unverifiable is no refusal: the credential may have been registered without Keystile, and the site judges it anyway.
    if (report.verdict === 'refused') return { outcome: 'refused', judgement };
    return {
      outcome: 'credential',
      credential: response,
      judgement,
      keep: async () => {
        if (credential !== undefined && update !== undefined && !caller.isPrivate) await store.add({ ...credential, ...update });
      },
    };
  }

  return success({
    kind: CeremonyKind.authentication,
    caller,
    rpId,
    timeout: options.timeout,
    async perform(session, { id, timeout, promptVisible, signal, onState }) {
      const answer = await session.request(
        'authentication.start',
        {
          clientDataHash,
          rpId,
          allowCredentials: descriptorsForHost(options.allowCredentials),
          userVerification: options.userVerification,
          extensions: forHost,
          timeout,
          promptVisible,
        },
        { id, signal, onEvent: ({ data }) => onState(data) },
      );
      if (!answer.ok) return { outcome: 'failed', reason: reasonOfHostFailure(answer.error) };
      return judge(answer.value);
    },
  });
}
