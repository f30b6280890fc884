import type { Result } from '../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { sendCommand } from './command.ts';
import type { CommandError } from './errors.ts';
import { type AssertionResponse, decodeAssertion } from './get-assertion.ts';

/**
 * Fetches the next of several assertions; right after getAssertion, on the same opened key, without a touch.
 *
 * Source: CTAP 2.2 §6.3 authenticatorGetNextAssertion.
 */
export async function getNextAssertion(
  device: Device,
  options: CallOptions,
): Promise<Result<AssertionResponse, CommandError>> {
  const response = await sendCommand(device, 'getNextAssertion', undefined, options);
  return response.ok ? decodeAssertion('getNextAssertion', response.value) : response;
}
