import { decodeBase64url, encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { type Result, success } from '../../../shared/bytes/result.ts';
import { withoutAttestation } from '../../../shared/webauthn/attestation-object.ts';
import { buildClientData, ClientDataType } from '../../../shared/webauthn/client-data.ts';
import type { WebauthnError } from '../../../shared/webauthn/errors.ts';
import {
  Attestation,
  type CreationOptions,
  decodeCreationOptions,
  type OptionLimits,
  Requirement,
} from '../../../shared/webauthn/options.ts';
import { buildRegistrationResponse } from '../../../shared/webauthn/response-json.ts';
import { verifyRegistration } from '../../../shared/verifier/verify-registration.ts';
import { CeremonyKind, CeremonyReason } from '../../../shared/wire/ceremony-state.ts';
import type { ResultOf } from '../../../shared/wire/hop.ts';
import type { NativeHop } from '../../../shared/wire/native.ts';
import type { CredentialStore } from '../credential-store.ts';
import type { Caller } from '../sender.ts';
import { clientDataInput, descriptorsForHost, expectedOrigins, hashForHost } from './common.ts';
import { prepareRegistrationExtensions } from './extensions/registration.ts';
import { reasonOfHostFailure } from './host-failure.ts';
import { type Performed, type PreparedCeremony, summarise } from './prepared.ts';
import type { RpIdOf } from './rp-id.ts';

type HostRegistration = ResultOf<NativeHop, 'registration.start'>;

/** More algorithms than exist; a longer list says nothing. */
const MAX_ALGORITHMS = 64;

/** The key's vendor has listed the RP IDs that may identify the key. Source: CTAP 2.2 §6.1.3. */
const VENDOR_FACILITATED = 1;

const BROKEN: Performed = { outcome: 'failed', reason: CeremonyReason.deviceError };

/**
 * Prepares a registration: options, defaults, RP ID and client data.
 *
 * Source: WebAuthn L3 §5.1.3 steps 4 to 15.
 *
 * @param rpIdOf decides which RP ID is used for the one that the page asks for.
 * @returns the ceremony, or the exception for the page.
 */
export async function prepareCreate(
  caller: Caller,
  value: unknown,
  store: CredentialStore,
  limits: OptionLimits,
  rpIdOf: RpIdOf,
): Promise<Result<PreparedCeremony, WebauthnError>> {
  const decoded = decodeCreationOptions(value, limits);
  if (!decoded.ok) return decoded;
  const options = decoded.value;
  const validated = await rpIdOf(options.rp.id);
  if (!validated.ok) return validated;
  const rpId = validated.value;
  const prepared = await prepareRegistrationExtensions(caller.origin, options);
  if (!prepared.ok) return prepared;
  const { forHost, outputs } = prepared.value;
  const clientDataJson = buildClientData(clientDataInput(ClientDataType.create, options.challenge, caller));
  const loading = store.load(rpId);
  const clientDataHash = await hashForHost(clientDataJson);

  /** Verifies what the authenticator really said, then cuts it to what the page asked for. */
  async function judge(result: HostRegistration): Promise<Performed> {
    const attestationObject = decodeBase64url(result.attestationObject);
    if (attestationObject === undefined) return BROKEN;
    const common = {
      clientDataJson,
      transports: result.transports,
      authenticatorAttachment: 'cross-platform',
      clientExtensionResults: outputs(result),
    };
    const original = buildRegistrationResponse({ ...common, attestationObject });
    if (!original.ok) return BROKEN;
    const records = await loading;
    const { report, credential } = await verifyRegistration({
      response: original.value,
      expected: {
        ...expectedOrigins(caller),
        challenge: options.challenge,
        rpId,
        requireUserVerification: options.userVerification === Requirement.required,
        algorithms: options.algorithms,
        userHandle: options.user.id,
      },
      now: Date.now(),
      knownCredentialIds: new Set(records.keys()),
    });
    const { enterpriseAttestation } = result;
    const judgement = { ...summarise(report), ...(enterpriseAttestation === undefined ? {} : { enterpriseAttestation }) };
    if (report.verdict === 'refused') return { outcome: 'refused', judgement };
    const forPage = isAttestationWanted(options) ? success(attestationObject) : withoutAttestation(attestationObject);
    const response = forPage.ok ? buildRegistrationResponse({ ...common, attestationObject: forPage.value }) : forPage;
    if (!response.ok) return BROKEN;
    return {
      outcome: 'credential',
      credential: response.value,
      judgement,
      keep: async () => {
        if (credential !== undefined && !caller.isPrivate) await store.add(credential);
      },
    };
  }

  return success({
    kind: CeremonyKind.registration,
    caller,
    rpId,
    userName: options.user.name,
    timeout: options.timeout,
    async perform(session, { id, timeout, promptVisible, signal, onState }) {
      const answer = await session.request(
        'registration.start',
        {
          clientDataHash,
          rp: { id: rpId, name: options.rp.name },
          user: { ...options.user, id: encodeBase64url(options.user.id) },
          algorithms: options.algorithms.slice(0, MAX_ALGORITHMS),
          excludeCredentials: descriptorsForHost(options.excludeCredentials),
          residentKey: options.residentKey,
          userVerification: options.userVerification,
          extensions: forHost,
          ...(options.attestation === Attestation.enterprise ? { enterpriseAttestation: VENDOR_FACILITATED } : {}),
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

/** `indirect` lets the client choose, and less is better. Source: WebAuthn L3 §5.4.7. */
function isAttestationWanted({ attestation }: CreationOptions): boolean {
  return attestation === Attestation.direct || attestation === Attestation.enterprise;
}
