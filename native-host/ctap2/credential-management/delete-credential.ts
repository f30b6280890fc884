import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { success, type Result } from '../../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import { parameterMap } from '../command.ts';
import type { CommandError } from '../errors.ts';
import type { PinUvAuthToken } from '../pin-uv-auth/token.ts';
import {
  type CredentialManagementCommand,
  CredentialManagementSubcommand,
  sendCredentialManagement,
} from './credential-management.ts';

/**
 * Deletes a discoverable credential, which cannot be undone. The token needs the permission `cm`. A credential that is
 * not there gets `noCredentials`.
 *
 * Source: CTAP 2.2 §6.8.5 deleteCredential.
 */
export async function deleteCredential(
  device: Device,
  command: CredentialManagementCommand,
  id: Bytes,
  token: PinUvAuthToken,
  options: CallOptions,
): Promise<Result<undefined, CommandError>> {
  const params = parameterMap([0x02, parameterMap(['id', id], ['type', 'public-key'])]);
  const { deleteCredential: subcommand } = CredentialManagementSubcommand;
  const response = await sendCredentialManagement(device, command, subcommand, params, token, options);
  return response.ok ? success(undefined) : response;
}
