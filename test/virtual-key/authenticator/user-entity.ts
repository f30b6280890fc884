import type { CborMap, CborValue } from '../../../shared/cbor/value.ts';
import type { CredentialUser } from './credential-store.ts';
import { bytesAt, required, textAt } from './parameters.ts';
import { CtapFailure, CtapStatus } from './status.ts';

/** Reads a user entity: an id of at most 64 bytes, and names. Source: CTAP 2.1 §6.1 (parameter `user`). */
export function parseUser(user: CborMap): CredentialUser {
  const id = required(bytesAt(user, 'id'));
  if (id.length > 64) throw new CtapFailure(CtapStatus.invalidLength);
  const name = textAt(user, 'name');
  const displayName = textAt(user, 'displayName');
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(displayName === undefined ? {} : { displayName }),
  };
}

/** A user entity as responses tell it. */
export function encodeUser(user: CredentialUser, withNames: boolean): CborMap {
  const entity = new Map<CborValue, CborValue>([['id', user.id]]);
  if (withNames && user.name !== undefined) entity.set('name', user.name);
  if (withNames && user.displayName !== undefined) entity.set('displayName', user.displayName);
  return entity;
}
