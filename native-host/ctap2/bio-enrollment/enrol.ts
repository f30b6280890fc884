import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import type { CborMap } from '../../../shared/cbor/value.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import { parameterMap } from '../command.ts';
import { type CommandError, malformedResponse } from '../errors.ts';
import { bytesMember, countMember } from '../members.ts';
import type { PinUvAuthToken } from '../pin-uv-auth/token.ts';
import {
  type BioEnrollmentCommand,
  BioEnrollmentMember,
  BioEnrollmentSubcommand,
  sendBioEnrollment,
  TemplateMember,
} from './bio-enrollment.ts';

const SAMPLE_STATUSES = [
  'good',
  'tooHigh',
  'tooLow',
  'tooLeft',
  'tooRight',
  'tooFast',
  'tooSlow',
  'poorQuality',
  'tooSkewed',
  'tooShort',
  'mergeFailure',
  'exists',
  'unknown',
  'noUserActivity',
  'noUserPresenceTransition',
] as const;

/** What a sample was worth (CTAP 2.2 §6.7.4, `lastEnrollSampleStatus`); statuses that are not known here are `unknown`. */
export type SampleStatus = (typeof SAMPLE_STATUSES)[number];

/** How far an enrolment is after a sample. */
export interface EnrolmentStep {
  readonly status: SampleStatus;
  /** Good samples still to come; 0: the fingerprint is enrolled. */
  readonly remaining: number;
}

/** An enrolment that has begun. */
export interface BegunEnrolment extends EnrolmentStep {
  readonly templateId: Bytes;
}

/**
 * Begins to enrol a fingerprint and waits for the first sample. The token needs the permission `be`.
 *
 * Source: CTAP 2.2 §6.7.4 enrollBegin.
 *
 * @param timeout milliseconds that the key is to wait for the finger.
 */
export async function beginEnrolment(
  device: Device,
  command: BioEnrollmentCommand,
  timeout: number,
  token: PinUvAuthToken,
  options: CallOptions,
): Promise<Result<BegunEnrolment, CommandError>> {
  const params = parameterMap([TemplateMember.timeout, timeout]);
  const { enrollBegin } = BioEnrollmentSubcommand;
  const response = await sendBioEnrollment(device, command, enrollBegin, params, token, options);
  if (!response.ok) return response;
  const templateId = bytesMember(response.value, BioEnrollmentMember.templateId);
  if (templateId === undefined || templateId.length === 0) {
    return failure(malformedResponse(command, 'templateId is missing or empty.'));
  }
  const step = decodeStep(command, response.value);
  return step.ok ? success({ templateId, ...step.value }) : step;
}

/**
 * Waits for the next sample. Source: CTAP 2.2 §6.7.4 enrollCaptureNextSample.
 *
 * @param timeout milliseconds that the key is to wait for the finger.
 */
export async function captureSample(
  device: Device,
  command: BioEnrollmentCommand,
  templateId: Bytes,
  timeout: number,
  token: PinUvAuthToken,
  options: CallOptions,
): Promise<Result<EnrolmentStep, CommandError>> {
  const params = parameterMap([TemplateMember.templateId, templateId], [TemplateMember.timeout, timeout]);
  const { enrollCaptureNextSample } = BioEnrollmentSubcommand;
  const response = await sendBioEnrollment(device, command, enrollCaptureNextSample, params, token, options);
  return response.ok ? decodeStep(command, response.value) : response;
}

/** Gives an enrolment up; the key forgets it. Source: CTAP 2.2 §6.7.5 cancelCurrentEnrollment. */
export async function cancelEnrolment(
  device: Device,
  command: BioEnrollmentCommand,
  options: CallOptions,
): Promise<Result<undefined, CommandError>> {
  const { cancelCurrentEnrollment } = BioEnrollmentSubcommand;
  const response = await sendBioEnrollment(device, command, cancelCurrentEnrollment, undefined, undefined, options);
  return response.ok ? success(undefined) : response;
}

function decodeStep(command: BioEnrollmentCommand, map: CborMap): Result<EnrolmentStep, CommandError> {
  const status = countMember(map, BioEnrollmentMember.lastEnrollSampleStatus);
  const remaining = countMember(map, BioEnrollmentMember.remainingSamples);
  if (status === undefined || remaining === undefined) {
    return failure(malformedResponse(command, 'The status of the sample or the number of those left is missing.'));
  }
  return success({ status: SAMPLE_STATUSES[status] ?? 'unknown', remaining });
}
