import { type Bytes, equalBytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { type CommandError, malformedResponse } from '../ctap2/errors.ts';
import { type AssertionResponse, getAssertion } from '../ctap2/get-assertion.ts';
import { getNextAssertion } from '../ctap2/get-next-assertion.ts';
import type { PinUvAuthToken } from '../ctap2/pin-uv-auth/token.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import type { Account, OperationPlan } from './machine-types.ts';
import type { AuthenticationOutcome, AuthenticationRequest } from './request.ts';
import { describeCredentials, pinUvAuthFor } from './token-use.ts';

/** Accounts that the wire carries at most, and characters of a name. */
const MAX_ACCOUNTS = 256;
const MAX_NAME_LENGTH = 256;

/** Lets the key sign. It waits for a touch. Several discoverable credentials come back as several accounts. */
export async function authenticate(
  device: Device,
  request: AuthenticationRequest,
  plan: OperationPlan,
  token: PinUvAuthToken | undefined,
  options: CallOptions,
): Promise<Result<readonly [Account, ...Account[]], CommandError>> {
  const { rpId } = plan;
  const { clientDataHash } = request;
  const first = await getAssertion(
    device,
    {
      rpId,
      clientDataHash,
      allowList: describeCredentials(plan.ids),
      ...(plan.uv ? { options: { uv: true } } : {}),
      ...pinUvAuthFor(plan.authorised ? token : undefined, clientDataHash),
    },
    options,
  );
  if (!first.ok) return first;
  const answeredAt = performance.now();
  const account = readAssertion(first.value, plan.ids, 0, answeredAt);
  if (!account.ok) return account;
  const accounts: [Account, ...Account[]] = [withAppId(account.value, request, plan)];
  const count = plan.ids.length > 0 || first.value.userSelected ? 1 : (first.value.numberOfCredentials ?? 1);
  for (let index = 1; index < Math.min(count, MAX_ACCOUNTS); index += 1) {
    const next = await getNextAssertion(device, options);
    if (!next.ok) return next;
    const another = readAssertion(next.value, plan.ids, index, performance.now());
    if (!another.ok) return another;
    accounts.push(another.value);
  }
  return success(accounts);
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
  answeredAt: number,
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
    answeredAt,
  };
  const entry = {
    index,
    name: (user?.name ?? '').slice(0, MAX_NAME_LENGTH),
    displayName: (user?.displayName ?? '').slice(0, MAX_NAME_LENGTH),
  };
  return success({ entry, outcome });
}
