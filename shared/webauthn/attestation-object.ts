import { type Bytes, copyBytes } from '../bytes/bytes.ts';
import { failure, success, type Result } from '../bytes/result.ts';
import { decodeCbor, encodeCbor } from '../cbor/codec.ts';
import type { CborDeviation } from '../cbor/scan.ts';
import { type CborMap, type CborValue, isCborArray, isCborMap } from '../cbor/value.ts';
import { type AuthenticatorData, parseAuthenticatorData } from './authenticator-data.ts';
import { type StructureError, structureError } from './errors.ts';

/** An attestation object (WebAuthn L3 §6.5.4), its statement not yet interpreted. */
export interface AttestationObject {
  readonly fmt: string;
  /** A map; for format `compound` an array. */
  readonly attStmt: CborMap | readonly CborValue[];
  /** The signed bytes. */
  readonly authData: Bytes;
  /** `authData` parsed. */
  readonly authenticatorData: AuthenticatorData;
  /** How the encoding departs from CTAP2 canonical CBOR; empty as a rule. */
  readonly deviations: readonly CborDeviation[];
}

/**
 * Parses an attestation object: a CBOR map of exactly `fmt`, `attStmt` and `authData`, nothing behind it.
 *
 * Source: WebAuthn L3 §6.5.4, §7.1 step 13.
 */
export function parseAttestationObject(bytes: Uint8Array): Result<AttestationObject, StructureError> {
  const decoded = decodeCbor(bytes);
  if (!decoded.ok) return broken(decoded.error.message);
  const { value, deviations } = decoded.value;
  if (!isCborMap(value)) return broken('It is not a map.');
  const fmt = value.get('fmt');
  const attStmt = value.get('attStmt');
  const authData = value.get('authData');
  if (typeof fmt !== 'string') return broken('fmt is not a text.');
  if (!isCborMap(attStmt) && !isCborArray(attStmt)) return broken('attStmt is neither a map nor an array.');
  if (!(authData instanceof Uint8Array)) return broken('authData is not a byte string.');
  if (value.size !== 3) return broken('It has members that it should not have.');
  const authenticatorData = parseAuthenticatorData(authData);
  if (!authenticatorData.ok) return authenticatorData;
  return success({ fmt, attStmt, authData, authenticatorData: authenticatorData.value, deviations });
}

/**
 * The attestation object that a page gets which asked for no attestation: format `none`, an empty statement, and the
 * authenticator data as the authenticator made it, AAGUID included. Self attestation under a zero AAGUID tells nothing
 * about the authenticator, and stays.
 *
 * Source: WebAuthn L3 §5.1.3, what follows an authenticator's success, case `none` of the conveyance preference.
 */
export function withoutAttestation(bytes: Uint8Array): Result<Bytes, StructureError> {
  const parsed = parseAttestationObject(bytes);
  if (!parsed.ok) return parsed;
  const { fmt, attStmt, authData, authenticatorData } = parsed.value;
  const aaguid = authenticatorData.attestedCredentialData?.aaguid;
  const isAnonymous = aaguid?.every((byte) => byte === 0) === true;
  if (isAnonymous && fmt === 'packed' && isCborMap(attStmt) && !attStmt.has('x5c')) return success(copyBytes(bytes));
  return success(
    encodeCbor(
      new Map<CborValue, CborValue>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ]),
    ),
  );
}

function broken(detail: string): Result<never, StructureError> {
  return failure(structureError('attestationObject', detail));
}
