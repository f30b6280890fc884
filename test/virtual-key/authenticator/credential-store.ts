import { createHash } from 'node:crypto';

import { type Bytes, copyBytes, encodeUtf8, equalBytes } from '../../../shared/bytes/bytes.ts';
import type { CredentialKey } from './credential-key.ts';

/** credProtect levels. Source: CTAP 2.1 §12.1. */
export const CredProtect = { optional: 1, optionalWithList: 2, required: 3 } as const;

/** The account that a credential belongs to; a cut-down user entity. */
export interface CredentialUser {
  readonly id: Bytes;
  readonly name?: string;
  readonly displayName?: string;
}

/** Secrets of hmac-secret, 32 bytes each: one for verified users, one for the others. */
export interface HmacSecrets {
  readonly withUv: Bytes;
  readonly withoutUv: Bytes;
}

/** One credential on the key. */
export interface Credential {
  readonly id: Bytes;
  /** Absent for a U2F registration, of which only the hash of the application is known. */
  readonly rpId?: string;
  readonly rpIdHash: Bytes;
  readonly discoverable: boolean;
  readonly key: CredentialKey;
  readonly user?: CredentialUser;
  readonly credProtect: number;
  readonly hmacSecrets?: HmacSecrets;
  readonly credBlob?: Bytes;
  readonly largeBlobKey?: Bytes;
  readonly backupEligible: boolean;
  readonly backupState: boolean;
  signCount: number;
}

/** SHA-256 of an RP ID. */
export function hashRpId(rpId: string): Bytes {
  return copyBytes(createHash('sha256').update(encodeUtf8(rpId)).digest());
}

/** The credentials of a key, oldest first. Non-discoverable ones are kept here too, where a real key would wrap them into their id. */
export class CredentialStore {
  #credentials: Credential[] = [];

  get all(): readonly Credential[] {
    return this.#credentials;
  }

  get discoverableCount(): number {
    return this.#credentials.filter((credential) => credential.discoverable).length;
  }

  /** Adds a credential; a discoverable one replaces that of the same account (CTAP 2.1 §6.1.2 step 17). */
  add(credential: Credential): void {
    const replaced = this.replacedBy(credential.rpIdHash, credential.discoverable ? credential.user?.id : undefined);
    this.#credentials = this.#credentials.filter((existing) => existing !== replaced);
    this.#credentials.push(credential);
  }

  /** The discoverable credential of that account, if there is one. */
  replacedBy(rpIdHash: Uint8Array, userId: Uint8Array | undefined): Credential | undefined {
    if (userId === undefined) return undefined;
    return this.discoverable(rpIdHash).find((entry) => entry.user !== undefined && equalBytes(entry.user.id, userId));
  }

  /** Finds a credential of that Relying Party by its id. */
  find(rpIdHash: Uint8Array, id: Uint8Array): Credential | undefined {
    return this.#credentials.find((entry) => equalBytes(entry.id, id) && equalBytes(entry.rpIdHash, rpIdHash));
  }

  /** The discoverable credentials of that Relying Party, newest first. */
  discoverable(rpIdHash: Uint8Array): Credential[] {
    return this.#credentials.filter((entry) => entry.discoverable && equalBytes(entry.rpIdHash, rpIdHash)).reverse();
  }

  /** Finds a discoverable credential by its id alone. */
  findDiscoverable(id: Uint8Array): Credential | undefined {
    return this.#credentials.find((entry) => entry.discoverable && equalBytes(entry.id, id));
  }

  /** Gives a credential other names for its account. */
  rename(credential: Credential, user: CredentialUser): void {
    this.#credentials = this.#credentials.map((entry) => (entry === credential ? { ...entry, user } : entry));
  }

  /** Removes by id; false when there is none. */
  remove(id: Uint8Array): boolean {
    const before = this.#credentials.length;
    this.#credentials = this.#credentials.filter((entry) => !equalBytes(entry.id, id));
    return this.#credentials.length < before;
  }

  clear(): void {
    this.#credentials = [];
  }
}
