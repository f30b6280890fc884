import { type Bytes, concatBytes, equalBytes } from '../../bytes/bytes.ts';
import type { CborMap, CborValue } from '../../cbor/value.ts';
import { Oid } from '../../x509/oid.ts';
import type { Checklist } from '../report.ts';
import { type AuthorizationList, type KeyDescription, readKeyDescription } from './android-key-description.ts';
import type { AttestationEvidence, AttestationInput } from './format.ts';
import { checkKeyUsage, checkLeafKey, checkLeafSignature, parseTrustPath, readMembers, readX5c } from './statement.ts';

/** Keymaster's KM_ORIGIN_GENERATED and KM_PURPOSE_SIGN. */
const GENERATED = 0;
const SIGN = 2;

interface AndroidKeyStatement {
  readonly algorithm: number;
  readonly signature: Bytes;
  readonly x5c: readonly Bytes[];
}

/** Format `android-key`: the keystore's certificate of the credential key. Source: WebAuthn L3 §8.4. */
export async function verifyAndroidKey(
  input: AttestationInput,
  checks: Checklist,
): Promise<AttestationEvidence | undefined> {
  const statement = readStatement(input.attStmt);
  const isWellFormed = checks.check(
    'attestation.android-key.statement',
    statement !== undefined,
    'The statement has its members.',
    'The statement does not have the members alg, sig and x5c, and no others.',
  );
  if (!isWellFormed || statement === undefined) return undefined;
  const trustPath = parseTrustPath('android-key', statement.x5c, input, checks);
  const [leaf, ...issuers] = trustPath;
  if (leaf === undefined) return undefined;
  const extension = leaf.extensions.get(Oid.androidKeyDescription);
  const description = extension && readKeyDescription(extension.value);
  // An attested key must not attest others: what it signed would look like the keystore's own word.
  const isOnlyInLeaf = !issuers.some(({ extensions }) => extensions.has(Oid.androidKeyDescription));
  const isDescribed = checks.check(
    'attestation.android-key.description',
    description !== undefined && isOnlyInLeaf && leaf.version === 3 && leaf.basicConstraints?.ca !== true,
    'The certificate describes the key.',
    'The certificate describes no key, is not of version 3, or is, or was issued by, another attested key.',
  );
  const isSound = [
    checkLeafKey('attestation.android-key.publicKey', leaf, input.credentialKey, checks),
    checkKeyUsage('android-key', leaf, checks),
    isDescribed && description !== undefined && checkDescription(description, input.clientDataHash, checks),
  ].every(Boolean);
  const { algorithm, signature } = statement;
  const data = concatBytes(input.authData, input.clientDataHash);
  const isValid = await checkLeafSignature('android-key', leaf, { algorithm, signature, data }, input, checks);
  return isSound && isValid ? { type: 'certified', trustPath } : undefined;
}

function readStatement(attStmt: CborMap | readonly CborValue[]): AndroidKeyStatement | undefined {
  const members = readMembers(attStmt, 'alg', 'sig', 'x5c');
  const algorithm = members?.get('alg');
  const signature = members?.get('sig');
  const x5c = readX5c(members?.get('x5c'));
  if (typeof algorithm !== 'number' || !(signature instanceof Uint8Array) || x5c === undefined) return undefined;
  return { algorithm, signature, x5c };
}

function checkDescription(description: KeyDescription, clientDataHash: Bytes, checks: Checklist): boolean {
  const { attestationChallenge, securityLevel, softwareEnforced, teeEnforced } = description;
  const lists: readonly AuthorizationList[] = [softwareEnforced, teeEnforced];
  const results = [
    checks.check(
      'attestation.android-key.challenge',
      equalBytes(attestationChallenge, clientDataHash),
      'It is the hash of the client data.',
      'The certificate was made for another registration.',
    ),
    checks.check(
      'attestation.android-key.allApplications',
      !lists.some(({ allApplications }) => allApplications),
      'The key belongs to one application.',
      'The key is open to all applications.',
    ),
    checkValues('attestation.android-key.origin', lists.map(({ origin }) => (origin === undefined ? undefined : [origin])), GENERATED, checks),
    checkValues('attestation.android-key.purpose', lists.map(({ purposes }) => purposes), SIGN, checks),
  ];
  const id = 'attestation.android-key.securityLevel';
  if (securityLevel === 1 || securityLevel === 2) checks.pass(id, 'The key lives in a trusted environment.');
  else checks.policy(id, securityLevel === 0 ? 'The key lives in software.' : 'Where the key lives is not known here.');
  return results.every(Boolean);
}

/** Whatever the lists say must be the one right value; where neither says anything, that is for policy to judge. */
function checkValues(
  id: 'attestation.android-key.origin' | 'attestation.android-key.purpose',
  said: readonly (readonly number[] | undefined)[],
  right: number,
  checks: Checklist,
): boolean {
  const values = said.filter((entry) => entry !== undefined);
  if (values.length === 0) {
    checks.policy(id, 'The certificate does not say.');
    return true;
  }
  return checks.check(
    id,
    values.every((entry) => entry.length === 1 && entry[0] === right),
    'It is as it must be.',
    'The key was not made in the keystore, or serves another purpose than signing.',
  );
}
