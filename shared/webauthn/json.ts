/**
 * WebAuthn's dictionaries in their JSON form (WebAuthn Level 3 §5.1.8 to §5.1.10, §5.4, §5.5): byte strings are
 * base64url without padding. These are plain types without code: the page script uses them too.
 */

/** PublicKeyCredentialDescriptorJSON. Unknown transports and types stay strings: they are ignored, never errors. */
export interface CredentialDescriptorJson {
  readonly id: string;
  readonly type: string;
  readonly transports?: readonly string[];
}

/** PublicKeyCredentialRpEntity. */
export interface RpEntityJson {
  readonly name: string;
  readonly id?: string;
}

/** PublicKeyCredentialUserEntityJSON; `id` is base64url of 1 to 64 bytes. */
export interface UserEntityJson {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
}

/** PublicKeyCredentialParameters; `alg` is a COSE algorithm identifier. */
export interface CredentialParametersJson {
  readonly type: string;
  readonly alg: number;
}

/** AuthenticatorSelectionCriteria. */
export interface AuthenticatorSelectionJson {
  readonly authenticatorAttachment?: string;
  readonly residentKey?: string;
  readonly requireResidentKey?: boolean;
  readonly userVerification?: string;
}

/** Client extension inputs as JSON; members are interpreted one by one, unknown ones are ignored. */
export type ExtensionInputsJson = Readonly<Record<string, unknown>>;

/** PublicKeyCredentialCreationOptionsJSON. `timeout` is in milliseconds. */
export interface CreationOptionsJson {
  readonly rp: RpEntityJson;
  readonly user: UserEntityJson;
  readonly challenge: string;
  readonly pubKeyCredParams: readonly CredentialParametersJson[];
  readonly timeout?: number;
  readonly excludeCredentials?: readonly CredentialDescriptorJson[];
  readonly authenticatorSelection?: AuthenticatorSelectionJson;
  readonly hints?: readonly string[];
  readonly attestation?: string;
  readonly attestationFormats?: readonly string[];
  readonly extensions?: ExtensionInputsJson;
}

/** PublicKeyCredentialRequestOptionsJSON. `timeout` is in milliseconds. */
export interface RequestOptionsJson {
  readonly challenge: string;
  readonly timeout?: number;
  readonly rpId?: string;
  readonly allowCredentials?: readonly CredentialDescriptorJson[];
  readonly userVerification?: string;
  readonly hints?: readonly string[];
  readonly extensions?: ExtensionInputsJson;
}

/** Client extension outputs as JSON (byte strings as base64url). */
export type ExtensionOutputsJson = Readonly<Record<string, unknown>>;

/** RegistrationResponseJSON. */
export interface RegistrationResponseJson {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly authenticatorAttachment?: string;
  readonly response: {
    readonly clientDataJSON: string;
    readonly attestationObject: string;
    readonly authenticatorData: string;
    readonly transports: readonly string[];
    /** SubjectPublicKeyInfo; absent for algorithms the specification lets a client leave out. */
    readonly publicKey?: string;
    readonly publicKeyAlgorithm: number;
  };
  readonly clientExtensionResults: ExtensionOutputsJson;
}

/** AuthenticationResponseJSON. */
export interface AuthenticationResponseJson {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly authenticatorAttachment?: string;
  readonly response: {
    readonly clientDataJSON: string;
    readonly authenticatorData: string;
    readonly signature: string;
    readonly userHandle?: string;
  };
  readonly clientExtensionResults: ExtensionOutputsJson;
}
