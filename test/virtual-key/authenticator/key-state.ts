import type { Bytes } from '../../../shared/bytes/bytes.ts';
import type { CborMap } from '../../../shared/cbor/value.ts';
import type { UserEvidence } from './authenticator-data.ts';
import type { X5cIdentity } from './attestation/test-ca.ts';
import type { Credential, CredentialStore } from './credential-store.ts';
import type { Environment } from './environment.ts';
import type { Enrolment, FingerprintStore } from './fingerprint-store.ts';
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

/** The settings that authenticatorConfig can change. */
export type FactorySettings = Pick<
  Settings,
  'alwaysUv' | 'minPinLength' | 'minPinLengthRpIds' | 'enterpriseAttestation' | 'pinComplexityPolicy' | 'longTouchForReset'
>;

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
  readonly fingerprints: FingerprintStore;
  /** What reset restores of the settings; kept from the first time that authenticatorConfig changes something. */
  factory: FactorySettings | undefined;
  /** The value of the tokens that survive a power cycle; made when the first one is given out. */
  persistentToken: Bytes | undefined;
  /** What encIdentifier tells, 16 bytes; made when first needed, another one after a reset. */
  deviceIdentifier: Bytes | undefined;
  /** Uses of the built-in verification since the PIN was entered last. */
  uvCount: number;
  /** RAM: replaced at power-up. */
  pinUvAuth: PinUvAuth;
  pendingAssertions: PendingAssertions | undefined;
  /** What is left to tell of Relying Parties or credentials, and the subcommand that asks for it. */
  enumeration: { readonly next: 3 | 5; readonly left: readonly CborMap[] } | undefined;
  enrolment: Enrolment | undefined;
  uvRetries: number;
  poweredAt: number;
}
