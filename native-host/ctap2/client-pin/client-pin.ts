import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import type { CborMap, CborValue } from '../../../shared/cbor/value.ts';
import { type CallOptions, type Device, TransportProblem } from '../../transport/device.ts';
import { parameterMap, sendCommand } from '../command.ts';
import { type CommandError, malformedResponse } from '../errors.ts';
import { type Encapsulation, encapsulate } from '../pin-uv-auth/encapsulate.ts';
import { type PinUvAuthProtocolNumber, pinUvAuthProtocol } from '../pin-uv-auth/protocol.ts';

/** Subcommands of authenticatorClientPIN (CTAP 2.2 §6.5.5). */
export const ClientPinSubcommand = {
  getPinRetries: 0x01,
  getKeyAgreement: 0x02,
  setPin: 0x03,
  changePin: 0x04,
  getPinToken: 0x05,
  getPinUvAuthTokenUsingUvWithPermissions: 0x06,
  getUvRetries: 0x07,
  getPinUvAuthTokenUsingPinWithPermissions: 0x09,
} as const;

/** Input parameters of authenticatorClientPIN but for protocol and subcommand. */
export interface ClientPinParams {
  readonly keyAgreement?: CborMap;
  readonly pinUvAuthParam?: CborValue;
  readonly newPinEnc?: CborValue;
  readonly pinHashEnc?: CborValue;
  readonly permissions?: number;
  readonly rpId?: string | undefined;
}

/** Keys of the response's map. */
export const ClientPinMember = {
  keyAgreement: 0x01,
  pinUvAuthToken: 0x02,
  pinRetries: 0x03,
  powerCycleState: 0x04,
  uvRetries: 0x05,
} as const;

/** Sends one subcommand. Source: CTAP 2.2 §6.5.5 authenticatorClientPIN. */
export function sendClientPin(
  device: Device,
  protocol: PinUvAuthProtocolNumber | undefined,
  subcommand: keyof typeof ClientPinSubcommand,
  params: ClientPinParams,
  options: CallOptions,
): Promise<Result<CborMap, CommandError>> {
  const parameters = parameterMap(
    [0x01, protocol],
    [0x02, ClientPinSubcommand[subcommand]],
    [0x03, params.keyAgreement],
    [0x04, params.pinUvAuthParam],
    [0x05, params.newPinEnc],
    [0x06, params.pinHashEnc],
    [0x09, params.permissions],
    [0x0a, params.rpId],
  );
  return sendCommand(device, 'clientPin', parameters, options);
}

/** Key agreements that are made for one request, should another program reset the card between the two. */
const MAX_AGREEMENTS = 3;

/**
 * Agrees on a fresh shared secret and sends a request under it. A card that has forgotten the agreement would take any
 * PIN for a wrong one, and count it: it is sent nothing then, and another agreement is made.
 *
 * @param send sends the request with the options that it is given. The secret is overwritten afterwards.
 */
export async function sendUnderSecret<Value>(
  device: Device,
  protocol: PinUvAuthProtocolNumber,
  options: CallOptions,
  send: (agreed: Encapsulation, options: CallOptions) => Promise<Result<Value, CommandError>>,
): Promise<Result<Value, CommandError>> {
  for (let agreement = 1; ; agreement += 1) {
    const agreed = await agreeOnSecret(device, protocol, options);
    if (!agreed.ok) return agreed;
    try {
      const sent = await send(agreed.value, { ...options, continues: true });
      if (sent.ok || !isForgotten(sent.error) || agreement === MAX_AGREEMENTS) return sent;
    } finally {
      agreed.value.sharedSecret.fill(0);
    }
  }
}

function isForgotten(error: CommandError): boolean {
  return error.kind === 'transport' && error.problem === TransportProblem.forgotten;
}

/**
 * Agrees on a fresh shared secret with the key. The caller overwrites the secret after use.
 *
 * Source: CTAP 2.2 §6.5.5.4 getKeyAgreement.
 */
export async function agreeOnSecret(
  device: Device,
  protocol: PinUvAuthProtocolNumber,
  options: CallOptions,
): Promise<Result<Encapsulation, CommandError>> {
  const response = await sendClientPin(device, protocol, 'getKeyAgreement', {}, options);
  if (!response.ok) return response;
  const encapsulation = encapsulate(pinUvAuthProtocol(protocol), response.value.get(ClientPinMember.keyAgreement));
  return encapsulation === undefined
    ? failure(malformedResponse('clientPin', 'keyAgreement is not a point of P-256.'))
    : success(encapsulation);
}
