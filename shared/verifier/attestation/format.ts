import type { Bytes } from '../../bytes/bytes.ts';
import type { CborMap, CborValue } from '../../cbor/value.ts';
import type { CoseKey } from '../../cose/cose-key.ts';
import type { KeyImporter } from '../../cose/signature.ts';
import type { Certificate } from '../../x509/certificate.ts';
import type { AttestedCredentialData } from '../../webauthn/authenticator-data.ts';
import type { Checklist } from '../report.ts';

/** What a statement is verified against. */
export interface AttestationInput {
  readonly attStmt: CborMap | readonly CborValue[];
  /** The signed authenticator data. */
  readonly authData: Bytes;
  /** SHA-256 of the client data. */
  readonly clientDataHash: Bytes;
  readonly credential: AttestedCredentialData;
  /** Absent for keys of an algorithm that cannot be decoded here. */
  readonly credentialKey?: CoseKey;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly importKey: KeyImporter;
  /** Takes a trust path as soon as it is read, so that judging it need not wait for the statement. */
  readonly foreseePath?: (trustPath: readonly Certificate[]) => void;
}

/** What a verified statement says (L3 §6.5.3). */
export interface AttestationEvidence {
  readonly type: 'none' | 'self' | 'certified';
  /** Starts with the leaf, and is yet to be judged. */
  readonly trustPath: readonly Certificate[];
  /** Format `compound` only: what each of its statements says. Type and path above are those of the strongest. */
  readonly parts?: readonly (AttestationEvidence & { readonly fmt: string })[];
}

/**
 * Verifies a statement of one format. Every step is recorded in `checks`; only a statement that was verified in full
 * gives evidence, everything else `undefined`.
 */
export type AttestationVerifier = (
  input: AttestationInput,
  checks: Checklist,
) => AttestationEvidence | undefined | Promise<AttestationEvidence | undefined>;

/** Whether a text can name a format: 1 to 32 printable ASCII characters without quotation mark and backslash (L3 §8.1). */
export function isFormatName(fmt: string): boolean {
  return /^[!#-[\]-~]{1,32}$/.test(fmt);
}
