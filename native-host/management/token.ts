import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { KeptPin } from '../ceremony/kept-pin.ts';
import { getPinUvAuthToken, type TokenRequest } from '../ctap2/client-pin/pin-uv-auth-token.ts';
import { getUvRetries } from '../ctap2/client-pin/retries.ts';
import type { PinUvAuthToken } from '../ctap2/pin-uv-auth/token.ts';
import { type ManagementError, managementFailure } from './errors.ts';
import type { Exchange, ExchangeBounds, ManagedKey } from './managed-key.ts';
import { readPinRetries } from './pin-retries.ts';
import { chooseVerification, type VerificationProblem } from './verification-method.ts';

/** Tries by fingerprint before the PIN is asked for, where the key names no number of its own. */
const UV_ATTEMPTS = 3;

const PROBLEMS: Readonly<Record<VerificationProblem, string>> = {
  pinNotSet: 'The key has no PIN. Set one first: keystile keys pin set',
  pinChangeRequired: 'The key wants its PIN changed first: keystile keys pin change',
  notSupported: 'The key can verify its user neither by PIN nor by fingerprint.',
};

/** Runs an exchange with a token that has the permission of the job. */
export type Authorised = <Value>(
  work: (token: PinUvAuthToken) => Exchange<Value>,
  bounds?: ExchangeBounds,
) => Promise<Result<Value, ManagementError>>;

/** A token, and the PIN that it was got by, where it was. */
interface Permit {
  readonly token: PinUvAuthToken;
  readonly pin: string | undefined;
}

/**
 * Verifies the user, lets `work` use the token, and destroys it. Keys that take a token only once, or for one change, are
 * given a fresh one by the PIN that has proven right, which is kept for that.
 *
 * @param permission exactly what the work needs, bits of `PinUvAuthPermission`.
 */
export async function withToken<Value>(
  key: ManagedKey,
  permission: number,
  work: (authorised: Authorised) => Promise<Result<Value, ManagementError>>,
): Promise<Result<Value, ManagementError>> {
  const permit = await obtainPermit(key, permission);
  if (!permit.ok) return permit;
  let { token } = permit.value;
  const kept = new KeptPin();
  if (permit.value.pin !== undefined) kept.keep(permit.value.pin);
  let wasTaken = false;
  const authorised: Authorised = async (use, bounds) => {
    const first = await key.exchange(use(token), bounds);
    // What the key never took, it will not take from another token either.
    const isSpent = !first.ok && first.error.reason === 'permissionRefused' && wasTaken;
    wasTaken = true;
    const pin = isSpent ? kept.reveal() : undefined;
    if (pin === undefined) return first;
    const renewed = await request(key, { method: { pin }, permissions: permission });
    if (!renewed.ok) return renewed;
    token.destroy();
    token = renewed.value;
    return key.exchange(use(token), bounds);
  };
  try {
    return await work(authorised);
  } finally {
    token.destroy();
    kept.forget();
  }
}

async function obtainPermit(key: ManagedKey, permission: number): Promise<Result<Permit, ManagementError>> {
  const method = chooseVerification(key.info, permission, key.user.prefersPin);
  if (!method.ok) return managementFailure(method.error, PROBLEMS[method.error]);
  if (method.value === 'pin') return permitByPin(key, permission);
  const token = await tokenByFingerprint(key, permission);
  if (token.ok) return success({ token: token.value, pin: undefined });
  if (method.value === 'uv' || !leadsToPin(token.error)) return token;
  key.user.tell({ type: 'fingerprintRefused' });
  return permitByPin(key, permission);
}

function leadsToPin({ reason }: ManagementError): boolean {
  return reason === 'uvBlocked' || reason === 'uvInvalid' || reason === 'permissionRefused' || reason === 'deniedOnDevice';
}

/** Asks for the PIN until it is right, the user has none to give, or the key takes no more. */
async function permitByPin(key: ManagedKey, permission: number): Promise<Result<Permit, ManagementError>> {
  let wrong: ManagementError | undefined;
  for (;;) {
    const retries = await readPinRetries(key);
    if (!retries.ok) return retries;
    const pin = await key.user.askPin({ reason: wrong === undefined ? 'needed' : 'wrong', pinRetries: retries.value });
    if (key.signal.aborted) return managementFailure('cancelled', 'Cancelled.');
    if (pin === undefined) return noPin(wrong, retries.value);
    const token = await request(key, { method: { pin }, permissions: permission });
    if (token.ok) return success({ token: token.value, pin });
    if (token.error.reason !== 'pinInvalid') return token;
    wrong = token.error;
  }
}

/** Lets the user try the sensor as often as the key takes it. */
async function tokenByFingerprint(key: ManagedKey, permission: number): Promise<Result<PinUvAuthToken, ManagementError>> {
  const attempts = key.info.preferredPlatformUvAttempts ?? UV_ATTEMPTS;
  for (let attempt = 1; ; attempt += 1) {
    const retries = await key.exchange((options) => getUvRetries(key.device, options));
    if (!retries.ok) return retries;
    if (retries.value.uvRetries === 0) return managementFailure('uvBlocked', 'Fingerprints are blocked after too many tries.');
    key.user.tell({ type: 'fingerNeeded', again: attempt > 1 });
    const token = await request(key, { method: 'uv', permissions: permission });
    if (token.ok || token.error.reason !== 'uvInvalid' || attempt >= attempts) return token;
  }
}

function request(key: ManagedKey, wanted: TokenRequest): Promise<Result<PinUvAuthToken, ManagementError>> {
  const touch = wanted.method === 'uv' ? 'alreadyTold' : 'touchNeeded';
  return key.exchange((options) => getPinUvAuthToken(key.device, key.info, wanted, options), { touch });
}

/** The user gave no PIN: because the last one was wrong, or from the start. */
export function noPin(wrong: ManagementError | undefined, pinRetries: number): Result<never, ManagementError> {
  if (wrong === undefined) return managementFailure('pinNeeded', 'The PIN is needed for this.');
  return failure({ ...wrong, message: `${wrong.message} ${triesLeft(pinRetries)}`, pinRetries });
}

function triesLeft(pinRetries: number): string {
  return pinRetries === 1 ? 'One try is left.' : `${pinRetries.toString()} tries are left.`;
}
