import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import { isCborArray, isCborMap } from '../../../shared/cbor/value.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import { type CommandError, malformedResponse } from '../errors.ts';
import { bytesMember, textMember } from '../members.ts';
import type { PinUvAuthToken } from '../pin-uv-auth/token.ts';
import { CtapStatus } from '../status.ts';
import {
  type BioEnrollmentCommand,
  BioEnrollmentMember,
  BioEnrollmentSubcommand,
  sendBioEnrollment,
  TemplateMember,
} from './bio-enrollment.ts';

/** An enrolled fingerprint. */
export interface EnrolledFingerprint {
  readonly id: Bytes;
  /** Absent while nobody gave it one. */
  readonly name?: string;
}

/**
 * Lists the enrolled fingerprints. The token needs the permission `be`.
 *
 * Source: CTAP 2.2 §6.7.6 enumerateEnrollments: a key without fingerprints answers `invalidOption`.
 */
export async function enumerateFingerprints(
  device: Device,
  command: BioEnrollmentCommand,
  token: PinUvAuthToken,
  options: CallOptions,
): Promise<Result<readonly EnrolledFingerprint[], CommandError>> {
  const { enumerateEnrollments } = BioEnrollmentSubcommand;
  const response = await sendBioEnrollment(device, command, enumerateEnrollments, undefined, token, options);
  if (!response.ok) {
    const { error } = response;
    return error.kind === 'ctap' && error.status === CtapStatus.invalidOption ? success([]) : failure(error);
  }
  const infos = response.value.get(BioEnrollmentMember.templateInfos);
  if (infos === undefined) return success([]);
  if (!isCborArray(infos)) return failure(malformedResponse(command, 'templateInfos is not a list.'));
  const fingerprints: EnrolledFingerprint[] = [];
  for (const info of infos) {
    const id = isCborMap(info) ? bytesMember(info, TemplateMember.templateId) : undefined;
    if (!isCborMap(info) || id === undefined) return failure(malformedResponse(command, 'A fingerprint has no id.'));
    const name = textMember(info, TemplateMember.friendlyName);
    fingerprints.push(name === undefined || name === '' ? { id } : { id, name });
  }
  return success(fingerprints);
}
