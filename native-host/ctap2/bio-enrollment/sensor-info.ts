import { success, type Result } from '../../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import type { CommandError } from '../errors.ts';
import { countMember } from '../members.ts';
import {
  type BioEnrollmentCommand,
  BioEnrollmentMember,
  BioEnrollmentSubcommand,
  sendBioEnrollment,
} from './bio-enrollment.ts';

/** What a key tells of its fingerprint sensor. */
export interface SensorInfo {
  readonly kind: 'touch' | 'swipe' | 'unknown';
  /** Good samples that an enrolment takes; absent where the key does not say. */
  readonly maxSamples?: number;
  /** Bytes that a fingerprint's name may have in UTF-8; 64 where the key does not say. */
  readonly maxNameLength: number;
}

const KINDS: ReadonlyMap<number | undefined, SensorInfo['kind']> = new Map([
  [1, 'touch'],
  [2, 'swipe'],
]);
const DEFAULT_MAX_NAME_LENGTH = 64;

/**
 * Asks for the sensor's properties. No proof, no touch.
 *
 * Source: CTAP 2.2 §6.7.3 getFingerprintSensorInfo.
 */
export async function getSensorInfo(
  device: Device,
  command: BioEnrollmentCommand,
  options: CallOptions,
): Promise<Result<SensorInfo, CommandError>> {
  const { getFingerprintSensorInfo } = BioEnrollmentSubcommand;
  const response = await sendBioEnrollment(device, command, getFingerprintSensorInfo, undefined, undefined, options);
  if (!response.ok) return response;
  const maxSamples = countMember(response.value, BioEnrollmentMember.maxCaptureSamples);
  return success({
    kind: KINDS.get(countMember(response.value, BioEnrollmentMember.fingerprintKind)) ?? 'unknown',
    ...(maxSamples === undefined ? {} : { maxSamples }),
    maxNameLength: countMember(response.value, BioEnrollmentMember.maxTemplateFriendlyName) ?? DEFAULT_MAX_NAME_LENGTH,
  });
}
