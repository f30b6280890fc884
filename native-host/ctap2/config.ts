import { concatBytes } from '../../shared/bytes/bytes.ts';
import { success, type Result } from '../../shared/bytes/result.ts';
import { encodeCbor } from '../../shared/cbor/codec.ts';
import type { CborMap } from '../../shared/cbor/value.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { parameterMap, sendCommand } from './command.ts';
import { CommandCode, type CommandError } from './errors.ts';
import type { PinUvAuthToken } from './pin-uv-auth/token.ts';

/** Subcommands of authenticatorConfig (CTAP 2.3 §6.11). */
export const ConfigSubcommand = {
  enableEnterpriseAttestation: 0x01,
  toggleAlwaysUv: 0x02,
  setMinPinLength: 0x03,
  /** Of CTAP 2.3. */
  enableLongTouchForReset: 0x04,
} as const;

const PROOF_PREFIX_LENGTH = 32;

/** What setMinPINLength sets; absent members stay as they are. */
export interface MinPinLengthParams {
  /** Unicode code points; not below the present value. */
  readonly newMinPinLength?: number;
  /** Relying Parties that are told the minimum length; replaces the list. */
  readonly rpIds?: readonly string[];
  /** The PIN must be changed before it is of use again. */
  readonly forceChangePin?: boolean;
  /** The key is to enforce its rules on how complex a PIN must be, which no command but a reset undoes (CTAP 2.2). */
  readonly pinComplexityPolicy?: true;
}

/**
 * Switches alwaysUv on when it is off, and off when it is on.
 *
 * Source: CTAP 2.2 §6.11.2 toggleAlwaysUv.
 *
 * @param token with the permission `acfg`; absent for a key without PIN and fingerprint.
 */
export function toggleAlwaysUv(
  device: Device,
  token: PinUvAuthToken | undefined,
  options: CallOptions,
): Promise<Result<undefined, CommandError>> {
  return sendConfig(device, ConfigSubcommand.toggleAlwaysUv, undefined, token, options);
}

/**
 * Raises the minimum PIN length. Source: CTAP 2.2 §6.11.4 setMinPINLength.
 *
 * @param token as for {@link toggleAlwaysUv}.
 */
export function setMinPinLength(
  device: Device,
  { newMinPinLength, rpIds, forceChangePin, pinComplexityPolicy }: MinPinLengthParams,
  token: PinUvAuthToken | undefined,
  options: CallOptions,
): Promise<Result<undefined, CommandError>> {
  const params = parameterMap([0x01, newMinPinLength], [0x02, rpIds], [0x03, forceChangePin], [0x04, pinComplexityPolicy]);
  return sendConfig(device, ConfigSubcommand.setMinPinLength, params, token, options);
}

/**
 * Lets Relying Parties ask for an attestation that identifies this very key, until the next reset.
 *
 * Source: CTAP 2.2 §6.11.1 enableEnterpriseAttestation.
 *
 * @param token as for {@link toggleAlwaysUv}.
 */
export function enableEnterpriseAttestation(
  device: Device,
  token: PinUvAuthToken | undefined,
  options: CallOptions,
): Promise<Result<undefined, CommandError>> {
  return sendConfig(device, ConfigSubcommand.enableEnterpriseAttestation, undefined, token, options);
}

/**
 * Has the key take a reset only after a long touch, until the next reset.
 *
 * Source: CTAP 2.3 §6.11, enableLongTouchForReset.
 *
 * @param token as for {@link toggleAlwaysUv}.
 */
export function enableLongTouchForReset(
  device: Device,
  token: PinUvAuthToken | undefined,
  options: CallOptions,
): Promise<Result<undefined, CommandError>> {
  return sendConfig(device, ConfigSubcommand.enableLongTouchForReset, undefined, token, options);
}

async function sendConfig(
  device: Device,
  subcommand: number,
  subcommandParams: CborMap | undefined,
  token: PinUvAuthToken | undefined,
  options: CallOptions,
): Promise<Result<undefined, CommandError>> {
  const message = concatBytes(
    new Uint8Array(PROOF_PREFIX_LENGTH).fill(0xff),
    Uint8Array.of(CommandCode.config, subcommand),
    subcommandParams === undefined ? new Uint8Array() : encodeCbor(subcommandParams),
  );
  const parameters = parameterMap(
    [0x01, subcommand],
    [0x02, subcommandParams],
    [0x03, token?.protocol],
    [0x04, token?.authenticate(message)],
  );
  const response = await sendCommand(device, 'config', parameters, options);
  return response.ok ? success(undefined) : response;
}
