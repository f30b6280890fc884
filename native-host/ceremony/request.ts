import type { Bytes } from '../../shared/bytes/bytes.ts';
import type { CeremonyReason, CeremonyState } from '../../shared/wire/ceremony-state.ts';

/** How much a Relying Party cares for user verification (WebAuthn L3 §5.8.6). */
export type UserVerification = 'discouraged' | 'preferred' | 'required';

/** What both kinds of ceremony ask for. */
interface CommonRequest {
  /** SHA-256 of the client data, 32 bytes. */
  readonly clientDataHash: Bytes;
  readonly rpId: string;
  readonly userVerification: UserVerification;
  /** Milliseconds for the whole ceremony. */
  readonly timeout: number;
}

/** Extension inputs of a registration. */
export interface RegistrationExtensions {
  /** AppID under which listed credentials are excluded as well (WebAuthn L3 §10.1.2). */
  readonly appIdExclude?: string;
  /** CTAP 2.2 §12.1. `enforce`: rather no credential than one that is less protected. */
  readonly credProtect?: { readonly level: 1 | 2 | 3; readonly enforce: boolean };
}

/** Extension inputs of an authentication. */
export interface AuthenticationExtensions {
  /** AppID under which a listed credential may sign that none under the RP ID does (WebAuthn L3 §10.1.1). */
  readonly appId?: string;
}

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

/** What both kinds of outcome carry. */
interface CommonOutcome {
  /** When the key's answer arrived (`performance.now()`, milliseconds). */
  readonly answeredAt: number;
}

/** A new credential. */
export interface RegistrationOutcome extends CommonOutcome {
  readonly kind: 'registration';
  /** CBOR as WebAuthn L3 §6.5.4 has it. */
  readonly attestationObject: Bytes;
  readonly transports: readonly string[];
  /** The credential is discoverable, as far as the key's options tell. */
  readonly discoverable: boolean | undefined;
}

/** A signature. */
export interface AuthenticationOutcome extends CommonOutcome {
  readonly kind: 'authentication';
  readonly credentialId: Bytes;
  readonly authenticatorData: Bytes;
  readonly signature: Bytes;
  readonly userHandle: Bytes | undefined;
  readonly extensions: AuthenticationOutputs;
}

/** Extension outputs of an authentication. */
export interface AuthenticationOutputs {
  /** Whether the AppID was used; absent unless one was given. */
  readonly appId?: boolean;
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
  | { readonly type: 'credentialSelected'; readonly index: number };

/** Told about each public state as it comes. */
export type StateListener = (state: CeremonyState) => void;
