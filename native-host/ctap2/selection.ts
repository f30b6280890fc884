import { success, type Result } from '../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { sendCommand } from './command.ts';
import type { CommandError } from './errors.ts';

/**
 * Waits for a touch and does nothing else: how the user chooses among several keys. Keys before CTAP 2.1 answer
 * `invalidCommand`.
 *
 * Source: CTAP 2.2 §6.9 authenticatorSelection.
 */
export async function selectAuthenticator(
  device: Device,
  options: CallOptions,
): Promise<Result<undefined, CommandError>> {
  const response = await sendCommand(device, 'selection', undefined, options);
  return response.ok ? success(undefined) : response;
}
