import { type Bytes, concatBytes } from '../../../shared/bytes/bytes.ts';
import { success, type Result } from '../../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import type { CommandError } from '../errors.ts';
import { hashPin, padNewPin } from '../pin-uv-auth/pin.ts';
import { type PinUvAuthProtocolNumber, pinUvAuthProtocol } from '../pin-uv-auth/protocol.ts';
import { sendClientPin, sendUnderSecret } from './client-pin.ts';

/**
 * Changes a key's PIN. A wrong old PIN costs an attempt.
 *
 * Source: CTAP 2.2 §6.5.5.6 changePIN.
 *
 * @param oldPin as entered.
 * @param newPin what `validateNewPin` returned; it stays the caller's, to be overwritten.
 */
export function changePin(
  device: Device,
  protocol: PinUvAuthProtocolNumber,
  oldPin: string,
  newPin: Bytes,
  options: CallOptions,
): Promise<Result<undefined, CommandError>> {
  return sendUnderSecret(device, protocol, options, async ({ keyAgreement, sharedSecret }, bound) => {
    const { encrypt, authenticate } = pinUvAuthProtocol(protocol);
    const padded = padNewPin(newPin);
    const oldHash = hashPin(oldPin);
    const newPinEnc = encrypt(sharedSecret, padded);
    const pinHashEnc = encrypt(sharedSecret, oldHash);
    const pinUvAuthParam = authenticate(sharedSecret, concatBytes(newPinEnc, pinHashEnc));
    for (const secret of [padded, oldHash]) secret.fill(0);
    const params = { keyAgreement, newPinEnc, pinHashEnc, pinUvAuthParam };
    const response = await sendClientPin(device, protocol, 'changePin', params, bound);
    return response.ok ? success(undefined) : response;
  });
}
