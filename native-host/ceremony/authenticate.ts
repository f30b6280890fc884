import { type Bytes, equalBytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { type CommandError, malformedResponse } from '../ctap2/errors.ts';
import { type AssertionResponse, getAssertion } from '../ctap2/get-assertion.ts';
import { getNextAssertion } from '../ctap2/get-next-assertion.ts';
import { beginHmacSecret, type HmacSecretExchange } from '../ctap2/hmac-secret.ts';
import { encodeAuthenticationInputs, saltsAtAuthentication } from './extension-inputs.ts';
import { readAuthenticationOutputs } from './extension-outputs.ts';
import { blobOf, readArray, storeBlob } from './large-blob.ts';
import type { Account, OperationPlan } from './machine-types.ts';
import type { AuthenticationOutcome, AuthenticationOutputs, AuthenticationRequest } from './request.ts';
import { describeCredentials, type OperationAccess, pinUvAuthFor } from './token-use.ts';

/** Accounts that the wire carries at most, and characters of a name. */
const MAX_ACCOUNTS = 256;
const MAX_NAME_LENGTH = 256;

type Accounts = readonly [Account, ...Account[]];

/** An assertion on its way to an account. */
interface Assertion {
  readonly account: Account;
  readonly largeBlobKey: Bytes | undefined;
}

/** Lets the key sign. It waits for a touch. Several discoverable credentials come back as several accounts. */
export async function authenticate(
  access: OperationAccess,
  request: AuthenticationRequest,
  plan: OperationPlan,
): Promise<Result<Accounts, CommandError>> {
  const { device, info, options } = access;
  const salts = saltsAtAuthentication(request.extensions, info, plan);
  const hmacSecret = salts === undefined ? undefined : await beginHmacSecret(device, info, salts, options);
  if (hmacSecret?.ok === false) return hmacSecret;
  try {
    const assertions = await collectAssertions(access, request, plan, hmacSecret?.value);
    if (!assertions.ok) return assertions;
    const [first, ...others] = await withLargeBlobs(access, request, assertions.value);
    return success([withAppId(first, request, plan), ...others]);
  } finally {
    hmacSecret?.value.end();
  }
}

async function collectAssertions(
  { device, info, token, options }: OperationAccess,
  { clientDataHash, extensions }: AuthenticationRequest,
  { ids, rpId, uv, authorised }: OperationPlan,
  hmacSecret: HmacSecretExchange | undefined,
): Promise<Result<readonly [Assertion, ...Assertion[]], CommandError>> {
  const params = {
    rpId,
    clientDataHash,
    allowList: describeCredentials(ids),
    extensions: encodeAuthenticationInputs(extensions, info, hmacSecret?.input),
    ...(uv ? { options: { uv: true } } : {}),
    ...pinUvAuthFor(authorised ? token : undefined, clientDataHash),
  };
  const read = (response: AssertionResponse, index: number): Result<Assertion, CommandError> => {
    const account = readAssertion(response, ids, index);
    if (!account.ok) return account;
    const { entry, outcome } = account.value;
    const outputs = readAuthenticationOutputs(extensions, response.authData, hmacSecret);
    return success({
      account: { entry, outcome: { ...outcome, extensions: outputs } },
      largeBlobKey: response.largeBlobKey,
    });
  };
  const response = await getAssertion(device, params, options);
  if (!response.ok) return response;
  const first = read(response.value, 0);
  if (!first.ok) return first;
  const assertions: [Assertion, ...Assertion[]] = [first.value];
  const { numberOfCredentials = 1, userSelected } = response.value;
  const count = ids.length > 0 || userSelected ? 1 : numberOfCredentials;
  for (let index = 1; index < Math.min(count, MAX_ACCOUNTS); index += 1) {
    const next = await getNextAssertion(device, options);
    if (!next.ok) return next;
    const another = read(next.value, index);
    if (!another.ok) return another;
    assertions.push(another.value);
  }
  return success(assertions);
}

/** Reads or stores what is asked for; a blob that is to be stored is for the one credential that was allowed. */
async function withLargeBlobs(
  access: OperationAccess,
  { extensions: { largeBlob } }: AuthenticationRequest,
  [first, ...others]: readonly [Assertion, ...Assertion[]],
): Promise<Accounts> {
  if (largeBlob === undefined) return [first.account, ...others.map(({ account }) => account)];
  const add = ({ account: { entry, outcome } }: Assertion, output: AuthenticationOutputs['largeBlob']): Account => ({
    entry,
    outcome: { ...outcome, extensions: { ...outcome.extensions, ...(output === undefined ? {} : { largeBlob: output }) } },
  });
  if (largeBlob !== 'read') {
    const written = others.length === 0 && (await storeBlob(access, first.largeBlobKey, largeBlob.write));
    return [add(first, { written }), ...others.map((each) => add(each, { written }))];
  }
  const hasKey = [first, ...others].some(({ largeBlobKey }) => largeBlobKey !== undefined);
  const array = hasKey ? await readArray(access) : undefined;
  const read = (each: Assertion): Account => add(each, blobOf(array, each.largeBlobKey));
  return [read(first), ...others.map(read)];
}

/** Source: WebAuthn L3 §10.1.1, client extension output. A credential that was found by its ID is the only account. */
function withAppId({ entry, outcome }: Account, { rpId, extensions }: AuthenticationRequest, plan: OperationPlan): Account {
  if (extensions.appId === undefined) return { entry, outcome };
  return { entry, outcome: { ...outcome, extensions: { ...outcome.extensions, appId: plan.rpId !== rpId } } };
}

/**
 * Reads one assertion. The credential must be one of those that were asked for; a key may leave it out where only one
 * was. Source: CTAP 2.2 §6.2.2 (response structure); WebAuthn L3 §7.2 step 5.
 *
 * @param ids that were sent; empty for discoverable credentials.
 */
export function readAssertion(
  response: AssertionResponse,
  ids: readonly Bytes[],
  index: number,
): Result<Account, CommandError> {
  const [only] = ids;
  const credentialId = response.credential?.id ?? (ids.length === 1 ? only : undefined);
  if (credentialId === undefined) {
    return failure(malformedResponse('getAssertion', 'The assertion does not name its credential.'));
  }
  if (ids.length > 0 && !ids.some((id) => equalBytes(id, credentialId))) {
    return failure(malformedResponse('getAssertion', 'The assertion is of a credential that was not asked for.'));
  }
  const { user } = response;
  const outcome: AuthenticationOutcome = {
    kind: 'authentication',
    credentialId,
    authenticatorData: response.authData,
    signature: response.signature,
    userHandle: user?.id,
    extensions: {},
  };
  const entry = {
    index,
    name: (user?.name ?? '').slice(0, MAX_NAME_LENGTH),
    displayName: (user?.displayName ?? '').slice(0, MAX_NAME_LENGTH),
  };
  return success({ entry, outcome });
}
