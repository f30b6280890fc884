import { type Bytes, concatBytes } from '../../bytes/bytes.ts';
import type { CborMap, CborValue } from '../../cbor/value.ts';
import { KeyType } from '../../cose/algorithms.ts';
import { AuthenticatorFlag } from '../../webauthn/authenticator-flags.ts';
import type { Checklist } from '../report.ts';
import type { AttestationEvidence, AttestationInput } from './format.ts';
import { checkKeyUsage, checkLeafSignature, parseTrustPath, readMembers, readX5c } from './statement.ts';

const ES256 = -7;
/** The only flags that a U2F registration has. */
const U2F_FLAGS = AuthenticatorFlag.userPresent | AuthenticatorFlag.attestedCredentialData;

/** Format `fido-u2f`: a U2F registration in new clothes. Source: WebAuthn L3 §8.6. */
export async function verifyFidoU2f(
  input: AttestationInput,
  checks: Checklist,
): Promise<AttestationEvidence | undefined> {
  const statement = readStatement(input.attStmt);
  const isWellFormed = checks.check(
    'attestation.fido-u2f.statement',
    statement !== undefined,
    'The statement has its members.',
    'The statement does not have the members sig and x5c, with exactly one certificate, and no others.',
  );
  if (!isWellFormed || statement === undefined) return undefined;
  const trustPath = parseTrustPath('fido-u2f', statement.x5c, input, checks);
  const [leaf] = trustPath;
  if (leaf === undefined) return undefined;
  const hasRightCurve = checks.check(
    'attestation.fido-u2f.publicKey',
    leaf.publicKey.known?.curve === 'P-256' && input.credentialKey?.algorithm === ES256,
    'The certificate\'s key is one on P-256, and the credential key one for ES256.',
    'The certificate\'s key is none on P-256, or the credential key none for ES256.',
  );
  // The signature leaves the flags out. U2F knows no others than these two, so others are somebody else's addition.
  const hasRightFlags = checks.check(
    'attestation.fido-u2f.flags',
    input.authData[32] === U2F_FLAGS,
    'They are those of U2F.',
    'The authenticator data claims what U2F cannot do, and what its signature does not cover.',
  );
  const maySign = checkKeyUsage('fido-u2f', leaf, checks);
  const data = signedData(input);
  if (!hasRightCurve || data === undefined) return undefined;
  const isValid = await checkLeafSignature('fido-u2f', leaf, { algorithm: ES256, signature: statement.signature, data }, input, checks);
  return hasRightFlags && maySign && isValid ? { type: 'certified', trustPath } : undefined;
}

function readStatement(attStmt: CborMap | readonly CborValue[]): { readonly signature: Bytes; readonly x5c: readonly Bytes[] } | undefined {
  const members = readMembers(attStmt, 'sig', 'x5c');
  const signature = members?.get('sig');
  const x5c = readX5c(members?.get('x5c'));
  return signature instanceof Uint8Array && x5c?.length === 1 ? { signature, x5c } : undefined;
}

/** Verification steps 3 to 5: what a U2F token signs. */
function signedData({ authData, clientDataHash, credential, credentialKey }: AttestationInput): Bytes | undefined {
  if (credentialKey?.keyType !== KeyType.ec2) return undefined;
  const point = concatBytes(Uint8Array.of(0x04), credentialKey.x, credentialKey.y);
  return concatBytes(Uint8Array.of(0x00), authData.subarray(0, 32), clientDataHash, credential.credentialId, point);
}
