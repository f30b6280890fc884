import { type Bytes, concatBytes, equalBytes } from '../../bytes/bytes.ts';
import type { CborMap, CborValue } from '../../cbor/value.ts';
import { type HashName, KeyType, type SignatureScheme, findAlgorithm } from '../../cose/algorithms.ts';
import type { CoseKey } from '../../cose/cose-key.ts';
import type { Checklist } from '../report.ts';
import type { AttestationEvidence, AttestationInput } from './format.ts';
import { checkLeafSignature, parseTrustPath, readMembers, readX5c } from './statement.ts';
import { checkTpmCertificate } from './tpm-certificate.ts';
import { type PublicArea, parseCertifyInfo, parsePublicArea, tpmHash } from './tpm-structures.ts';

interface TpmStatement {
  readonly algorithm: number;
  readonly signature: Bytes;
  readonly x5c: readonly Bytes[];
  readonly certInfo: Bytes;
  readonly pubArea: Bytes;
}

/** Format `tpm`: a TPM 2.0 certifies the credential key with an attestation identity key. Source: WebAuthn L3 §8.3. */
export async function verifyTpm(input: AttestationInput, checks: Checklist): Promise<AttestationEvidence | undefined> {
  const statement = readStatement(input.attStmt);
  const isWellFormed = checks.check(
    'attestation.tpm.statement',
    statement !== undefined,
    'The statement has its members.',
    'The statement does not have the members ver ("2.0"), alg, sig, x5c, certInfo and pubArea, and no others.',
  );
  if (!isWellFormed || statement === undefined) return undefined;
  const trustPath = parseTrustPath('tpm', statement.x5c, input, checks);
  const [leaf] = trustPath;
  if (leaf === undefined) return undefined;
  const isLeafSound = checkTpmCertificate(leaf, input.credential.aaguid, checks);
  const isAboutKey = await checkPublicArea(statement, input, checks);
  const isAboutThis = await checkExtraData(statement, input, checks);
  const { algorithm, signature, certInfo } = statement;
  const isValid = await checkLeafSignature('tpm', leaf, { algorithm, signature, data: certInfo }, input, checks, schemeOf);
  return isLeafSound && isAboutKey && isAboutThis && isValid ? { type: 'certified', trustPath } : undefined;
}

function readStatement(attStmt: CborMap | readonly CborValue[]): TpmStatement | undefined {
  const members = readMembers(attStmt, 'ver', 'alg', 'sig', 'x5c', 'certInfo', 'pubArea');
  const algorithm = members?.get('alg');
  const signature = members?.get('sig');
  const certInfo = members?.get('certInfo');
  const pubArea = members?.get('pubArea');
  const x5c = readX5c(members?.get('x5c'));
  const isSound = members?.get('ver') === '2.0' && typeof algorithm === 'number' && x5c !== undefined;
  if (!isSound || !(signature instanceof Uint8Array) || !(certInfo instanceof Uint8Array) || !(pubArea instanceof Uint8Array)) return undefined;
  return { algorithm, signature, x5c, certInfo, pubArea };
}

function schemeOf({ scheme, tpmScheme }: { readonly scheme?: SignatureScheme; readonly tpmScheme?: SignatureScheme }): SignatureScheme | undefined {
  return scheme ?? tpmScheme;
}

/** The public area is that of the credential key, and its name is what the TPM certified. */
async function checkPublicArea(
  { pubArea, certInfo }: TpmStatement,
  { credentialKey }: AttestationInput,
  checks: Checklist,
): Promise<boolean> {
  if (credentialKey === undefined) {
    checks.unverifiable('attestation.tpm.publicArea', 'The credential key cannot be used here.');
    return false;
  }
  const area = parsePublicArea(pubArea);
  const isOfKey = checks.check(
    'attestation.tpm.publicArea',
    area !== undefined && isSameKey(area, credentialKey) && isSameScheme(area, credentialKey),
    'It is that of the credential key.',
    'It is malformed, or that of another key than the credential\'s.',
  );
  const hash = area && tpmHash(area.nameAlgorithm);
  const name = parseCertifyInfo(certInfo)?.name;
  const isNamed = checks.check(
    'attestation.tpm.name',
    area !== undefined && hash !== undefined && name !== undefined && equalBytes(name, await nameOf(area, pubArea, hash)),
    'It is that of the public area.',
    'What the TPM certified is not this public area.',
  );
  return isOfKey && isNamed;
}

function isSameKey({ key }: PublicArea, credentialKey: CoseKey): boolean {
  if (key.type === 'rsa') {
    if (credentialKey.keyType !== KeyType.rsa || key.bits !== 8 * key.n.length) return false;
    const e = credentialKey.e.reduce((number, byte) => number * 256 + byte, 0);
    return e === key.e && equalBytes(key.n, credentialKey.n);
  }
  const isSameCurve = credentialKey.keyType === KeyType.ec2 && credentialKey.curve === key.curve;
  return isSameCurve && isSameNumber(key.x, credentialKey.x) && isSameNumber(key.y, credentialKey.y);
}

/** A key that is bound to one scheme makes no signatures of another: its algorithm would be a lie. */
function isSameScheme({ scheme }: PublicArea, { algorithm }: CoseKey): boolean {
  const info = findAlgorithm(algorithm);
  const expected = info && schemeOf(info);
  return scheme === undefined || (expected !== undefined && 'hash' in expected && expected.name === scheme.name && expected.hash === scheme.hash);
}

/** TPMs may leave out a coordinate's leading zeros; COSE never does. */
function isSameNumber(short: Bytes, full: Bytes): boolean {
  const missing = full.length - short.length;
  return missing >= 0 && equalBytes(concatBytes(new Uint8Array(missing), short), full);
}

/** TPM 2.0 Library, Part 1, §16: the number of the hash, then the hash. */
async function nameOf({ nameAlgorithm }: PublicArea, pubArea: Bytes, hash: HashName): Promise<Bytes> {
  return concatBytes(Uint8Array.of(nameAlgorithm >> 8, nameAlgorithm & 0xff), await digest(hash, pubArea));
}

/** The certification is for this registration: the hash is that of the signature's algorithm. */
async function checkExtraData(
  { algorithm, certInfo }: TpmStatement,
  { authData, clientDataHash }: AttestationInput,
  checks: Checklist,
): Promise<boolean> {
  const info = parseCertifyInfo(certInfo);
  const isWellFormed = checks.check(
    'attestation.tpm.certInfo',
    info !== undefined,
    'The TPM certifies a key.',
    'It is not what a TPM says when it certifies a key.',
  );
  const algorithmInfo = findAlgorithm(algorithm);
  const scheme = algorithmInfo && schemeOf(algorithmInfo);
  // Whoever checks the signature reports an algorithm that is not known.
  if (!isWellFormed || info === undefined || scheme === undefined) return isWellFormed;
  const isBound = 'hash' in scheme && equalBytes(info.extraData, await digest(scheme.hash, concatBytes(authData, clientDataHash)));
  return checks.check('attestation.tpm.extraData', isBound, 'It is that of this registration.', 'The TPM certified for another registration.');
}

async function digest(hash: HashName, data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest(hash, data));
}
