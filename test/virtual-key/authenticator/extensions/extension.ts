import type { CborMap, CborValue } from '../../../../shared/cbor/value.ts';
import type { UserEvidence } from '../authenticator-data.ts';
import type { Credential } from '../credential-store.ts';
import type { KeyState } from '../key-state.ts';
import type { ExtensionName } from '../settings.ts';

/** Parts of a new credential that extensions decide. */
export type CredentialDraft = {
  -readonly [Name in keyof Pick<Credential, 'credProtect' | 'hmacSecrets' | 'credBlob' | 'largeBlobKey'>]: Credential[Name];
};

/** One registration, as an extension sees it. */
export interface CreateContext {
  readonly state: KeyState;
  readonly rpId: string;
  readonly discoverable: boolean;
  readonly draft: CredentialDraft;
  readonly evidence: UserEvidence;
}

/** One assertion, as an extension sees it. */
export interface GetContext {
  readonly state: KeyState;
  readonly credential: Credential;
  readonly evidence: UserEvidence;
}

/** One extension: it turns its input into its output in the authenticator data, if any. Both may fail the command. */
export interface Extension {
  readonly name: ExtensionName;
  /** Runs at makeCredential when the platform sent an input. */
  readonly create?: (input: CborMap, context: CreateContext) => CborValue;
  /** Runs at getAssertion when the platform sent an input. */
  readonly get?: (input: CborMap, context: GetContext) => CborValue;
}
