import type { Bytes } from '../../bytes/bytes.ts';
import { equalBytes } from '../../bytes/bytes.ts';
import type { Result } from '../../bytes/result.ts';
import { type CborMap, type CborValue, isCborArray, isCborMap } from '../../cbor/value.ts';
import { type AlgorithmInfo, type SignatureScheme, algorithmName, findAlgorithm } from '../../cose/algorithms.ts';
import type { CoseKey } from '../../cose/cose-key.ts';
import { type ImportProblem, type VerificationKey, isValidSignature } from '../../cose/signature.ts';
import { encodeSpki } from '../../cose/spki.ts';
import { type Certificate, parseCertificate } from '../../x509/certificate.ts';
import { materialFor } from '../../x509/public-key.ts';
import type { Checklist } from '../report.ts';
import type { AttestationInput } from './format.ts';

/** What the formats with certificates have in common. */

/** Formats whose statements carry certificates. */
export type CertifiedFormat = 'packed' | 'fido-u2f' | 'tpm' | 'android-key' | 'android-safetynet' | 'apple';

const MAX_CERTIFICATES = 8;

/** The statement if it is a map of exactly these members. */
export function readMembers(attStmt: CborMap | readonly CborValue[], ...names: readonly string[]): CborMap | undefined {
  if (!isCborMap(attStmt)) return undefined;
  return attStmt.size === names.length && names.every((name) => attStmt.has(name)) ? attStmt : undefined;
}

/** `x5c` if it is an array of one to eight byte strings. */
export function readX5c(x5c: CborValue): readonly Bytes[] | undefined {
  if (!isCborArray(x5c)) return undefined;
  const certificates = x5c.filter((entry): entry is Bytes => entry instanceof Uint8Array);
  return certificates.length === x5c.length && isPathLength(x5c.length) ? certificates : undefined;
}

/** Whether a statement may carry so many certificates. */
export function isPathLength(length: number): boolean {
  return length > 0 && length <= MAX_CERTIFICATES;
}

/** Parses the certificates of a statement, leaf first; empty, with the failure on record, when one is broken. */
export function parseTrustPath(
  format: CertifiedFormat,
  x5c: readonly Bytes[],
  input: AttestationInput,
  checks: Checklist,
): readonly Certificate[] {
  const id = `attestation.${format}.certificate` as const;
  const certificates: Certificate[] = [];
  for (const entry of x5c) {
    const parsed = parseCertificate(entry);
    if (!parsed.ok) {
      checks.fail(id, `A certificate is broken: ${parsed.error.detail}`);
      return [];
    }
    certificates.push(parsed.value);
  }
  checks.pass(id, `There are ${certificates.length.toString()} well-formed certificates.`);
  input.foreseePath?.(certificates);
  return certificates;
}

/** Formats whose statement names the algorithm of a signature by the leaf's key. */
type SignedFormat = Exclude<CertifiedFormat, 'apple' | 'android-safetynet'>;

/** What was signed, and how the statement says that it was. */
export interface StatementSignature {
  readonly algorithm: number;
  readonly signature: Bytes;
  readonly data: Bytes;
}

/**
 * Checks a statement's signature by the leaf's key. `schemeOf` gives the scheme of an algorithm where the format allows
 * it.
 */
export async function checkLeafSignature(
  format: SignedFormat,
  leaf: Certificate,
  { algorithm, signature, data }: StatementSignature,
  { importKey }: AttestationInput,
  checks: Checklist,
  schemeOf: (info: AlgorithmInfo) => SignatureScheme | undefined = ({ scheme }) => scheme,
): Promise<boolean> {
  const id = `attestation.${format}.algorithm` as const;
  const info = findAlgorithm(algorithm);
  const scheme = info && schemeOf(info);
  const { known } = leaf.publicKey;
  // Keys of known kinds have no algorithms beside those that are known.
  if (scheme === undefined && known !== undefined && known.keyType !== info?.keyType) {
    checks.fail(id, `${algorithmName(algorithm)} does not fit the certificate's key.`);
    return false;
  }
  if (info === undefined || scheme === undefined) {
    checks.unverifiable(id, `${algorithmName(algorithm)} cannot be checked.`);
    return false;
  }
  const material = materialFor(leaf.publicKey, scheme);
  if (material === undefined || known?.curve !== info.curve) {
    checks.fail(id, `${info.name} does not fit the certificate's key.`);
    return false;
  }
  checks.pass(id, 'It fits the certificate\'s key.');
  return checkSignature(`attestation.${format}.signature`, await importKey(material, scheme), { algorithm, signature, data }, checks);
}

/** Checks a signature with a key that was imported, or was not. */
export async function checkSignature(
  id: `attestation.${SignedFormat}.signature`,
  key: Result<VerificationKey, ImportProblem>,
  { algorithm, signature, data }: StatementSignature,
  checks: Checklist,
): Promise<boolean> {
  if (!key.ok) {
    if (key.error === 'unsupported') checks.unverifiable(id, `This platform cannot check ${algorithmName(algorithm)}.`);
    else checks.fail(id, 'The key is not valid.');
    return false;
  }
  return checks.check(id, await isValidSignature(key.value, signature, data), 'It is valid.', 'It is not valid.');
}

/** Checks that the leaf certifies the credential's own key, as in formats `android-key` and `apple`. */
export function checkLeafKey(
  id: 'attestation.android-key.publicKey' | 'attestation.apple.publicKey',
  { publicKey }: Certificate,
  credentialKey: CoseKey | undefined,
  checks: Checklist,
): boolean {
  if (credentialKey === undefined) {
    checks.unverifiable(id, 'The credential key cannot be used here.');
    return false;
  }
  return checks.check(
    id,
    equalBytes(publicKey.spki, encodeSpki(credentialKey)),
    'The certificate is for the credential key.',
    'The certificate is for another key than the credential\'s.',
  );
}

/** Checks that the leaf, where it names the uses of its key, names signatures. */
export function checkKeyUsage(format: Exclude<CertifiedFormat, 'apple'>, { keyUsage }: Certificate, checks: Checklist): boolean {
  const id = `attestation.${format}.keyUsage` as const;
  return checks.check(id, keyUsage?.digitalSignature !== false, 'The key may sign.', 'The certificate does not allow its key to sign.');
}
