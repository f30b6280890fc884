import { type Bytes, concatBytes } from '../../bytes/bytes.ts';
import { type CborMap, type CborValue, isCborMap } from '../../cbor/value.ts';
import { importCoseKey } from '../../cose/signature.ts';
import type { Checklist } from '../report.ts';
import type { AttestationEvidence, AttestationInput } from './format.ts';
import { checkPackedCertificate } from './packed-certificate.ts';
import { checkLeafSignature, checkSignature, parseTrustPath, readMembers, readX5c } from './statement.ts';

interface PackedStatement {
  readonly algorithm: number;
  readonly signature: Bytes;
  readonly x5c?: readonly Bytes[];
}

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
  const isSelf = isCborMap(attStmt) && !attStmt.has('x5c');
  const members = isSelf ? readMembers(attStmt, 'alg', 'sig') : readMembers(attStmt, 'alg', 'sig', 'x5c');
  const algorithm = members?.get('alg');
  const signature = members?.get('sig');
  if (typeof algorithm !== 'number' || !(signature instanceof Uint8Array)) return undefined;
  if (isSelf) return { algorithm, signature };
  const x5c = readX5c(members?.get('x5c'));
  return x5c === undefined ? undefined : { algorithm, signature, x5c };
}

async function verifySelf(
  { algorithm, signature }: PackedStatement,
  { authData, clientDataHash, credentialKey, importKey }: AttestationInput,
  checks: Checklist,
): Promise<AttestationEvidence | undefined> {
  const id = 'attestation.packed.signature';
  if (credentialKey === undefined) {
    checks.unverifiable(id, 'The credential key cannot be used here.');
    return undefined;
  }
  const isSameAlgorithm = checks.check(
    'attestation.packed.algorithm',
    algorithm === credentialKey.algorithm,
    'It is the credential key\'s.',
    'Self attestation names another algorithm than the credential key\'s.',
  );
  if (!isSameAlgorithm) return undefined;
  const data = concatBytes(authData, clientDataHash);
  const isValid = await checkSignature(id, await importCoseKey(credentialKey, importKey), { algorithm, signature, data }, checks);
  return isValid ? { type: 'self', trustPath: [] } : undefined;
}

async function verifyCertified(
  { algorithm, signature }: PackedStatement,
  x5c: readonly Bytes[],
  input: AttestationInput,
  checks: Checklist,
): Promise<AttestationEvidence | undefined> {
  const trustPath = parseTrustPath('packed', x5c, input, checks);
  const [leaf] = trustPath;
  if (leaf === undefined) return undefined;
  const isSound = checkPackedCertificate(leaf, input.credential.aaguid, checks);
  const data = concatBytes(input.authData, input.clientDataHash);
  const isValid = await checkLeafSignature('packed', leaf, { algorithm, signature, data }, input, checks);
  return isSound && isValid ? { type: 'certified', trustPath } : undefined;
}
