import { failure, success, type Result } from '../../shared/bytes/result.ts';
import type { CommandError } from '../ctap2/errors.ts';
import { type AuthenticatorInfo, getInfo } from '../ctap2/get-info.ts';
import { CtapStatus } from '../ctap2/status.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { explainCommandError, type ManagementError, managementFailure } from './errors.ts';
import type { KeyUser } from './key-user.ts';

/** Milliseconds without a packet after which a key counts as stalled. */
const STALL_TIMEOUT = 3000;
/** Milliseconds that one exchange may take in all, the wait for a touch included. */
const EXCHANGE_DEADLINE = 60_000;

/** Work on the opened key: one CTAP command, or a few that belong together. */
export type Exchange<Value> = (options: CallOptions) => Promise<Result<Value, CommandError>>;

/** An opened CTAP2 key while somebody manages it. Whoever opened the device closes it. */
export class ManagedKey {
  readonly device: Device;
  readonly user: KeyUser;
  /** The caller's: ends whatever runs. */
  readonly signal: AbortSignal;
  #info: AuthenticatorInfo;

  private constructor(device: Device, user: KeyUser, signal: AbortSignal, info: AuthenticatorInfo) {
    this.device = device;
    this.user = user;
    this.signal = signal;
    this.#info = info;
  }

  /** Asks the key what it is. Keys that know U2F only have nothing to manage: `notSupported`. */
  static async begin(device: Device, user: KeyUser, signal: AbortSignal): Promise<Result<ManagedKey, ManagementError>> {
    if (!device.supportsCbor) {
      return managementFailure('notSupported', 'This key knows U2F only: it has no PIN and no list of credentials.');
    }
    const info = await runExchange((options) => getInfo(device, options), { user, signal });
    return info.ok ? success(new ManagedKey(device, user, signal, info.value)) : info;
  }

  /** What the key told of itself, last time it was asked. */
  get info(): AuthenticatorInfo {
    return this.#info;
  }

  /** Asks the key again, after something was changed. */
  async refresh(): Promise<Result<AuthenticatorInfo, ManagementError>> {
    const info = await this.exchange((options) => getInfo(this.device, options));
    if (info.ok) this.#info = info.value;
    return info;
  }

  /**
   * Runs an exchange until it ends, the caller cancels, or `deadline` milliseconds have passed.
   *
   * @param touch what to tell the user, once, when the key waits for a touch.
   */
  exchange<Value>(work: Exchange<Value>, { deadline = EXCHANGE_DEADLINE, touch = 'touchNeeded' }: ExchangeBounds = {}): Promise<Result<Value, ManagementError>> {
    return runExchange(work, { user: this.user, signal: this.signal, deadline, touch });
  }
}

/** Bounds of an exchange. */
export interface ExchangeBounds {
  readonly deadline?: number;
  readonly touch?: 'touchNeeded' | 'alreadyTold';
}

interface RunContext extends ExchangeBounds {
  readonly user: KeyUser;
  readonly signal: AbortSignal;
}

async function runExchange<Value>(
  work: Exchange<Value>,
  { user, signal, deadline = EXCHANGE_DEADLINE, touch = 'touchNeeded' }: RunContext,
): Promise<Result<Value, ManagementError>> {
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(), deadline);
  let isTold = touch === 'alreadyTold';
  const result = await work({
    signal: AbortSignal.any([signal, clock.signal]),
    stallTimeout: STALL_TIMEOUT,
    onKeepalive: (status) => {
      if (status !== 'userPresenceNeeded' || isTold) return;
      isTold = true;
      user.tell({ type: 'touchNeeded' });
    },
  });
  clearTimeout(timer);
  if (result.ok) return result;
  if (isCancelled(result.error) && clock.signal.aborted && !signal.aborted) {
    return managementFailure('timeout', 'The key was not touched in time, or did not answer.');
  }
  return failure(explainCommandError(result.error));
}

function isCancelled(error: CommandError): boolean {
  if (error.kind === 'transport') return error.problem === 'cancelled';
  return error.kind === 'ctap' && error.status === CtapStatus.keepaliveCancel;
}
