import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import type { CborMap } from '../../../shared/cbor/value.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import { type CommandError, malformedResponse } from '../errors.ts';
import type { AuthenticatorInfo } from '../get-info.ts';
import { bytesMember } from '../members.ts';
import { hashPin } from '../pin-uv-auth/pin.ts';
import { choosePinUvAuthProtocol, pinUvAuthProtocol } from '../pin-uv-auth/protocol.ts';
import { PinUvAuthToken } from '../pin-uv-auth/token.ts';
import { ClientPinMember, sendClientPin, sendUnderSecret } from './client-pin.ts';

/** What a token is asked for, and how the user is verified. */
export interface TokenRequest {
  /** The PIN as entered, or the key's own user verification (`info.options.uv` and `pinUvAuthToken` true). */
  readonly method: { readonly pin: string } | 'uv';
  /** Bits of `PinUvAuthPermission`: all that the ceremony needs, in one request. */
  readonly permissions: number;
  /** Required for makeCredential and getAssertion. */
  readonly rpId?: string;
}

/**
 * Gets a pinUvAuthToken. Keys without the option `pinUvAuthToken` (CTAP 2.0, FIDO_2_1_PRE) give one without permissions
 * for the PIN. A wrong PIN costs an attempt; nothing is tried twice.
 *
 * Source: CTAP 2.2 §6.5.5.7.1 getPinToken, §6.5.5.7.2 getPinUvAuthTokenUsingPinWithPermissions, §6.5.5.7.3
 * getPinUvAuthTokenUsingUvWithPermissions.
 */
export async function getPinUvAuthToken(
  device: Device,
  info: AuthenticatorInfo,
  request: TokenRequest,
  options: CallOptions,
): Promise<Result<PinUvAuthToken, CommandError>> {
  const number = choosePinUvAuthProtocol(info);
  if (number === undefined) return broken('getInfo', 'It offers no PIN/UV auth protocol that is known here.');
  return sendUnderSecret(device, number, options, async ({ keyAgreement, sharedSecret }, bound) => {
    const protocol = pinUvAuthProtocol(number);
    const { method, permissions, rpId } = request;
    const send = (
      subcommand: Parameters<typeof sendClientPin>[2],
      params: Parameters<typeof sendClientPin>[3],
    ): Promise<Result<CborMap, CommandError>> =>
      sendClientPin(device, number, subcommand, { keyAgreement, ...params }, bound);
    let response: Result<CborMap, CommandError>;
    if (method === 'uv') {
      response = await send('getPinUvAuthTokenUsingUvWithPermissions', { permissions, rpId });
    } else {
      const pinHash = hashPin(method.pin);
      const pinHashEnc = protocol.encrypt(sharedSecret, pinHash);
      pinHash.fill(0);
      response =
        info.options.pinUvAuthToken === true
          ? await send('getPinUvAuthTokenUsingPinWithPermissions', { pinHashEnc, permissions, rpId })
          : await send('getPinToken', { pinHashEnc });
    }
    if (!response.ok) return response;
    const encrypted = bytesMember(response.value, ClientPinMember.pinUvAuthToken);
    const token = encrypted === undefined ? undefined : protocol.decrypt(sharedSecret, encrypted);
    if (token === undefined || !protocol.isTokenLength(token.length)) {
      return broken('clientPin', 'pinUvAuthToken is missing or of a wrong length.');
    }
    return success(new PinUvAuthToken(number, token));
  });
}

function broken(command: 'getInfo' | 'clientPin', detail: string): Result<never, CommandError> {
  return failure(malformedResponse(command, detail));
}
