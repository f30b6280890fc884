import { type Bytes, concatBytes } from '../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborMap } from '../../../shared/cbor/value.ts';
import { cosePublicKey } from './credential-key.ts';
import type { Credential } from './credential-store.ts';

/** Flags of authenticator data. Source: WebAuthn L3 §6.1. */
export const Flag = {
  userPresent: 0x01,
  userVerified: 0x04,
  backupEligible: 0x08,
  backupState: 0x10,
  attestedCredentialData: 0x40,
  extensionData: 0x80,
} as const;

/** What was established about the user in a ceremony. */
export interface UserEvidence {
  readonly userPresent: boolean;
  readonly userVerified: boolean;
}

/**
 * Builds authenticator data; with `aaguid` it carries the credential (registration), without it does not.
 * Source: WebAuthn L3 §6.1.
 */
export function buildAuthenticatorData(
  credential: Credential,
  evidence: UserEvidence,
  extensions: CborMap,
  aaguid?: Bytes,
): Bytes {
  let flags = 0;
  if (evidence.userPresent) flags |= Flag.userPresent;
  if (evidence.userVerified) flags |= Flag.userVerified;
  if (credential.backupEligible) flags |= Flag.backupEligible;
  if (credential.backupState) flags |= Flag.backupState;
  if (aaguid !== undefined) flags |= Flag.attestedCredentialData;
  if (extensions.size > 0) flags |= Flag.extensionData;
  return concatBytes(
    credential.rpIdHash,
    Uint8Array.of(flags),
    uint32(credential.signCount),
    aaguid === undefined ? new Uint8Array() : attestedCredentialData(credential, aaguid),
    extensions.size > 0 ? encodeCbor(extensions) : new Uint8Array(),
  );
}

function attestedCredentialData(credential: Credential, aaguid: Bytes): Bytes {
  const { id } = credential;
  return concatBytes(aaguid, Uint8Array.of(id.length >> 8, id.length & 0xff), id, encodeCbor(cosePublicKey(credential.key)));
}

/** A big-endian 32-bit number. */
export function uint32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
