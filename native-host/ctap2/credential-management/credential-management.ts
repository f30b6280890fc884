import { concatBytes } from '../../../shared/bytes/bytes.ts';
import type { Result } from '../../../shared/bytes/result.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborMap } from '../../../shared/cbor/value.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import { parameterMap, sendCommand } from '../command.ts';
import type { CommandError } from '../errors.ts';
import type { AuthenticatorInfo } from '../get-info.ts';
import type { PinUvAuthToken } from '../pin-uv-auth/token.ts';

/** The command under which a key manages credentials. */
export type CredentialManagementCommand = 'credentialManagement' | 'credentialManagementPreview';

/** Subcommands (CTAP 2.2 §6.8); the preview has all but the last. */
export const CredentialManagementSubcommand = {
  getCredsMetadata: 0x01,
  enumerateRpsBegin: 0x02,
  enumerateRpsGetNextRp: 0x03,
  enumerateCredentialsBegin: 0x04,
  enumerateCredentialsGetNextCredential: 0x05,
  deleteCredential: 0x06,
  updateUserInformation: 0x07,
} as const;
type Subcommand = (typeof CredentialManagementSubcommand)[keyof typeof CredentialManagementSubcommand];

/** Keys of the response's map. */
export const CredentialManagementMember = {
  existingCount: 0x01,
  maxRemainingCount: 0x02,
  rp: 0x03,
  rpIdHash: 0x04,
  totalRps: 0x05,
  user: 0x06,
  credentialId: 0x07,
  publicKey: 0x08,
  totalCredentials: 0x09,
  credProtect: 0x0a,
  largeBlobKey: 0x0b,
} as const;

/**
 * The command under which a key manages credentials: the final one where it has both.
 *
 * Source: CTAP 2.2 §6.4, options `credMgmt` and `credentialMgmtPreview`.
 */
export function credentialManagementCommand(
  { options }: Pick<AuthenticatorInfo, 'options'>,
): CredentialManagementCommand | undefined {
  if (options.credMgmt === true) return 'credentialManagement';
  return options.credentialMgmtPreview === true ? 'credentialManagementPreview' : undefined;
}

/**
 * Sends a subcommand that begins something, with its proof: the token authenticates the subcommand's byte and its
 * parameters in CBOR.
 *
 * Source: CTAP 2.2 §6.8.2 to §6.8.6.
 */
export function sendCredentialManagement(
  device: Device,
  command: CredentialManagementCommand,
  subcommand: Subcommand,
  subcommandParams: CborMap | undefined,
  token: PinUvAuthToken,
  options: CallOptions,
): Promise<Result<CborMap, CommandError>> {
  const encoded = subcommandParams === undefined ? new Uint8Array() : encodeCbor(subcommandParams);
  const parameters = parameterMap(
    [0x01, subcommand],
    [0x02, subcommandParams],
    [0x03, token.protocol],
    [0x04, token.authenticate(concatBytes(Uint8Array.of(subcommand), encoded))],
  );
  return sendCommand(device, command, parameters, options);
}

/** Sends a subcommand that goes on with what another began: it takes neither parameters nor proof. */
export function sendNext(
  device: Device,
  command: CredentialManagementCommand,
  subcommand: Subcommand,
  options: CallOptions,
): Promise<Result<CborMap, CommandError>> {
  return sendCommand(device, command, parameterMap([0x01, subcommand]), options);
}
