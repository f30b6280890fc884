import { decodeBase64url } from '../../../shared/bytes/base64url.ts';
import { encodeHex } from '../../../shared/bytes/hex.ts';
import { type Result, success } from '../../../shared/bytes/result.ts';
import { type AuthenticationFacts, evaluateAuthentication } from '../../../shared/policy/evaluate.ts';
import type { Policy } from '../../../shared/policy/policy.ts';
import { type AuthenticatorData, parseAuthenticatorData } from '../../../shared/webauthn/authenticator-data.ts';
import { buildClientData, ClientDataType } from '../../../shared/webauthn/client-data.ts';
import type { WebauthnError } from '../../../shared/webauthn/errors.ts';
import { decodeRequestOptions, type OptionLimits, Requirement } from '../../../shared/webauthn/options.ts';
import { buildAuthenticationResponse } from '../../../shared/webauthn/response-json.ts';
import type { CredentialRecord } from '../../../shared/verifier/credential-record.ts';
import type { LearnedCredential } from '../../../shared/verifier/learned-key.ts';
import { Verdict } from '../../../shared/verifier/report.ts';
import { type KnownCredential, verifyAuthentication } from '../../../shared/verifier/verify-authentication.ts';
import { CeremonyKind, CeremonyReason } from '../../../shared/wire/ceremony-state.ts';
import type { ResultOf } from '../../../shared/wire/hop.ts';
import type { NativeHop } from '../../../shared/wire/native.ts';
import type { CredentialStore } from '../credential-store.ts';
import type { HostSession } from '../native-port.ts';
import type { Caller } from '../sender.ts';
import { clientDataInput, descriptorsForHost, expectedOrigins, hashForHost } from './common.ts';
import { prepareAuthenticationExtensions } from './extensions/authentication.ts';
import { inspectAuthentication } from './inspection.ts';
import type { Performed, PreparedCeremony } from './prepared.ts';
import type { RpIdOf } from './rp-id.ts';
import { applyRule, judgeTogether, performedOfHostFailure } from './site-policy.ts';

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
  policy: Policy,
): Promise<Result<PreparedCeremony, WebauthnError>> {
  const decoded = decodeRequestOptions(value, limits);
  if (!decoded.ok) return decoded;
  const options = decoded.value;
  // Before the RP ID, as browsers do it: that may take a request to its site.
  const prepared = await prepareAuthenticationExtensions(caller.origin, options);
  if (!prepared.ok) return prepared;
  const validated = await rpIdOf(options.rpId);
  if (!validated.ok) return validated;
  const rpId = validated.value;
  const site = applyRule(policy.ruleFor(rpId, caller.origin), CeremonyKind.authentication);
  const userVerification = site.userVerification(options.userVerification);
  const { forHost, outputs } = prepared.value;
  const { appId } = forHost;
  const clientDataJson = buildClientData(clientDataInput(ClientDataType.get, options.challenge, caller));
  const allowed = options.allowCredentials.map(({ id }) => id);
  const loading = store.load(rpId);
  store.warm(rpId, allowed);
  const learning = store.loadLearned(rpId);
  const clientDataHash = await hashForHost(clientDataJson);
  const hash = decodeBase64url(clientDataHash);

  async function judge(result: HostAuthentication, session: HostSession): Promise<Performed> {
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
    const record = (await loading).get(response.id);
    const credential = record ?? knownByLearning((await learning).get(response.id));
    const input = {
      response,
      expected: {
        ...expectedOrigins(caller),
        challenge: options.challenge,
        rpId,
        requireUserVerification: userVerification === Requirement.required,
        allowCredentials: allowed,
        requireUserHandle: allowed.length === 0,
        ...(appId === undefined ? {} : { appId }),
      },
      ...(credential === undefined ? {} : { credential }),
      keyCache: store.keyCache,
    };
    const { report, update } = await verifyAuthentication(input);
    const parsed = parseAuthenticatorData(authenticatorData);
    const judged = parsed.ok && site.rule ? evaluateAuthentication(site.rule, authenticationFacts(parsed.value, record)) : undefined;
    const { judgement: inShort, held } = judgeTogether(report, judged, site.mode);
    const judgement = {
      ...inShort,
      inspect: () =>
        inspectAuthentication({
          input,
          report,
          policy: judged,
          authenticatorData: parsed.ok ? parsed.value : undefined,
          aaguid: record && decodeBase64url(record.aaguid),
          session,
        }),
    };
    // Unverifiable is no refusal: the credential may have been registered without Keystile, and the site judges it anyway.
    if (held !== undefined) return { outcome: 'refused', reason: held, judgement };
    return {
      outcome: 'credential',
      credential: response,
      judgement,
      keep: async () => {
        if (caller.isPrivate) return;
        if (record !== undefined) {
          if (update !== undefined) await store.add({ ...record, ...update });
        } else if (report.verdict !== Verdict.refused && parsed.ok && hash !== undefined) {
          const { signCount, backupEligible, backupState } = parsed.value;
          const assertion = { authenticatorData, clientDataHash: hash, signature };
          await store.learn({ assertion, credentialId: response.id, rpId, signCount, backupEligible, backupState, now: Date.now() });
        }
      },
    };
  }

  return success({
    kind: CeremonyKind.authentication,
    caller,
    rpId,
    timeout: options.timeout,
    async perform(session, { id, timeout, promptVisible, signal, onState, onAnswer }) {
      if (site.refusal !== undefined) return site.refusal;
      const answer = await session.request(
        'authentication.start',
        {
          clientDataHash,
          rpId,
          allowCredentials: descriptorsForHost(options.allowCredentials),
          userVerification,
          extensions: forHost,
          ...site.requirements,
          timeout,
          promptVisible,
        },
        { id, signal, onEvent: ({ data }) => onState(data) },
      );
      if (!answer.ok) return performedOfHostFailure(answer.error, site);
      onAnswer();
      return judge(answer.value, session);
    },
  });
}

/** A key counts once two signatures agree on it. */
function knownByLearning(learned: LearnedCredential | undefined): KnownCredential | undefined {
  const [publicKey] = learned?.candidates ?? [];
  if (learned?.isConfirmed !== true || publicKey === undefined) return undefined;
  const { credentialId, rpId, signCount, backupEligible } = learned;
  return { credentialId, rpId, publicKey, signCount, backupEligible };
}

function authenticationFacts(
  { backupEligible, userVerified }: AuthenticatorData,
  credential: CredentialRecord | undefined,
): AuthenticationFacts {
  if (credential === undefined) return { backupEligible, userVerified };
  const { aaguid, algorithm } = credential;
  return { backupEligible, userVerified, algorithm, aaguid: encodeHex(decodeBase64url(aaguid) ?? new Uint8Array()) };
}
