import { decodeBase64url, encodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { encodeHex } from '../../../shared/bytes/hex.ts';
import { failure, type Result, success } from '../../../shared/bytes/result.ts';
import { evaluateRegistration, type RegistrationFacts } from '../../../shared/policy/evaluate.ts';
import type { Policy } from '../../../shared/policy/policy.ts';
import { withoutAttestation } from '../../../shared/webauthn/attestation-object.ts';
import { buildClientData, ClientDataType } from '../../../shared/webauthn/client-data.ts';
import { type StructureError, type WebauthnError, webauthnError, WebauthnErrorName } from '../../../shared/webauthn/errors.ts';
import {
  Attachment,
  Attestation,
  type CreationOptions,
  decodeCreationOptions,
  Hint,
  type OptionLimits,
  Requirement,
} from '../../../shared/webauthn/options.ts';
import { buildRegistrationResponse } from '../../../shared/webauthn/response-json.ts';
import { CHECKS } from '../../../shared/verifier/checks.ts';
import type { CredentialRecord } from '../../../shared/verifier/credential-record.ts';
import { Verdict } from '../../../shared/verifier/report.ts';
import { type RegistrationVerification, verifyRegistration } from '../../../shared/verifier/verify-registration.ts';
import { CeremonyKind, CeremonyReason } from '../../../shared/wire/ceremony-state.ts';
import type { ResultOf } from '../../../shared/wire/hop.ts';
import type { MetadataLookup } from '../../../shared/wire/metadata.ts';
import type { NativeHop } from '../../../shared/wire/native.ts';
import type { CredentialStore } from '../credential-store.ts';
import type { HostSession } from '../native-port.ts';
import type { Caller } from '../sender.ts';
import { clientDataInput, descriptorsForHost, expectedOrigins, hashForHost } from './common.ts';
import { prepareRegistrationExtensions } from './extensions/registration.ts';
import { inspectRegistration } from './inspection.ts';
import { anchorsOf, lookUpModel, metadataFacts } from './metadata.ts';
import type { Performed, PreparedCeremony } from './prepared.ts';
import type { RpIdOf } from './rp-id.ts';
import { applyRule, judgeTogether, performedOfHostFailure, refusedByPolicy } from './site-policy.ts';

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
 * @param policy the organisation's.
 * @returns the ceremony, or the exception for the page.
 */
export async function prepareCreate(
  caller: Caller,
  value: unknown,
  store: CredentialStore,
  limits: OptionLimits,
  rpIdOf: RpIdOf,
  policy: Policy,
): Promise<Result<PreparedCeremony, WebauthnError>> {
  const decoded = decodeCreationOptions(value, limits);
  if (!decoded.ok) return decoded;
  const options = decoded.value;
  // Before the RP ID, as browsers do it: that may take a request to its site.
  const prepared = await prepareRegistrationExtensions(caller.origin, options);
  if (!prepared.ok) return prepared;
  const validated = await rpIdOf(options.rp.id);
  if (!validated.ok) return validated;
  if (isForPlatformOnly(options)) {
    return failure(webauthnError(WebauthnErrorName.notAllowed, 'A platform authenticator is asked for, and a security key is none.'));
  }
  const rpId = validated.value;
  const site = applyRule(policy.ruleFor(rpId, caller.origin), CeremonyKind.registration);
  const isAttestationEnforced = site.rule?.fido2?.profiles.some(({ attestationEnforced }) => attestationEnforced) ?? false;
  const userVerification = site.userVerification(options.userVerification);
  const algorithms = site.algorithms(options.algorithms);
  const { forHost, outputs } = prepared.value;
  const clientDataJson = buildClientData(clientDataInput(ClientDataType.create, options.challenge, caller));
  const loading = store.load(rpId);
  const clientDataHash = await hashForHost(clientDataJson);

  /** Verifies what the authenticator really said, then cuts it to what the page asked for. */
  async function judge(result: HostRegistration, session: HostSession, isShared: () => boolean): Promise<Performed> {
    const attestationObject = decodeBase64url(result.attestationObject);
    if (attestationObject === undefined) return BROKEN;
    const common = {
      clientDataJson,
      transports: result.transports,
      authenticatorAttachment: 'cross-platform',
      clientExtensionResults: outputs(result),
    };
    const original = buildRegistrationResponse({ ...common, attestationObject });
    if (!original.ok) return refusedUnread(original.error, result);
    const records = await loading;
    const now = Date.now();
    const model = await modelFor(session, attestationObject);
    const anchors = anchorsOf(model);
    const input = {
      response: original.value,
      expected: {
        ...expectedOrigins(caller),
        challenge: options.challenge,
        rpId,
        requireUserVerification: userVerification === Requirement.required,
        algorithms,
        userHandle: options.user.id,
      },
      now,
      ...(anchors.length === 0 ? {} : { anchors }),
      knownCredentialIds: new Set(records.keys()),
      keyCache: store.keyCache,
    };
    const verification = await verifyRegistration(input);
    const { report, credential, attestation } = verification;
    const { enterpriseAttestation } = result;
    const judged = credential && site.rule && evaluateRegistration(site.rule, registrationFacts(credential, attestation, model, now));
    const together = judgeTogether(report, judged, site.mode);
    const judgement = {
      ...together.judgement,
      ...(enterpriseAttestation === undefined ? {} : { enterpriseAttestation }),
      inspect: () => inspectRegistration({ input, verification, policy: judged, model, session }),
    };
    if (together.held !== undefined) {
      const orphan = isOrphan(original.value.id, records, result) ? { orphan: { credentialId: original.value.id } } : {};
      return { outcome: 'refused', reason: together.held, judgement, ...orphan };
    }
    // Asked now: until the key answered, the user may have changed their mind.
    const forPage = isAttestationWanted(options) && isShared() ? success(attestationObject) : withoutAttestation(attestationObject);
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

  /**
   * The credential of a refused registration is to be removed from its key. What is not discoverable takes no room
   * there, and is nothing without the site. And a broken key may name one that was there before, and must stay.
   */
  function isOrphan(id: string, records: ReadonlyMap<string, CredentialRecord>, { discoverable }: HostRegistration): boolean {
    const wasListed = options.excludeCredentials.some((descriptor) => encodeBase64url(descriptor.id) === id);
    return discoverable !== false && !wasListed && !records.has(id);
  }

  /** Metadata is asked for where the page or the policy cares for the attestation; a stale one only by the policy. */
  async function modelFor(session: HostSession, attestationObject: Bytes): Promise<MetadataLookup | undefined> {
    if (!isAttestationEnforced && !isAttestationWanted(options)) return undefined;
    const model = await lookUpModel(session, attestationObject);
    return isAttestationEnforced || model?.status.state === 'current' ? model : undefined;
  }

  return success({
    kind: CeremonyKind.registration,
    caller,
    rpId,
    userName: options.user.name,
    ...(isAttestationWanted(options) ? { attestation: options.attestation } : {}),
    timeout: options.timeout,
    async perform(session, { id, timeout, promptVisible, signal, onState, onAnswer, isAttestationShared }) {
      if (site.refusal !== undefined) return site.refusal;
      if (algorithms.length === 0) return refusedByPolicy([ALGORITHMS_REFUSED]);
      // What the page does not get is not asked for; a policy that wants an attestation has none of "none".
      const formats = isAttestationWanted(options) ? options.attestationFormats.filter((format) => format !== 'none' || !isAttestationEnforced) : [];
      const answer = await session.request(
        'registration.start',
        {
          clientDataHash,
          rp: { id: rpId, name: options.rp.name },
          user: { ...options.user, id: encodeBase64url(options.user.id) },
          algorithms: algorithms.slice(0, MAX_ALGORITHMS),
          excludeCredentials: descriptorsForHost(options.excludeCredentials),
          residentKey: options.residentKey,
          userVerification,
          extensions: forHost,
          ...site.requirements,
          ...(options.attestation === Attestation.enterprise ? { enterpriseAttestation: VENDOR_FACILITATED } : {}),
          ...(formats.length === 0 ? {} : { attestationFormats: formats }),
          timeout,
          promptVisible,
        },
        { id, signal, onEvent: ({ data }) => onState(data) },
      );
      if (!answer.ok) return performedOfHostFailure(answer.error, site);
      onAnswer();
      return judge(answer.value, session, isAttestationShared);
    },
  });
}

/** No response can be made of what the key said, for any site. Which credential it has made, it did not tell. */
function refusedUnread({ structure, detail }: StructureError, { discoverable }: HostRegistration): Performed {
  const id = structure === 'authenticatorData' ? 'authenticatorData.form' : 'attestationObject.form';
  const judgement = { verdict: Verdict.refused, failedChecks: [{ id, spec: CHECKS[id].registration, detail }] };
  return { outcome: 'refused', reason: CeremonyReason.refused, judgement, ...(discoverable === false ? {} : { orphan: {} }) };
}

const ALGORITHMS_REFUSED = {
  id: 'policy.algorithm',
  spec: 'algorithms',
  detail: 'The policy allows none of the algorithms that the site offers.',
} as const;

function registrationFacts(
  credential: CredentialRecord,
  attestation: RegistrationVerification['attestation'],
  model: MetadataLookup | undefined,
  now: number,
): RegistrationFacts {
  const { aaguid, attestationFormat, backupEligible, userVerified, algorithm } = credential;
  return {
    aaguid: encodeHex(decodeBase64url(aaguid) ?? new Uint8Array()),
    fmt: attestationFormat,
    backupEligible,
    userVerified,
    algorithm,
    metadata: metadataFacts(model, now, attestation?.trustPath ?? []),
    ...(model?.status.state === 'none' ? { metadataProblem: model.status.detail } : {}),
    ...(attestation === undefined ? {} : { attestation: { type: attestation.type, isTrusted: attestation.isTrusted } }),
  };
}

/** Only the browser's proxy brings such calls. The first hint comes before the attachment (WebAuthn L3 §5.8.7). */
function isForPlatformOnly({ authenticatorAttachment, hints }: CreationOptions): boolean {
  return authenticatorAttachment === Attachment.platform && hints[0] !== Hint.securityKey;
}

/** `indirect` lets the client choose, and less is better. Source: WebAuthn L3 §5.4.7. */
function isAttestationWanted(
  options: CreationOptions,
): options is CreationOptions & { readonly attestation: typeof Attestation.direct | typeof Attestation.enterprise } {
  const { attestation } = options;
  return attestation === Attestation.direct || attestation === Attestation.enterprise;
}
