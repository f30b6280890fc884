import { failure, type Result } from '../../shared/bytes/result.ts';
import type { Device } from '../transport/device.ts';
import { explainTransportError, type ManagementError, managementFailure } from './errors.ts';

/** Milliseconds without an answer after which a key counts as stalled: it blinks at once, or not at all. */
const STALL_TIMEOUT = 2000;

/**
 * Lets a key blink for a moment, so that its owner sees which of several an ID means.
 *
 * @returns `notSupported` for keys that cannot, cards among them.
 */
export async function winkKey(device: Device, signal: AbortSignal): Promise<Result<undefined, ManagementError>> {
  if (device.supportsWink !== true || device.wink === undefined) {
    return managementFailure('notSupported', 'This key cannot blink. Take the other keys away to see which one it is.');
  }
  const winked = await device.wink({ signal, stallTimeout: STALL_TIMEOUT });
  return winked.ok ? winked : failure(explainTransportError(winked.error));
}
