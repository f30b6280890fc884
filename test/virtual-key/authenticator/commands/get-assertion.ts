import { type Bytes, concatBytes } from '../../../../shared/bytes/bytes.ts';
import { type CborMap, type CborValue } from '../../../../shared/cbor/value.ts';
import { buildAuthenticatorData, type UserEvidence } from '../authenticator-data.ts';
import { credentialIdsAt } from '../credential-descriptors.ts';
import { signWith } from '../credential-key.ts';
import { type Credential, CredProtect, hashRpId } from '../credential-store.ts';
import type { Exchange } from '../exchange.ts';
import { runGetExtensions } from '../extensions/extensions.ts';
import type { KeyState } from '../key-state.ts';
import { booleanAt, bytesAt, mapAt, required, textAt, unsignedAt } from '../parameters.ts';
import { Permission } from '../pin-uv-auth/token.ts';
import { CtapFailure, CtapStatus } from '../status.ts';
import { encodeUser } from '../user-entity.ts';
import { answerTouchProbe, checkProtocol, collectPresence, verifyUser } from '../user-verification.ts';

/** What stays the same for all assertions of one request. */
export interface AssertionContext {
  readonly clientDataHash: Bytes;
  readonly evidence: UserEvidence;
  readonly extensions: CborMap;
}

/** What the response tells besides the assertion itself. */
export interface AssertionMembers {
  readonly omitCredential: boolean;
  /** Names go out only when there is something to choose and the user was verified. */
  readonly withNames: boolean;
  readonly numberOfCredentials: number | undefined;
}

/** authenticatorGetAssertion. Source: CTAP 2.1 §6.2.2, CTAP 2.0 §5.2. */
export async function getAssertion(state: KeyState, parameters: CborMap, exchange: Exchange): Promise<CborMap> {
  const rpId = required(textAt(parameters, 1));
  const clientDataHash = required(bytesAt(parameters, 2));
  if (clientDataHash.length !== 32) throw new CtapFailure(CtapStatus.invalidLength);
  const extensions = mapAt(parameters, 4) ?? new Map<CborValue, CborValue>();
  const options = mapAt(parameters, 5) ?? new Map<CborValue, CborValue>();
  const up = booleanAt(options, 'up') ?? true;
  const uv = booleanAt(options, 'uv') ?? false;
  const pinUvAuthParam = bytesAt(parameters, 6);
  const pinUvAuthProtocol = unsignedAt(parameters, 7);

  await answerTouchProbe(state, pinUvAuthParam, exchange);
  checkProtocol(state, pinUvAuthParam, pinUvAuthProtocol);
  if (options.has('rk')) throw new CtapFailure(CtapStatus.unsupportedOption);
  const allowList = credentialIdsAt(parameters, 3, state.settings);
  const verified = await verifyUser(
    state,
    { permission: Permission.getAssertion, rpId, clientDataHash, pinUvAuthParam, pinUvAuthProtocol, uv, up, rk: false },
    exchange,
  );
  const applicable = locate(state, rpId, allowList, verified.userVerified);
  const [first, ...rest] = applicable;
  if (first === undefined) throw new CtapFailure(CtapStatus.noCredentials);

  // Without the option `up` the response must not claim presence, even if the token or the fingerprint showed it.
  const evidence = up
    ? await collectPresence(state, verified, exchange)
    : { userPresent: false, userVerified: verified.userVerified };
  const context = { clientDataHash, evidence, extensions };
  const chosenFromList = allowList !== undefined && allowList.length > 0;
  if (!chosenFromList && rest.length > 0) {
    state.pendingAssertions = { ...context, credentials: rest, lastAt: state.environment.now() };
  }
  return buildAssertion(state, first, context, {
    omitCredential: state.settings.omitSingleCredential && allowList?.length === 1,
    withNames: !chosenFromList && rest.length > 0 && evidence.userVerified,
    numberOfCredentials: !chosenFromList && rest.length > 0 ? applicable.length : undefined,
  });
}

/** Signs one assertion and builds the response map. Also for getNextAssertion. Source: CTAP 2.1 §6.2.2 step 13. */
export function buildAssertion(
  state: KeyState,
  credential: Credential,
  context: AssertionContext,
  members: AssertionMembers,
): CborMap {
  const { clientDataHash, evidence, extensions } = context;
  const outputs = runGetExtensions(extensions, { state, credential, evidence });
  credential.signCount += 1;
  const authenticatorData = buildAuthenticatorData(credential, evidence, outputs);
  const response = new Map<CborValue, CborValue>();
  if (!members.omitCredential) {
    response.set(1, new Map<CborValue, CborValue>([['id', credential.id], ['type', 'public-key']]));
  }
  response.set(2, authenticatorData);
  response.set(3, signWith(credential.key, concatBytes(authenticatorData, clientDataHash)));
  if (credential.discoverable && credential.user !== undefined && !state.settings.omitUser) {
    response.set(4, encodeUser(credential.user, members.withNames));
  }
  if (members.numberOfCredentials !== undefined && !state.settings.omitNumberOfCredentials) response.set(5, members.numberOfCredentials);
  if (extensions.has('largeBlobKey') && credential.largeBlobKey !== undefined) response.set(7, credential.largeBlobKey);
  return response;
}

function locate(state: KeyState, rpId: string, allowList: readonly Bytes[] | undefined, userVerified: boolean): Credential[] {
  if (state.settings.appIdByU2fOnly && rpId.startsWith('https://')) return [];
  const rpIdHash = hashRpId(rpId);
  if (allowList !== undefined && allowList.length > 0) {
    return allowList
      .map((id) => state.store.find(rpIdHash, id))
      .filter((credential) => credential !== undefined)
      .filter(({ credProtect }) => userVerified || credProtect !== CredProtect.required);
  }
  return state.store.discoverable(rpIdHash).filter(({ credProtect }) => userVerified || credProtect === CredProtect.optional);
}
