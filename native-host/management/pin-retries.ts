import { success, type Result } from '../../shared/bytes/result.ts';
import { getPinRetries } from '../ctap2/client-pin/retries.ts';
import { choosePinUvAuthProtocol, type PinUvAuthProtocolNumber } from '../ctap2/pin-uv-auth/protocol.ts';
import { type ManagementError, managementFailure } from './errors.ts';
import type { ManagedKey } from './managed-key.ts';

/**
 * Reads how many wrong PINs the key still takes, at least one: a key that takes none, or none before it was removed and
 * inserted again, is a failure.
 */
export async function readPinRetries(key: ManagedKey): Promise<Result<number, ManagementError>> {
  const protocol = chooseProtocol(key);
  if (!protocol.ok) return protocol;
  const retries = await key.exchange((options) => getPinRetries(key.device, protocol.value, options));
  if (!retries.ok) return retries;
  const { pinRetries, powerCycleRequired } = retries.value;
  if (pinRetries === 0) {
    const message = 'The PIN is blocked after too many wrong ones. Only a reset, which erases the key, makes it usable again.';
    return managementFailure('pinBlocked', message, { pinRetries });
  }
  if (powerCycleRequired) {
    const message = 'Too many wrong PINs in a row. Remove the key, insert it again, and try once more.';
    return managementFailure('pinAuthBlocked', message, { pinRetries });
  }
  return success(pinRetries);
}

/** The PIN/UV auth protocol that key and host have in common. */
export function chooseProtocol({ info }: ManagedKey): Result<PinUvAuthProtocolNumber, ManagementError> {
  const protocol = choosePinUvAuthProtocol(info);
  return protocol === undefined
    ? managementFailure('notSupported', 'The key offers no PIN protocol that is known here.')
    : success(protocol);
}
