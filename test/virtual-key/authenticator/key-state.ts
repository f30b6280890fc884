import type { Bytes } from '../../../shared/bytes/bytes.ts';
import type { CborMap } from '../../../shared/cbor/value.ts';
import type { UserEvidence } from './authenticator-data.ts';
import type { X5cIdentity } from './attestation/test-ca.ts';
import type { Credential, CredentialStore } from './credential-store.ts';
import type { Environment } from './environment.ts';
import type { LargeBlobArray } from './large-blob-array.ts';
import type { PinUvAuth } from './pin-uv-auth/pin-uv-auth.ts';
import type { Pin } from './pin-uv-auth/pin.ts';
import type { Settings } from './settings.ts';
import type { User } from './user.ts';

/** What getNextAssertion needs to go on. Source: CTAP 2.1 §6.3. */
export interface PendingAssertions {
  readonly credentials: Credential[];
  readonly clientDataHash: Bytes;
  readonly evidence: UserEvidence;
  readonly extensions: CborMap;
  /** When the last assertion was given; the rest is forgotten 30 seconds later. */
  lastAt: number;
}

/** All that a key knows, as its commands see it. */
export interface KeyState {
  readonly environment: Environment;
  settings: Settings;
  readonly store: CredentialStore;
  readonly pin: Pin;
  readonly user: User;
  readonly largeBlobs: LargeBlobArray;
  /** Certificate and key for x5c attestation and U2F, of this key's AAGUID; made when first needed. */
  identity(): X5cIdentity;
  /** RAM: replaced at power-up. */
  pinUvAuth: PinUvAuth;
  pendingAssertions: PendingAssertions | undefined;
  uvRetries: number;
  poweredAt: number;
}
