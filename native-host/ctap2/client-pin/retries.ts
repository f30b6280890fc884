import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import { type CommandError, malformedResponse } from '../errors.ts';
import { booleanMember, countMember } from '../members.ts';
import type { PinUvAuthProtocolNumber } from '../pin-uv-auth/protocol.ts';
import { ClientPinMember, sendClientPin } from './client-pin.ts';

/** How many wrong PINs a key still takes. */
export interface PinRetries {
  /** Eight at first; 0: blocked until reset. */
  readonly pinRetries: number;
  /** No PIN is taken until the key was unplugged or lifted off the reader. CTAP 2.0 keys may not tell. */
  readonly powerCycleRequired: boolean;
}

/**
 * Asks for the PIN attempts that are left.
 *
 * Source: CTAP 2.2 §6.5.5.2 getPINRetries.
 */
export async function getPinRetries(
  device: Device,
  protocol: PinUvAuthProtocolNumber,
  options: CallOptions,
): Promise<Result<PinRetries, CommandError>> {
  const response = await sendClientPin(device, protocol, 'getPinRetries', {}, options);
  if (!response.ok) return response;
  const pinRetries = countMember(response.value, ClientPinMember.pinRetries);
  if (pinRetries === undefined) return failure(malformedResponse('clientPin', 'pinRetries is missing.'));
  const powerCycleRequired = booleanMember(response.value, ClientPinMember.powerCycleState) ?? false;
  return success({ pinRetries, powerCycleRequired });
}

/** How many failed attempts of built-in user verification a key still takes. */
export interface UvRetries {
  /** 0: blocked; the PIN, entered right, unblocks it. */
  readonly uvRetries: number;
}

/**
 * Asks for the attempts of built-in user verification that are left.
 *
 * Source: CTAP 2.2 §6.5.5.3 getUVRetries.
 */
export async function getUvRetries(device: Device, options: CallOptions): Promise<Result<UvRetries, CommandError>> {
  const response = await sendClientPin(device, undefined, 'getUvRetries', {}, options);
  if (!response.ok) return response;
  const uvRetries = countMember(response.value, ClientPinMember.uvRetries);
  return uvRetries === undefined
    ? failure(malformedResponse('clientPin', 'uvRetries is missing.'))
    : success({ uvRetries });
}
