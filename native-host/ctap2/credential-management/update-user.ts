import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { success, type Result } from '../../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import { parameterMap } from '../command.ts';
import type { CommandError } from '../errors.ts';
import type { PinUvAuthToken } from '../pin-uv-auth/token.ts';
import { CredentialManagementSubcommand, sendCredentialManagement } from './credential-management.ts';
import type { StoredUser } from './enumerate-credentials.ts';

/**
 * Gives a discoverable credential other names for its account. What `user` does not have is removed from the key;
 * `user.id` must be the credential's. The preview command has no such subcommand. The token needs the permission `cm`.
 *
 * Source: CTAP 2.2 §6.8.6 updateUserInformation.
 */
export async function updateUser(
  device: Device,
  id: Bytes,
  user: StoredUser,
  token: PinUvAuthToken,
  options: CallOptions,
): Promise<Result<undefined, CommandError>> {
  const params = parameterMap(
    [0x02, parameterMap(['id', id], ['type', 'public-key'])],
    [0x03, parameterMap(['id', user.id], ['name', user.name], ['displayName', user.displayName])],
  );
  const { updateUserInformation } = CredentialManagementSubcommand;
  const response = await sendCredentialManagement(device, 'credentialManagement', updateUserInformation, params, token, options);
  return response.ok ? success(undefined) : response;
}
