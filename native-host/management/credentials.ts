import type { Bytes } from '../../shared/bytes/bytes.ts';
import { success, type Result } from '../../shared/bytes/result.ts';
import {
  type CredentialManagementCommand,
  credentialManagementCommand,
} from '../ctap2/credential-management/credential-management.ts';
import { deleteCredential } from '../ctap2/credential-management/delete-credential.ts';
import { enumerateCredentials, type StoredCredential, type StoredUser } from '../ctap2/credential-management/enumerate-credentials.ts';
import { enumerateRelyingParties } from '../ctap2/credential-management/enumerate-rps.ts';
import { type CredentialsMetadata, getCredentialsMetadata } from '../ctap2/credential-management/get-metadata.ts';
import { updateUser } from '../ctap2/credential-management/update-user.ts';
import { supportsLargeBlobs } from '../ceremony/describe-key.ts';
import { PinUvAuthPermission } from '../ctap2/pin-uv-auth/token.ts';
import { type ManagementError, managementFailure } from './errors.ts';
import { findById } from './find-by-id.ts';
import { cleanLargeBlobs, type LargeBlobFate } from './large-blob-cleanup.ts';
import type { ManagedKey } from './managed-key.ts';
import { type Authorised, withToken } from './token.ts';

/** A discoverable credential with the Relying Party that it is for. */
export interface CredentialView extends StoredCredential {
  readonly rpId: string;
  readonly rpIdHash: Bytes;
}

/** All discoverable credentials of a key, in the key's order. */
export interface CredentialList extends CredentialsMetadata {
  readonly credentials: readonly CredentialView[];
}

/** New names of an account; an absent one stays as it is, an empty one is removed. */
export interface AccountNames {
  readonly name?: string;
  readonly displayName?: string;
}

/** Lists the discoverable credentials; with a token that can only read, where the key gives such. */
export async function listCredentials(key: ManagedKey): Promise<Result<CredentialList, ManagementError>> {
  const command = requireCommand(key);
  if (!command.ok) return command;
  const { credentialManagement, persistentCredentialManagementReadOnly } = PinUvAuthPermission;
  const readOnly = command.value === 'credentialManagement' && key.info.options.perCredMgmtRO === true;
  const permission = readOnly ? persistentCredentialManagementReadOnly : credentialManagement;
  return withToken(key, permission, async (authorised) => {
    const metadata = await authorised((token) => (options) => getCredentialsMetadata(key.device, command.value, token, options));
    if (!metadata.ok) return metadata;
    const credentials = metadata.value.existing === 0 ? success([]) : await readAll(key, command.value, authorised);
    return credentials.ok ? success({ ...metadata.value, credentials: credentials.value }) : credentials;
  });
}

/** A credential that was deleted. */
interface DeletedCredential extends CredentialView {
  /** What became of the data that sites stored with it on the key. */
  readonly largeBlob: LargeBlobFate;
}

/**
 * Deletes one credential, after the user has seen which it is, and then the data that were stored with it.
 *
 * @param id hexadecimal digits with which its ID, and no other's, begins.
 */
export async function deleteKeyCredential(key: ManagedKey, id: string): Promise<Result<DeletedCredential, ManagementError>> {
  const command = requireCommand(key);
  if (!command.ok) return command;
  const { credentialManagement, largeBlobWrite } = PinUvAuthPermission;
  const hasBlobs = supportsLargeBlobs(key.info);
  return withToken(key, hasBlobs ? credentialManagement | largeBlobWrite : credentialManagement, async (authorised) => {
    const all = await readAll(key, command.value, authorised);
    if (!all.ok) return all;
    const credential = findById(all.value, id, 'credential');
    if (!credential.ok) return credential;
    if (!(await key.user.confirm({ type: 'credential', credential: credential.value }))) {
      return managementFailure('notConfirmed', 'Nothing was deleted.');
    }
    const deleted = await authorised((token) => (options) =>
      deleteCredential(key.device, command.value, credential.value.id, token, options),
    );
    if (!deleted.ok) return deleted;
    const deletedKey = hasBlobs ? credential.value.largeBlobKey : undefined;
    if (deletedKey === undefined) return success({ ...credential.value, largeBlob: 'none' });
    const living = all.value.filter((each) => each !== credential.value).flatMap(({ largeBlobKey }) => largeBlobKey ?? []);
    const largeBlob = await cleanLargeBlobs(key, { deletedKey, livingKeys: living }, authorised);
    return success({ ...credential.value, largeBlob });
  });
}

/** Renames the account of one credential. `id` is as for {@link deleteKeyCredential}. */
export async function renameKeyCredential(
  key: ManagedKey,
  id: string,
  names: AccountNames,
): Promise<Result<CredentialView, ManagementError>> {
  const command = requireCommand(key);
  if (!command.ok) return command;
  if (command.value === 'credentialManagementPreview') {
    return managementFailure('notSupported', 'This key lists and deletes credentials, but cannot rename them.');
  }
  return withToken(key, PinUvAuthPermission.credentialManagement, async (authorised) => {
    const credential = await find(key, command.value, authorised, id);
    if (!credential.ok) return credential;
    const { user } = credential.value;
    if (user === undefined) return managementFailure('notSupported', 'The key keeps no account with this credential.');
    const renamed = mergeNames(user, names);
    const updated = await authorised((token) => (options) => updateUser(key.device, credential.value.id, renamed, token, options));
    return updated.ok ? success({ ...credential.value, user: renamed }) : updated;
  });
}

/** The account with its new names. */
export function mergeNames(user: StoredUser, names: AccountNames): StoredUser {
  const name = names.name ?? user.name ?? '';
  const displayName = names.displayName ?? user.displayName ?? '';
  return { id: user.id, ...(name === '' ? {} : { name }), ...(displayName === '' ? {} : { displayName }) };
}

function requireCommand({ info }: ManagedKey): Result<CredentialManagementCommand, ManagementError> {
  const command = credentialManagementCommand(info);
  return command === undefined
    ? managementFailure('notSupported', 'This key cannot list its credentials. Only a reset, which erases all of them, removes any.')
    : success(command);
}

async function find(
  key: ManagedKey,
  command: CredentialManagementCommand,
  authorised: Authorised,
  id: string,
): Promise<Result<CredentialView, ManagementError>> {
  const credentials = await readAll(key, command, authorised);
  return credentials.ok ? findById(credentials.value, id, 'credential') : credentials;
}

async function readAll(
  key: ManagedKey,
  command: CredentialManagementCommand,
  authorised: Authorised,
): Promise<Result<readonly CredentialView[], ManagementError>> {
  const parties = await authorised((token) => (options) => enumerateRelyingParties(key.device, command, token, options));
  if (!parties.ok) return parties;
  const credentials: CredentialView[] = [];
  for (const party of parties.value) {
    const found = await authorised((token) => (options) =>
      enumerateCredentials(key.device, command, party.rpIdHash, token, options),
    );
    if (!found.ok) return found;
    credentials.push(...found.value.map((credential) => ({ ...party, ...credential })));
  }
  return success(credentials);
}
