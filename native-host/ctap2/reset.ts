import { success, type Result } from '../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { sendCommand } from './command.ts';
import type { CommandError } from './errors.ts';

/**
 * Erases all credentials and the PIN, after a touch. Keys take it only within seconds of being plugged in, and answer
 * `notAllowed` otherwise.
 *
 * Source: CTAP 2.2 §6.6 authenticatorReset.
 */
export async function reset(device: Device, options: CallOptions): Promise<Result<undefined, CommandError>> {
  const response = await sendCommand(device, 'reset', undefined, options);
  return response.ok ? success(undefined) : response;
}
