import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { success, type Result } from '../../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import { parameterMap } from '../command.ts';
import type { CommandError } from '../errors.ts';
import type { PinUvAuthToken } from '../pin-uv-auth/token.ts';
import { type BioEnrollmentCommand, BioEnrollmentSubcommand, sendBioEnrollment, TemplateMember } from './bio-enrollment.ts';

/**
 * Names a fingerprint; one that is not there gets `invalidOption`. The token needs the permission `be`.
 *
 * Source: CTAP 2.2 §6.7.7 setFriendlyName.
 */
export async function renameFingerprint(
  device: Device,
  command: BioEnrollmentCommand,
  { id, name }: { readonly id: Bytes; readonly name: string },
  token: PinUvAuthToken,
  options: CallOptions,
): Promise<Result<undefined, CommandError>> {
  const params = parameterMap([TemplateMember.templateId, id], [TemplateMember.friendlyName, name]);
  const { setFriendlyName } = BioEnrollmentSubcommand;
  const response = await sendBioEnrollment(device, command, setFriendlyName, params, token, options);
  return response.ok ? success(undefined) : response;
}

/**
 * Removes a fingerprint; one that is not there gets `invalidOption`. The token needs the permission `be`.
 *
 * Source: CTAP 2.2 §6.7.8 removeEnrollment.
 */
export async function removeFingerprint(
  device: Device,
  command: BioEnrollmentCommand,
  id: Bytes,
  token: PinUvAuthToken,
  options: CallOptions,
): Promise<Result<undefined, CommandError>> {
  const params = parameterMap([TemplateMember.templateId, id]);
  const { removeEnrollment } = BioEnrollmentSubcommand;
  const response = await sendBioEnrollment(device, command, removeEnrollment, params, token, options);
  return response.ok ? success(undefined) : response;
}
