import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { success, type Result } from '../../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import type { CommandError } from '../errors.ts';
import { padNewPin } from '../pin-uv-auth/pin.ts';
import { type PinUvAuthProtocolNumber, pinUvAuthProtocol } from '../pin-uv-auth/protocol.ts';
import { sendClientPin, sendUnderSecret } from './client-pin.ts';

/**
 * Gives a key without a PIN its first one.
 *
 * Source: CTAP 2.2 §6.5.5.5 setPIN.
 *
 * @param newPin what `validateNewPin` returned; it stays the caller's, to be overwritten.
 */
export function setPin(
  device: Device,
  protocol: PinUvAuthProtocolNumber,
  newPin: Bytes,
  options: CallOptions,
): Promise<Result<undefined, CommandError>> {
  return sendUnderSecret(device, protocol, options, async ({ keyAgreement, sharedSecret }, bound) => {
    const { encrypt, authenticate } = pinUvAuthProtocol(protocol);
    const padded = padNewPin(newPin);
    const newPinEnc = encrypt(sharedSecret, padded);
    const pinUvAuthParam = authenticate(sharedSecret, newPinEnc);
    padded.fill(0);
    const params = { keyAgreement, newPinEnc, pinUvAuthParam };
    const response = await sendClientPin(device, protocol, 'setPin', params, bound);
    return response.ok ? success(undefined) : response;
  });
}
