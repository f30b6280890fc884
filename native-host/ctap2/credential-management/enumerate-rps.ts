import type { Bytes } from '../../../shared/bytes/bytes.ts';
import type { Result } from '../../../shared/bytes/result.ts';
import type { CborMap } from '../../../shared/cbor/value.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import type { CommandError } from '../errors.ts';
import { bytesMember, mapMember, textMember } from '../members.ts';
import type { PinUvAuthToken } from '../pin-uv-auth/token.ts';
import {
  type CredentialManagementCommand,
  CredentialManagementMember,
  CredentialManagementSubcommand,
  sendCredentialManagement,
} from './credential-management.ts';
import { collectSeries } from './enumerate.ts';

/** A Relying Party that has discoverable credentials on a key. */
export interface StoredRelyingParty {
  /** May be cut short by the key (CTAP 2.2 §6.8.7), and is empty where the key does not tell it. */
  readonly rpId: string;
  /** 32 bytes; of the whole RP ID. */
  readonly rpIdHash: Bytes;
}

const HASH_LENGTH = 32;

/**
 * Lists the Relying Parties. The token needs the permission `cm` or `pcmr`, and no RP ID.
 *
 * Source: CTAP 2.2 §6.8.3 enumerateRPsBegin, enumerateRPsGetNextRP.
 */
export async function enumerateRelyingParties(
  device: Device,
  command: CredentialManagementCommand,
  token: PinUvAuthToken,
  options: CallOptions,
): Promise<Result<readonly StoredRelyingParty[], CommandError>> {
  const { enumerateRpsBegin, enumerateRpsGetNextRp } = CredentialManagementSubcommand;
  const first = await sendCredentialManagement(device, command, enumerateRpsBegin, undefined, token, options);
  const totalKey = CredentialManagementMember.totalRps;
  return collectSeries(device, first, { command, next: enumerateRpsGetNextRp, totalKey, decode }, options);
}

function decode(map: CborMap): StoredRelyingParty | string {
  const rpIdHash = bytesMember(map, CredentialManagementMember.rpIdHash);
  if (rpIdHash?.length !== HASH_LENGTH) return 'rpIDHash is missing or does not have 32 bytes.';
  const rp = mapMember(map, CredentialManagementMember.rp);
  return { rpId: (rp === undefined ? undefined : textMember(rp, 'id')) ?? '', rpIdHash };
}
