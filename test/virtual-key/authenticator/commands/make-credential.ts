import type { Bytes } from '../../../../shared/bytes/bytes.ts';
import { type CborMap, type CborValue } from '../../../../shared/cbor/value.ts';
import { attest } from '../attestation/attest.ts';
import { buildAuthenticatorData, type UserEvidence } from '../authenticator-data.ts';
import { credentialIdsAt } from '../credential-descriptors.ts';
import { generateKey } from '../credential-key.ts';
import { type Credential, CredProtect, type CredentialUser, hashRpId } from '../credential-store.ts';
import type { Exchange } from '../exchange.ts';
import type { CredentialDraft } from '../extensions/extension.ts';
import { runCreateExtensions } from '../extensions/extensions.ts';
import type { KeyState } from '../key-state.ts';
import { booleanAt, bytesAt, integerAt, mapAt, mapsAt, required, textAt, textsAt, unsignedAt } from '../parameters.ts';
import { Permission } from '../pin-uv-auth/token.ts';
import { type Algorithm, ALGORITHMS, isLegacy, type Settings } from '../settings.ts';
import { CtapFailure, CtapStatus } from '../status.ts';
import { parseUser } from '../user-entity.ts';
import { answerTouchProbe, checkProtocol, collectPresence, verifyUser } from '../user-verification.ts';

interface Request {
  readonly clientDataHash: Bytes;
  readonly rpId: string;
  readonly user: CredentialUser;
  readonly algorithms: readonly number[];
  readonly extensions: CborMap;
  readonly rk: boolean;
  readonly uv: boolean;
  readonly up: boolean | undefined;
  readonly pinUvAuthParam: Bytes | undefined;
  readonly pinUvAuthProtocol: number | undefined;
  readonly enterpriseAttestation: number | undefined;
  /** attestationFormatsPreference. */
  readonly formats: readonly string[] | undefined;
}

/** authenticatorMakeCredential. Source: CTAP 2.1 §6.1.2 (the steps named below), CTAP 2.0 §5.1. */
export async function makeCredential(state: KeyState, parameters: CborMap, exchange: Exchange): Promise<CborMap> {
  const { settings } = state;
  const request = parseRequest(parameters);
  await answerTouchProbe(state, request.pinUvAuthParam, exchange);
  checkProtocol(state, request.pinUvAuthParam, request.pinUvAuthProtocol);
  // Step 3.
  const algorithm = chooseAlgorithm(request.algorithms, settings.algorithms);
  // Step 5.
  if (request.up === false) throw new CtapFailure(CtapStatus.invalidOption);
  if (request.rk && !settings.residentKeys) throw new CtapFailure(CtapStatus.unsupportedOption);
  // Step 9.
  checkEnterpriseAttestation(settings, request.enterpriseAttestation);
  const excludeList = credentialIdsAt(parameters, 5, settings) ?? [];
  const verified = await verifyUser(state, { ...request, permission: Permission.makeCredential, up: true }, exchange);
  // Step 12.
  if (isExcluded(state, request.rpId, excludeList, verified)) {
    await collectPresence(state, verified, exchange);
    throw new CtapFailure(CtapStatus.credentialExcluded);
  }
  // Step 14.
  const evidence = await collectPresence(state, verified, exchange);
  return register(state, request, algorithm, evidence);
}

function register(state: KeyState, request: Request, algorithm: Algorithm, evidence: UserEvidence): CborMap {
  const { settings, store, environment } = state;
  const rpIdHash = hashRpId(request.rpId);
  const draft: CredentialDraft = { credProtect: CredProtect.optional };
  const outputs = runCreateExtensions(request.extensions, {
    state,
    rpId: request.rpId,
    discoverable: request.rk,
    draft,
    evidence,
  });
  const isFull = store.discoverableCount >= settings.maxDiscoverableCredentials;
  if (request.rk && isFull && store.replacedBy(rpIdHash, request.user.id) === undefined) {
    throw new CtapFailure(CtapStatus.keyStoreFull);
  }
  const credential: Credential = {
    ...draft,
    id: environment.random(settings.credentialIdLength),
    rpId: request.rpId,
    rpIdHash,
    discoverable: request.rk,
    user: request.user,
    key: generateKey(algorithm, environment.random.bind(environment)),
    backupEligible: settings.backupEligible,
    backupState: settings.backupState,
    signCount: 0,
  };
  const aaguid = settings.aaguid;
  const authenticatorData = buildAuthenticatorData(credential, evidence, outputs, aaguid);
  const { fmt, attStmt } = attest(state, credential, { authenticatorData, clientDataHash: request.clientDataHash }, request.formats);
  store.add(credential);
  const response = new Map<CborValue, CborValue>([
    [1, fmt],
    [2, authenticatorData],
    [3, attStmt],
  ]);
  // The platform keeps the list of Relying Parties for 2; the key's own list, for 1, is empty.
  if (request.enterpriseAttestation === 2) response.set(4, true);
  if (credential.largeBlobKey !== undefined) response.set(5, credential.largeBlobKey);
  return response;
}

function parseRequest(parameters: CborMap): Request {
  const clientDataHash = required(bytesAt(parameters, 1));
  if (clientDataHash.length !== 32) throw new CtapFailure(CtapStatus.invalidLength);
  const rp = required(mapAt(parameters, 2));
  const user = required(mapAt(parameters, 3));
  const credentialParameters = required(mapsAt(parameters, 4));
  const options = mapAt(parameters, 7) ?? new Map<CborValue, CborValue>();
  return {
    clientDataHash,
    rpId: required(textAt(rp, 'id')),
    user: parseUser(user),
    algorithms: credentialParameters.flatMap(parseAlgorithm),
    extensions: mapAt(parameters, 6) ?? new Map<CborValue, CborValue>(),
    rk: booleanAt(options, 'rk') ?? false,
    uv: booleanAt(options, 'uv') ?? false,
    up: booleanAt(options, 'up'),
    pinUvAuthParam: bytesAt(parameters, 8),
    pinUvAuthProtocol: unsignedAt(parameters, 9),
    enterpriseAttestation: unsignedAt(parameters, 10),
    formats: textsAt(parameters, 11),
  };
}

function parseAlgorithm(entry: CborMap): number[] {
  const type = required(textAt(entry, 'type'));
  const algorithm = required(integerAt(entry, 'alg'));
  return type === 'public-key' ? [algorithm] : [];
}

/** Source: CTAP 2.1 §6.1.2 step 9. */
function checkEnterpriseAttestation(settings: Settings, wanted: number | undefined): void {
  if (wanted === undefined || isLegacy(settings)) return;
  if (settings.enterpriseAttestation !== true) throw new CtapFailure(CtapStatus.invalidParameter);
  if (wanted !== 1 && wanted !== 2) throw new CtapFailure(CtapStatus.invalidOption);
}

/** The first that both sides know, in the platform's order. */
function chooseAlgorithm(wanted: readonly number[], known: readonly Algorithm[]): Algorithm {
  const chosen = wanted
    .map((number) => ALGORITHMS.find((algorithm) => algorithm === number && known.includes(algorithm)))
    .find((algorithm) => algorithm !== undefined);
  if (chosen === undefined) throw new CtapFailure(CtapStatus.unsupportedAlgorithm);
  return chosen;
}

function isExcluded(state: KeyState, rpId: string, ids: readonly Bytes[], { userVerified }: UserEvidence): boolean {
  const rpIdHash = hashRpId(rpId);
  return ids.some((id) => {
    const credential = state.store.find(rpIdHash, id);
    if (credential === undefined) return false;
    return userVerified || credential.credProtect !== CredProtect.required;
  });
}
