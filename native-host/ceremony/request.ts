import type { Bytes } from '../../shared/bytes/bytes.ts';
import type { HmacSecretValues } from '../ctap2/hmac-secret.ts';
import type { KeyRequirements } from '../../shared/policy/evaluate.ts';
import type { CeremonyReason, CeremonyState } from '../../shared/wire/ceremony-state.ts';

/** How much a Relying Party cares for user verification (WebAuthn L3 §5.8.6). */
export type UserVerification = 'discouraged' | 'preferred' | 'required';

/** What a policy asks of a key, as far as getInfo tells: `KeyRequirements` of `shared/policy`. */
export type PolicyRequirements = Omit<KeyRequirements, 'userVerification'>;

/** What both kinds of ceremony ask for. */
interface CommonRequest {
  /** SHA-256 of the client data, 32 bytes. */
  readonly clientDataHash: Bytes;
  readonly rpId: string;
  readonly userVerification: UserVerification;
  /** What the organisation's policy asks of a key. */
  readonly requirements?: PolicyRequirements;
  /** Milliseconds for the whole ceremony. */
  readonly timeout: number;
}

/** Extension inputs of a registration. */
export interface RegistrationExtensions {
  /** AppID under which listed credentials are excluded as well (WebAuthn L3 §10.1.2). */
  readonly appIdExclude?: string;
  /** CTAP 2.2 §12.1. `enforce`: rather no credential than one that is less protected. */
  readonly credProtect?: { readonly level: 1 | 2 | 3; readonly enforce: boolean };
  /** The site wants to learn the key's minimum PIN length (CTAP 2.2 §12.5). */
  readonly minPinLength?: true;
  /** Bytes to be kept with the credential (CTAP 2.2 §12.2). */
  readonly credBlob?: Bytes;
  /** The credential is to have secrets for hmac-secret (CTAP 2.2 §12.7). */
  readonly hmacSecret?: true;
  /** WebAuthn L3 §10.1.4: hmac-secret, and with salts its values at once where the key can. */
  readonly prf?: { readonly salts?: HmacSecretValues };
  /** The credential is to have a large blob (WebAuthn L3 §10.1.5). */
  readonly largeBlob?: 'preferred' | 'required';
}

/** Extension inputs of an authentication. */
export interface AuthenticationExtensions {
  /** AppID under which a listed credential may sign that none under the RP ID does (WebAuthn L3 §10.1.1). */
  readonly appId?: string;
  /** The bytes that are kept with the credential are wanted (CTAP 2.2 §12.2). */
  readonly getCredBlob?: true;
  /** WebAuthn L3 §10.1.4. The salts of a credential go before those for any. */
  readonly prf?: { readonly salts?: HmacSecretValues; readonly byCredential: readonly CredentialSalts[] };
  /** WebAuthn L3 §10.1.5: the credential's large blob is to be read, or to be these bytes. */
  readonly largeBlob?: 'read' | { readonly write: Bytes };
}

/** Salts for one credential. */
export interface CredentialSalts {
  readonly id: Bytes;
  readonly salts: HmacSecretValues;
}

/** Names are cut behind that many bytes, as WebAuthn L3 §6.4.1 allows: some keys refuse longer ones. */
export const MAX_NAME_BYTES = 64;

/** A credential is to be made. */
export interface RegistrationRequest extends CommonRequest {
  readonly kind: 'registration';
  readonly rpName: string;
  readonly user: { readonly id: Bytes; readonly name: string; readonly displayName: string };
  /** COSE algorithm identifiers in the site's order of preference. */
  readonly algorithms: readonly number[];
  /** Credential IDs. */
  readonly excludeList: readonly Bytes[];
  readonly residentKey: 'discouraged' | 'preferred' | 'required';
  readonly extensions: RegistrationExtensions;
  /** An enterprise attestation is asked for, of the kind that CTAP 2.2 §7.1 numbers so: 1 vendor-facilitated, 2 platform-managed. */
  readonly enterpriseAttestation?: 1 | 2;
  /** Attestation formats in the site's order of preference (WebAuthn L3 §5.4). */
  readonly attestationFormats?: readonly string[];
}

/** A credential is to sign. */
export interface AuthenticationRequest extends CommonRequest {
  readonly kind: 'authentication';
  /** Credential IDs; empty: a discoverable credential. */
  readonly allowList: readonly Bytes[];
  readonly extensions: AuthenticationExtensions;
}

/** What the host is asked to do with a key. */
export type CeremonyRequest = RegistrationRequest | AuthenticationRequest;

/** A new credential. */
export interface RegistrationOutcome {
  readonly kind: 'registration';
  /** CBOR as WebAuthn L3 §6.5.4 has it. */
  readonly attestationObject: Bytes;
  readonly transports: readonly string[];
  /** The credential is discoverable, as far as the key's options tell. */
  readonly discoverable: boolean | undefined;
  /** The key says that it gave an enterprise attestation (CTAP 2.2 §6.1.2, `epAtt`). */
  readonly enterpriseAttestation: boolean;
  readonly extensions: RegistrationOutputs;
}

/** Extension outputs of a registration, of those that were asked for. */
export interface RegistrationOutputs {
  /** The bytes are stored. */
  readonly credBlob?: boolean;
  /** The credential has secrets for hmac-secret, under prf too. */
  readonly hmacSecret?: boolean;
  readonly prf?: HmacSecretValues;
  /** The credential can have a large blob. */
  readonly largeBlob?: boolean;
}

/** A signature. */
export interface AuthenticationOutcome {
  readonly kind: 'authentication';
  readonly credentialId: Bytes;
  readonly authenticatorData: Bytes;
  readonly signature: Bytes;
  readonly userHandle: Bytes | undefined;
  readonly extensions: AuthenticationOutputs;
}

/** Extension outputs of an authentication, of those that were asked for. */
export interface AuthenticationOutputs {
  /** Whether the AppID was used; absent unless one was given. */
  readonly appId?: boolean;
  readonly credBlob?: Bytes;
  readonly prf?: HmacSecretValues;
  /** `blob`: what was read, where there is one; `written`: whether the new one is stored. */
  readonly largeBlob?: { readonly blob?: Bytes; readonly written?: boolean };
}

/** What a ceremony is for. */
export type CeremonyOutcome = RegistrationOutcome | AuthenticationOutcome;

/** Why a ceremony brought nothing. `message` is for the developer; it holds no secret. */
export interface CeremonyFailure {
  readonly reason: CeremonyReason;
  readonly message: string;
}

/** What a person, or the background for them, tells a running ceremony. */
export type UserInput =
  | { readonly type: 'promptVisible' }
  | { readonly type: 'pinSubmitted'; readonly pin: string }
  | { readonly type: 'newPinSubmitted'; readonly pin: string }
  | { readonly type: 'credentialSelected'; readonly index: number }
  /** The card on that reader, which lay there before, is meant. */
  | { readonly type: 'cardChosen'; readonly readerName: string };

/** Told about each public state as it comes. */
export type StateListener = (state: CeremonyState) => void;
