import type { Bytes } from '../../../shared/bytes/bytes.ts';
import type { Result } from '../../../shared/bytes/result.ts';
import type { CborMap } from '../../../shared/cbor/value.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import { parameterMap } from '../command.ts';
import type { CommandError } from '../errors.ts';
import { bytesMember, countMember, mapMember, textMember } from '../members.ts';
import type { PinUvAuthToken } from '../pin-uv-auth/token.ts';
import {
  type CredentialManagementCommand,
  CredentialManagementMember,
  CredentialManagementSubcommand,
  sendCredentialManagement,
} from './credential-management.ts';
import { collectSeries } from './enumerate.ts';

/** The account of a discoverable credential. */
export interface StoredUser {
  readonly id: Bytes;
  readonly name?: string;
  readonly displayName?: string;
}

/** A discoverable credential as a key tells it. */
export interface StoredCredential {
  readonly id: Bytes;
  /** Absent where the key keeps no account with it. */
  readonly user?: StoredUser;
  /** COSE identifier of the algorithm. */
  readonly algorithm?: number;
  /** 1 user verification optional, 2 optional where the credential is named, 3 required. */
  readonly credProtect?: number;
  /** Opens the data that are stored with it, where there can be any: 32 bytes, not for showing. */
  readonly largeBlobKey?: Bytes;
}

/** COSE_Key: the member `alg`. */
const ALGORITHM = 3;

const LARGE_BLOB_KEY_LENGTH = 32;

/**
 * Lists the discoverable credentials of a Relying Party. The token needs the permission `cm` or `pcmr`, bound to no
 * RP ID or to this one.
 *
 * Source: CTAP 2.2 §6.8.4 enumerateCredentialsBegin, enumerateCredentialsGetNextCredential.
 *
 * @param rpIdHash 32 bytes, as enumerateRelyingParties tells it.
 */
export async function enumerateCredentials(
  device: Device,
  command: CredentialManagementCommand,
  rpIdHash: Bytes,
  token: PinUvAuthToken,
  options: CallOptions,
): Promise<Result<readonly StoredCredential[], CommandError>> {
  const { enumerateCredentialsBegin, enumerateCredentialsGetNextCredential: next } = CredentialManagementSubcommand;
  const params = parameterMap([0x01, rpIdHash]);
  const first = await sendCredentialManagement(device, command, enumerateCredentialsBegin, params, token, options);
  const totalKey = CredentialManagementMember.totalCredentials;
  return collectSeries(device, first, { command, next, totalKey, decode }, options);
}

function decode(map: CborMap): StoredCredential | string {
  const descriptor = mapMember(map, CredentialManagementMember.credentialId);
  const id = descriptor === undefined ? undefined : bytesMember(descriptor, 'id');
  if (id === undefined || id.length === 0) return 'credentialID is missing or empty.';
  const user = decodeUser(mapMember(map, CredentialManagementMember.user));
  const algorithm = mapMember(map, CredentialManagementMember.publicKey)?.get(ALGORITHM);
  const credProtect = countMember(map, CredentialManagementMember.credProtect);
  const largeBlobKey = bytesMember(map, CredentialManagementMember.largeBlobKey);
  return {
    id,
    ...(user === undefined ? {} : { user }),
    ...(typeof algorithm === 'number' ? { algorithm } : {}),
    ...(credProtect === undefined ? {} : { credProtect }),
    ...(largeBlobKey?.length === LARGE_BLOB_KEY_LENGTH ? { largeBlobKey } : {}),
  };
}

function decodeUser(map: CborMap | undefined): StoredUser | undefined {
  const id = map === undefined ? undefined : bytesMember(map, 'id');
  if (map === undefined || id === undefined) return undefined;
  const name = textMember(map, 'name');
  const displayName = textMember(map, 'displayName');
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(displayName === undefined ? {} : { displayName }),
  };
}
