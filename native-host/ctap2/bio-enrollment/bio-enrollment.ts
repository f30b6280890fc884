import { concatBytes } from '../../../shared/bytes/bytes.ts';
import type { Result } from '../../../shared/bytes/result.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborMap } from '../../../shared/cbor/value.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import { parameterMap, sendCommand } from '../command.ts';
import type { CommandError } from '../errors.ts';
import type { AuthenticatorInfo } from '../get-info.ts';
import type { PinUvAuthToken } from '../pin-uv-auth/token.ts';

/** The command under which a key manages fingerprints. */
export type BioEnrollmentCommand = 'bioEnrollment' | 'bioEnrollmentPreview';

/** Subcommands (CTAP 2.2 §6.7). */
export const BioEnrollmentSubcommand = {
  enrollBegin: 0x01,
  enrollCaptureNextSample: 0x02,
  cancelCurrentEnrollment: 0x03,
  enumerateEnrollments: 0x04,
  setFriendlyName: 0x05,
  removeEnrollment: 0x06,
  getFingerprintSensorInfo: 0x07,
} as const;
type Subcommand = (typeof BioEnrollmentSubcommand)[keyof typeof BioEnrollmentSubcommand];

/** Keys of the response's map. */
export const BioEnrollmentMember = {
  fingerprintKind: 0x02,
  maxCaptureSamples: 0x03,
  templateId: 0x04,
  lastEnrollSampleStatus: 0x05,
  remainingSamples: 0x06,
  templateInfos: 0x07,
  maxTemplateFriendlyName: 0x08,
} as const;

/** Keys of the subcommand's parameters, and of a template's description. */
export const TemplateMember = { templateId: 0x01, friendlyName: 0x02, timeout: 0x03 } as const;

/** The modality "fingerprint", the only one there is. */
const FINGERPRINT = 0x01;

/**
 * The command under which a key manages fingerprints: the final one where it has both. The options are false, not
 * absent, on a key without fingerprints so far.
 *
 * Source: CTAP 2.2 §6.4, options `bioEnroll` and `userVerificationMgmtPreview`.
 */
export function bioEnrollmentCommand(
  { options }: Pick<AuthenticatorInfo, 'options'>,
): BioEnrollmentCommand | undefined {
  if (options.bioEnroll !== undefined) return 'bioEnrollment';
  return options.userVerificationMgmtPreview === undefined ? undefined : 'bioEnrollmentPreview';
}

/**
 * Sends a subcommand. With a token, the proof is over modality, subcommand and parameters.
 *
 * Source: CTAP 2.2 §6.7.4 to §6.7.8.
 *
 * @param token absent for the sensor's description and for cancelling, which need no proof.
 */
export function sendBioEnrollment(
  device: Device,
  command: BioEnrollmentCommand,
  subcommand: Subcommand,
  subcommandParams: CborMap | undefined,
  token: PinUvAuthToken | undefined,
  options: CallOptions,
): Promise<Result<CborMap, CommandError>> {
  const encoded = subcommandParams === undefined ? new Uint8Array() : encodeCbor(subcommandParams);
  const parameters = parameterMap(
    [0x01, FINGERPRINT],
    [0x02, subcommand],
    [0x03, subcommandParams],
    [0x04, token?.protocol],
    [0x05, token?.authenticate(concatBytes(Uint8Array.of(FINGERPRINT, subcommand), encoded))],
  );
  return sendCommand(device, command, parameters, options);
}
