import { ByteReader, EndOfBytesError } from '../../bytes/byte-reader.ts';
import type { Bytes } from '../../bytes/bytes.ts';
import type { EcCurveName, HashName, SignatureScheme } from '../../cose/algorithms.ts';

/** The public part of a TPM's key; numbers are big-endian, as the TPM writes them. */
export type TpmPublicKey =
  | { readonly type: 'rsa'; readonly n: Bytes; readonly e: number; readonly bits: number }
  | { readonly type: 'ecc'; readonly curve: EcCurveName; readonly x: Bytes; readonly y: Bytes };

/** The one way in which a key signs: WebCrypto's names of it and of its hash. */
export interface TpmScheme {
  readonly name: SignatureScheme['name'];
  readonly hash: HashName;
}

/** A TPMT_PUBLIC. `nameAlgorithm` is the TPM's number of it (TPM_ALG_ID). */
export interface PublicArea {
  readonly nameAlgorithm: number;
  readonly key: TpmPublicKey;
  /** Absent where the scheme is chosen with each signature. */
  readonly scheme?: TpmScheme;
}

/** A TPMS_ATTEST of type TPM_ST_ATTEST_CERTIFY. */
export interface CertifyInfo {
  readonly extraData: Bytes;
  /** Name of the certified key: TPM_ALG_ID of a hash, and the hash of its public area. */
  readonly name: Bytes;
}

// TPM 2.0 Library, Part 2: §6.3 (TPM_ALG_ID), §6.4 (TPM_ECC_CURVE), §6.2 (TPM_GENERATED), §6.9 (TPM_ST).
const Algorithm = { rsa: 0x0001, null: 0x0010, ecc: 0x0023 } as const;
const RSA_SCHEMES: ReadonlyMap<number, TpmScheme['name']> = /* @__PURE__ */ new Map([[0x0014, 'RSASSA-PKCS1-v1_5'], [0x0016, 'RSA-PSS']]);
const ECC_SCHEMES: ReadonlyMap<number, TpmScheme['name']> = /* @__PURE__ */ new Map([[0x0018, 'ECDSA']]);
const GENERATED = 0xff544347;
const ATTEST_CERTIFY = 0x8017;
const CURVES: ReadonlyMap<number, EcCurveName> = /* @__PURE__ */ new Map([
  [0x0003, 'P-256'],
  [0x0004, 'P-384'],
  [0x0005, 'P-521'],
]);
const HASHES: ReadonlyMap<number, HashName> = /* @__PURE__ */ new Map([
  [0x0004, 'SHA-1'],
  [0x000b, 'SHA-256'],
  [0x000c, 'SHA-384'],
  [0x000d, 'SHA-512'],
]);

/** WebCrypto's name of a hash that a TPM_ALG_ID stands for. */
export function tpmHash(id: number): HashName | undefined {
  return HASHES.get(id);
}

/**
 * Reads the public area of a signing key, RSA or ECC; nothing may follow it.
 *
 * Source: TPM 2.0 Library, Part 2, §12.2.4 (TPMT_PUBLIC), §12.2.3.5 and §12.2.3.6 (parameters).
 *
 * @returns `undefined` for anything else.
 */
export function parsePublicArea(bytes: Uint8Array): PublicArea | undefined {
  return tryRead(bytes, (reader) => {
    const type = reader.uint16();
    const nameAlgorithm = reader.uint16();
    reader.uint32();
    readSized(reader);
    // A key that signs has no symmetric algorithm of its own.
    if (reader.uint16() !== Algorithm.null) return undefined;
    const rest = type === Algorithm.rsa ? readRsa(reader) : type === Algorithm.ecc ? readEcc(reader) : undefined;
    return rest && { nameAlgorithm, ...rest };
  });
}

function readRsa(reader: ByteReader): Omit<PublicArea, 'nameAlgorithm'> | undefined {
  const scheme = readScheme(reader, RSA_SCHEMES);
  if (scheme === undefined) return undefined;
  const bits = reader.uint16();
  // Zero stands for the usual exponent.
  const e = reader.uint32() || 0x1_0001;
  return { ...scheme, key: { type: 'rsa', bits, e, n: readSized(reader) } };
}

function readEcc(reader: ByteReader): Omit<PublicArea, 'nameAlgorithm'> | undefined {
  const scheme = readScheme(reader, ECC_SCHEMES);
  if (scheme === undefined) return undefined;
  const curve = CURVES.get(reader.uint16());
  // Key derivation belongs to keys that do not sign.
  if (reader.uint16() !== Algorithm.null || curve === undefined) return undefined;
  return { ...scheme, key: { type: 'ecc', curve, x: readSized(reader), y: readSized(reader) } };
}

/** A signing scheme: none, or one of `allowed` with its hash; `undefined` for anything else. */
function readScheme(reader: ByteReader, allowed: ReadonlyMap<number, TpmScheme['name']>): { readonly scheme?: TpmScheme } | undefined {
  const id = reader.uint16();
  if (id === Algorithm.null) return {};
  const name = allowed.get(id);
  const hash = name && HASHES.get(reader.uint16());
  return name === undefined || hash === undefined ? undefined : { scheme: { name, hash } };
}

/**
 * Reads what a TPM says when it certifies a key; nothing may follow it. Clock and firmware version are left out.
 *
 * Source: TPM 2.0 Library, Part 2, §10.12.8 (TPMS_ATTEST), §10.12.3 (TPMS_CERTIFY_INFO).
 *
 * @returns `undefined` for anything else, a wrong magic number or type among it.
 */
export function parseCertifyInfo(bytes: Uint8Array): CertifyInfo | undefined {
  return tryRead(bytes, (reader) => {
    if (reader.uint32() !== GENERATED || reader.uint16() !== ATTEST_CERTIFY) return undefined;
    readSized(reader);
    const extraData = readSized(reader);
    // TPMS_CLOCK_INFO (clock, resetCount, restartCount, safe), and the firmware's version: without meaning here.
    reader.take(17 + 8);
    const name = readSized(reader);
    readSized(reader);
    return { extraData, name };
  });
}

function readSized(reader: ByteReader): Bytes {
  return reader.take(reader.uint16());
}

function tryRead<Value>(bytes: Uint8Array, read: (reader: ByteReader) => Value | undefined): Value | undefined {
  try {
    const reader = new ByteReader(bytes);
    const value = read(reader);
    return reader.remaining === 0 ? value : undefined;
  } catch (error) {
    if (error instanceof EndOfBytesError) return undefined;
    throw error;
  }
}
