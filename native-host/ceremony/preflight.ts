import { type Bytes, equalBytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import type { CommandError } from '../ctap2/errors.ts';
import { getAssertion } from '../ctap2/get-assertion.ts';
import type { PinUvAuthToken } from '../ctap2/pin-uv-auth/token.ts';
import { CtapStatus } from '../ctap2/status.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { batchIds } from './credential-lists.ts';
import type { ListLimits } from './key-facts.ts';
import type { PreflightFinding } from './machine-types.ts';
import { describeCredentials, isTokenRefused, pinUvAuthFor } from './token-use.ts';

/** What is asked for. */
export interface PreflightQuery {
  /** The RP ID first, then other names under which credentials may be found. */
  readonly rpIds: readonly [string, ...string[]];
  readonly ids: readonly Bytes[];
  readonly limits: ListLimits;
  readonly token: PinUvAuthToken | undefined;
  /** Gets a fresh token without the user; `undefined` when that is not possible. */
  readonly renewToken: () => Promise<PinUvAuthToken | undefined>;
}

/** The signatures of a preflight are for nothing: they sign no client data. */
const NO_CLIENT_DATA_LENGTH = 32;

/**
 * Looks silently (`up` false) for the first of the listed credentials that the key holds, as many in one request as it
 * takes. A list that proves too long is halved. A match must be of the list.
 *
 * Source: WebAuthn L3 §5.1.3 and §5.1.4.2; CTAP 2.2 §6.2.2 ("up" false: pre-flight).
 *
 * @returns an error only when the key is gone or the call was cancelled.
 */
export async function findListedCredential(
  device: Device,
  { rpIds, ids, limits, token, renewToken }: PreflightQuery,
  options: CallOptions,
): Promise<Result<PreflightFinding, CommandError>> {
  const [rpId, ...alternatives] = rpIds;
  const finding = await findUnder(device, { rpId, ids, limits, token, renewToken }, options);
  if (!finding.ok || finding.value.kind !== 'none') return finding;
  for (const alternative of alternatives) {
    // The token is for the RP ID only, and what U2F has registered needs none.
    const other = await findUnder(device, { rpId: alternative, ids, limits, token: undefined, renewToken }, options);
    // Under the RP ID there is nothing, which stays clear whatever the key makes of other names.
    if (!other.ok || other.value.kind === 'match') return other;
  }
  return finding;
}

async function findUnder(
  device: Device,
  { rpId, ids, limits, token: firstToken, renewToken }: Omit<PreflightQuery, 'rpIds'> & { readonly rpId: string },
  options: CallOptions,
): Promise<Result<PreflightFinding, CommandError>> {
  const clientDataHash = new Uint8Array(NO_CLIENT_DATA_LENGTH);
  const batches = [...batchIds(ids, limits)];
  const unclear: Bytes[] = [];
  let token = firstToken;
  let isRenewed = false;
  for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
    const assertion = await getAssertion(
      device,
      {
        rpId,
        clientDataHash,
        allowList: describeCredentials(batch),
        options: { up: false },
        ...pinUvAuthFor(token, clientDataHash),
      },
      options,
    );
    if (!assertion.ok && token !== undefined && isTokenRefused(assertion.error)) {
      // Some keys take a token only once. Without one, all but the best protected credentials are found.
      token = isRenewed ? undefined : await renewToken();
      isRenewed = true;
      batches.unshift(batch);
      continue;
    }
    isRenewed = false;
    if (assertion.ok) {
      const id = assertion.value.credential?.id ?? (batch.length === 1 ? batch[0] : undefined);
      const isListed = batch.some((each) => id !== undefined && equalBytes(each, id));
      if (id !== undefined && isListed) return success({ kind: 'match', id, rpId });
      unclear.push(...batch);
      continue;
    }
    const { error } = assertion;
    if (error.kind === 'transport') return failure(error);
    const status = error.kind === 'ctap' ? error.status : undefined;
    if (isTooLong(status) && batch.length > 1) {
      const middle = batch.length >> 1;
      batches.unshift(batch.slice(0, middle), batch.slice(middle));
    } else if (!isNo(status) && !isTooLong(status)) {
      // What a key makes of an ID that is not its own says nothing of the others.
      unclear.push(...batch);
    }
  }
  return success(unclear.length === 0 ? { kind: 'none' } : { kind: 'unknown', ids: unclear });
}

function isTooLong(status: number | undefined): boolean {
  return status === CtapStatus.requestTooLarge || status === CtapStatus.limitExceeded || status === CtapStatus.invalidLength;
}

/** Keys also call credentials that they did not make invalid. */
function isNo(status: number | undefined): boolean {
  return status === CtapStatus.noCredentials || status === CtapStatus.invalidCredential;
}
