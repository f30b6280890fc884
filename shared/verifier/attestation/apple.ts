import { type Bytes, equalBytes } from '../../bytes/bytes.ts';
import { sha256 } from '../../bytes/sha256.ts';
import { type CborMap, type CborValue, isCborMap } from '../../cbor/value.ts';
import type { Certificate } from '../../x509/certificate.ts';
import { DerReader, DerTag, contextTag, readWhole, tryDer } from '../../x509/der.ts';
import { Oid } from '../../x509/oid.ts';
import type { Checklist } from '../report.ts';
import type { AttestationEvidence, AttestationInput } from './format.ts';
import { checkLeafKey, parseTrustPath, readMembers, readX5c } from './statement.ts';

/** Format `apple`: a certificate for the credential key that names a nonce. Source: WebAuthn L3 §8.8. */
export function verifyApple(input: AttestationInput, checks: Checklist): AttestationEvidence | undefined {
  const x5c = readStatement(input);
  const isWellFormed = checks.check(
    'attestation.apple.statement',
    x5c !== undefined,
    'The statement has its members.',
    'The statement does not have the member x5c (in early releases also the credential\'s alg), and no others.',
  );
  if (!isWellFormed || x5c === undefined) return undefined;
  const trustPath = parseTrustPath('apple', x5c, input, checks);
  const [leaf] = trustPath;
  if (leaf === undefined) return undefined;
  const nonce = readNonce(leaf);
  const isSound = [
    checks.check(
      'attestation.apple.nonce',
      nonce !== undefined && equalBytes(nonce, sha256(input.authData, input.clientDataHash)),
      'It is that of this registration.',
      'The certificate has no nonce, or that of another registration.',
    ),
    checks.check(
      'attestation.apple.basicConstraints',
      leaf.version === 3 && leaf.basicConstraints?.ca !== true,
      'The certificate is not that of a certification authority.',
      'The certificate is that of a certification authority, or not of version 3.',
    ),
    checkLeafKey('attestation.apple.publicKey', leaf, input.credentialKey, checks),
  ];
  return isSound.every(Boolean) ? { type: 'certified', trustPath } : undefined;
}

function readStatement({ attStmt, credentialKey }: AttestationInput): readonly Bytes[] | undefined {
  const members = hasAlgorithm(attStmt) ? readMembers(attStmt, 'alg', 'x5c') : readMembers(attStmt, 'x5c');
  // Not in the specification, but in what iOS 14 and macOS 11 made.
  const algorithm = members?.get('alg');
  if (algorithm !== undefined && algorithm !== credentialKey?.algorithm) return undefined;
  return readX5c(members?.get('x5c'));
}

function hasAlgorithm(attStmt: CborMap | readonly CborValue[]): boolean {
  return isCborMap(attStmt) && attStmt.has('alg');
}

/** SEQUENCE { [1] EXPLICIT OCTET STRING }. */
function readNonce({ extensions }: Certificate): Uint8Array | undefined {
  const extension = extensions.get(Oid.appleNonce);
  if (extension === undefined) return undefined;
  return tryDer(() => {
    const sequence = readWhole(extension.value, DerTag.sequence);
    const inner = new DerReader(sequence.read(contextTag(1)).content);
    sequence.end();
    const { content } = inner.read(DerTag.octetString);
    inner.end();
    return content;
  });
}
