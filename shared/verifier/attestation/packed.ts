import { type Bytes, concatBytes } from '../../bytes/bytes.ts';
import { type CborMap, type CborValue, isCborArray, isCborMap } from '../../cbor/value.ts';
import { algorithmName, findAlgorithm } from '../../cose/algorithms.ts';
import { importCoseKey, importPublicKey, isValidSignature } from '../../cose/signature.ts';
import { type Certificate, parseCertificate } from '../../x509/certificate.ts';
import { materialFor } from '../../x509/public-key.ts';
import type { Checklist } from '../report.ts';
import type { AttestationEvidence, AttestationInput } from './format.ts';
import { checkPackedCertificate } from './packed-certificate.ts';

interface PackedStatement {
  readonly algorithm: number;
  readonly signature: Bytes;
  readonly x5c?: readonly Bytes[];
}

const MAX_CERTIFICATES = 8;

/** Format `packed`, with certificates or as self attestation. Source: WebAuthn L3 §8.2. */
export async function verifyPacked(
  input: AttestationInput,
  checks: Checklist,
): Promise<AttestationEvidence | undefined> {
  const statement = readStatement(input.attStmt);
  const isWellFormed = checks.check(
    'attestation.packed.statement',
    statement !== undefined,
    'The statement has its members.',
    'The statement does not have the members alg, sig and (optionally) x5c, and no others.',
  );
  if (!isWellFormed || statement === undefined) return undefined;
  return statement.x5c === undefined
    ? verifySelf(statement, input, checks)
    : verifyCertified(statement, statement.x5c, input, checks);
}

function readStatement(attStmt: CborMap | readonly CborValue[]): PackedStatement | undefined {
  if (!isCborMap(attStmt)) return undefined;
  const algorithm = attStmt.get('alg');
  const signature = attStmt.get('sig');
  if (typeof algorithm !== 'number' || !(signature instanceof Uint8Array)) return undefined;
  if (!attStmt.has('x5c')) return attStmt.size === 2 ? { algorithm, signature } : undefined;
  const x5c = attStmt.get('x5c');
  if (attStmt.size !== 3 || !isCborArray(x5c)) return undefined;
  const certificates = x5c.filter((entry): entry is Bytes => entry instanceof Uint8Array);
  const isSound = certificates.length === x5c.length && x5c.length > 0 && x5c.length <= MAX_CERTIFICATES;
  return isSound ? { algorithm, signature, x5c: certificates } : undefined;
}

async function verifySelf(
  { algorithm, signature }: PackedStatement,
  { authData, clientDataHash, credentialKey }: AttestationInput,
  checks: Checklist,
): Promise<AttestationEvidence | undefined> {
  if (credentialKey === undefined) {
    checks.unverifiable('attestation.packed.signature', 'The credential key cannot be used here.');
    return undefined;
  }
  const isSameAlgorithm = checks.check(
    'attestation.packed.algorithm',
    algorithm === credentialKey.algorithm,
    'It is the credential key\'s.',
    'Self attestation names another algorithm than the credential key\'s.',
  );
  if (!isSameAlgorithm) return undefined;
  const key = await importCoseKey(credentialKey);
  const isValid = await checkSignature(key, algorithm, signature, concatBytes(authData, clientDataHash), checks);
  return isValid ? { type: 'self', trustPath: [] } : undefined;
}

async function verifyCertified(
  { algorithm, signature }: PackedStatement,
  x5c: readonly Bytes[],
  { authData, clientDataHash, credential }: AttestationInput,
  checks: Checklist,
): Promise<AttestationEvidence | undefined> {
  const trustPath = parseAll(x5c, checks);
  const [leaf] = trustPath;
  if (leaf === undefined) return undefined;
  const isSound = checkPackedCertificate(leaf, credential.aaguid, checks);
  const info = findAlgorithm(algorithm);
  if (info?.scheme === undefined) {
    checks.unverifiable('attestation.packed.algorithm', `${algorithmName(algorithm)} cannot be checked.`);
    return undefined;
  }
  const material = materialFor(leaf.publicKey, info.scheme);
  if (material === undefined || leaf.publicKey.known?.curve !== info.curve) {
    checks.fail('attestation.packed.algorithm', `${info.name} does not fit the certificate's key.`);
    return undefined;
  }
  checks.pass('attestation.packed.algorithm', 'It fits the certificate\'s key.');
  const key = await importPublicKey(material, info.scheme);
  const isValid = await checkSignature(key, algorithm, signature, concatBytes(authData, clientDataHash), checks);
  return isSound && isValid ? { type: 'certified', trustPath } : undefined;
}

function parseAll(x5c: readonly Bytes[], checks: Checklist): readonly Certificate[] {
  const certificates: Certificate[] = [];
  for (const entry of x5c) {
    const parsed = parseCertificate(entry);
    if (!parsed.ok) {
      checks.fail('attestation.packed.certificate', `A certificate is broken: ${parsed.error.detail}`);
      return [];
    }
    certificates.push(parsed.value);
  }
  checks.pass('attestation.packed.certificate', `There are ${certificates.length.toString()} well-formed certificates.`);
  return certificates;
}

async function checkSignature(
  key: Awaited<ReturnType<typeof importPublicKey>>,
  algorithm: number,
  signature: Bytes,
  data: Bytes,
  checks: Checklist,
): Promise<boolean> {
  const id = 'attestation.packed.signature';
  if (!key.ok) {
    if (key.error === 'unsupported') checks.unverifiable(id, `This platform cannot check ${algorithmName(algorithm)}.`);
    else checks.fail(id, 'The key is not valid.');
    return false;
  }
  return checks.check(id, await isValidSignature(key.value, signature, data), 'It is valid.', 'It is not valid.');
}
