import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import { type CommandError, malformedResponse } from '../errors.ts';
import { countMember } from '../members.ts';
import type { PinUvAuthToken } from '../pin-uv-auth/token.ts';
import {
  type CredentialManagementCommand,
  CredentialManagementMember,
  CredentialManagementSubcommand,
  sendCredentialManagement,
} from './credential-management.ts';

/** How many discoverable credentials a key has. */
export interface CredentialsMetadata {
  readonly existing: number;
  /** At most so many more fit; the true number depends on their sizes. */
  readonly maxRemaining: number;
}

/**
 * Counts the discoverable credentials. The token needs the permission `cm` or `pcmr`, and no RP ID.
 *
 * Source: CTAP 2.2 §6.8.2 getCredsMetadata.
 */
export async function getCredentialsMetadata(
  device: Device,
  command: CredentialManagementCommand,
  token: PinUvAuthToken,
  options: CallOptions,
): Promise<Result<CredentialsMetadata, CommandError>> {
  const { getCredsMetadata } = CredentialManagementSubcommand;
  const response = await sendCredentialManagement(device, command, getCredsMetadata, undefined, token, options);
  if (!response.ok) return response;
  const existing = countMember(response.value, CredentialManagementMember.existingCount);
  // A key that has miscounted may be left with fewer than no places.
  const remaining = response.value.get(CredentialManagementMember.maxRemainingCount);
  const maxRemaining = typeof remaining === 'number' && remaining < 0 ? 0 : countMember(response.value, CredentialManagementMember.maxRemainingCount);
  return existing === undefined || maxRemaining === undefined
    ? failure(malformedResponse(command, 'A count is missing.'))
    : success({ existing, maxRemaining });
}
