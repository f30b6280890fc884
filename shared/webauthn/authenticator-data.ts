import { ByteReader, EndOfBytesError } from '../bytes/byte-reader.ts';
import type { Bytes } from '../bytes/bytes.ts';
import { failure, success, type Result } from '../bytes/result.ts';
import { decodeCborPrefix } from '../cbor/codec.ts';
import { DEFAULT_CBOR_LIMITS } from '../cbor/limits.ts';
import { type CborMap, isCborMap } from '../cbor/value.ts';
import { AuthenticatorFlag } from './authenticator-flags.ts';
import { type StructureError, structureError } from './errors.ts';

/** AAGUID, in hexadecimal, of keys that do not tell their model, and of U2F keys, which have none. */
export const NO_AAGUID = '0'.repeat(32);

/** Attested credential data (WebAuthn L3 §6.5.1). */
export interface AttestedCredentialData {
  /** 16 bytes. */
  readonly aaguid: Bytes;
  readonly credentialId: Bytes;
  /** The COSE_Key as it stands in the data, not yet decoded. */
  readonly publicKey: Bytes;
}

/** Authenticator data (WebAuthn L3 §6.1). */
export interface AuthenticatorData {
  /** 32 bytes. */
  readonly rpIdHash: Bytes;
  /** The flags byte; test it with {@link AuthenticatorFlag}. */
  readonly flags: number;
  readonly userPresent: boolean;
  readonly userVerified: boolean;
  readonly backupEligible: boolean;
  readonly backupState: boolean;
  /** Unsigned, 32 bits. */
  readonly signCount: number;
  readonly attestedCredentialData?: AttestedCredentialData;
  /** Authenticator extension outputs. */
  readonly extensions?: CborMap;
}

/**
 * Parses authenticator data. The flags say what must be there, and nothing else may be: neither missing parts nor
 * bytes behind the last one are accepted. Extension outputs must be named by texts; what is
 * not canonical about them is tolerated (recorded responses have it, and nothing is compared with them). Floats, which the
 * canonical form allows and no known extension has, are left out.
 *
 * Source: WebAuthn L3 §6.1, §6.5.1.
 */
export function parseAuthenticatorData(bytes: Uint8Array): Result<AuthenticatorData, StructureError> {
  try {
    return parse(bytes);
  } catch (error) {
    if (error instanceof EndOfBytesError) return broken('It ends too early.');
    throw error;
  }
}

function parse(bytes: Uint8Array): Result<AuthenticatorData, StructureError> {
  const reader = new ByteReader(bytes);
  const rpIdHash = reader.take(32);
  const flags = reader.uint8();
  const signCount = reader.uint32();
  const has = (flag: number): boolean => (flags & flag) !== 0;
  let attestedCredentialData: AttestedCredentialData | undefined;
  if (has(AuthenticatorFlag.attestedCredentialData)) {
    const aaguid = reader.take(16);
    const credentialId = reader.take(reader.uint16());
    const key = decodeCborPrefix(bytes.subarray(reader.offset));
    if (!key.ok) return broken(`The public key is broken: ${key.error.message}`);
    attestedCredentialData = { aaguid, credentialId, publicKey: reader.take(key.value.length) };
  }
  let extensions: CborMap | undefined;
  if (has(AuthenticatorFlag.extensionData)) {
    const decoded = decodeCborPrefix(bytes.subarray(reader.offset), DEFAULT_CBOR_LIMITS, 'values');
    if (!decoded.ok) return broken(`The extension outputs are broken: ${decoded.error.message}`);
    const { value } = decoded.value;
    if (!isCborMap(value)) return broken('The extension outputs are not a map.');
    // Their keys are extension identifiers (§9.1).
    if ([...value.keys()].some((key) => typeof key !== 'string')) return broken('An extension output has no name.');
    extensions = value;
    reader.take(decoded.value.length);
  }
  if (reader.remaining > 0) return broken('Bytes are left behind its last part.');
  return success({
    rpIdHash,
    flags,
    userPresent: has(AuthenticatorFlag.userPresent),
    userVerified: has(AuthenticatorFlag.userVerified),
    backupEligible: has(AuthenticatorFlag.backupEligible),
    backupState: has(AuthenticatorFlag.backupState),
    signCount,
    ...(attestedCredentialData === undefined ? {} : { attestedCredentialData }),
    ...(extensions === undefined ? {} : { extensions }),
  });
}

function broken(detail: string): Result<never, StructureError> {
  return failure(structureError('authenticatorData', detail));
}
