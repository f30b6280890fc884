import { success, type Result } from '../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { type U2fMessageError, sendU2f } from './message.ts';

/**
 * Asks which U2F version the key speaks; `U2F_V2` is the only one in use. No touch.
 *
 * Source: FIDO U2F Raw Message Formats v1.2 §6.
 */
export async function getU2fVersion(device: Device, options: CallOptions): Promise<Result<string, U2fMessageError>> {
  const response = await sendU2f(device, 'version', 0, new Uint8Array(), options);
  return response.ok ? success(new TextDecoder().decode(response.value)) : response;
}
