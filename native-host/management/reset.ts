import { success, type Result } from '../../shared/bytes/result.ts';
import type { KeyAccess } from '../ceremony/key-access.ts';
import type { AuthenticatorInfo } from '../ctap2/get-info.ts';
import { reset } from '../ctap2/reset.ts';
import type { DeviceDescriptor } from '../transport/device.ts';
import { type ManagementError, managementFailure } from './errors.ts';
import type { KeyUser } from './key-user.ts';
import { PowerCycle } from './power-cycle.ts';
import { compareKeys, type KeyPortrait, portray } from './same-key.ts';
import { withManagedKey } from './with-key.ts';

/** Milliseconds for the reset itself, the touch included. */
const RESET_DEADLINE = 45_000;

const TOO_LATE =
  'The key did not take the reset: it must come within ten seconds after the key was inserted. Run the command again.';

/** Who resets a key, and until when. */
export interface ResetContext {
  readonly access: KeyAccess;
  readonly user: KeyUser;
  readonly signal: AbortSignal;
}

/**
 * Resets a key, which erases everything on it. Keys take that only within ten seconds after they got power, so the user
 * is guided: confirm, remove the key, insert it again, touch it. A key that differs in anything that can be known without
 * a PIN is left alone (`compareKeys`); where nothing but its looks speaks for it, the person is told so before the touch.
 *
 * Source: CTAP 2.2 §6.6 authenticatorReset.
 */
export async function resetKey(
  context: ResetContext,
  descriptor: DeviceDescriptor,
): Promise<Result<undefined, ManagementError>> {
  const { access, user, signal } = context;
  const before = await withManagedKey(access, descriptor.id, context, (key) => {
    const possible = checkReset(key.info, descriptor);
    return Promise.resolve(possible.ok ? success(portray(key, descriptor)) : possible);
  });
  if (!before.ok) return before;
  // Watched from here on: the key may be removed while the question still stands.
  const powerCycle = new PowerCycle(access, descriptor.id);
  try {
    if (!(await user.confirm({ type: 'reset', productName: descriptor.productName }))) {
      return managementFailure('notConfirmed', 'Nothing was erased.');
    }
    const inserted = await powerCycle.ask(user, signal);
    if (!inserted.ok) return inserted;
    return await resetInserted(context, inserted.value, before.value);
  } finally {
    powerCycle.stop();
  }
}

function resetInserted(
  context: ResetContext,
  descriptor: DeviceDescriptor,
  before: KeyPortrait,
): Promise<Result<undefined, ManagementError>> {
  return withManagedKey(context.access, descriptor.id, context, async (key) => {
    const likeness = compareKeys(before, portray(key, descriptor));
    if (!likeness.ok) return managementFailure('wrongKey', `${likeness.error} Nothing was erased.`);
    context.user.tell({ type: 'touchToReset', longTouch: key.info.longTouchForReset, likeness: likeness.value });
    const bounds = { deadline: RESET_DEADLINE, touch: 'alreadyTold' } as const;
    const done = await key.exchange((options) => reset(key.device, options), bounds);
    return done.ok || done.error.reason !== 'notAllowed' ? done : managementFailure('resetTooLate', TOO_LATE);
  });
}

/** A key may say anything: names have plain letters, digits and hyphens. */
function printableNames(names: readonly string[]): string {
  return names.filter((name) => /^[\w-]{1,32}$/.test(name)).join(', ');
}

function checkReset(info: AuthenticatorInfo, { transport }: DeviceDescriptor): Result<undefined, ManagementError> {
  const { transportsForReset } = info;
  // The development transport stands for USB.
  const name = transport === 'udp' ? 'usb' : transport;
  if (transportsForReset === undefined || transportsForReset.includes(name)) return success(undefined);
  return managementFailure('notSupported', `This key takes a reset only over: ${printableNames(transportsForReset)}.`);
}
