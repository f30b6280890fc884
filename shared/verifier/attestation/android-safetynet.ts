import { decodeBase64 } from '../../bytes/base64.ts';
import { decodeBase64url } from '../../bytes/base64url.ts';
import { type Bytes, encodeUtf8, equalBytes } from '../../bytes/bytes.ts';
import { sha256 } from '../../bytes/sha256.ts';
import { findAlgorithm } from '../../cose/algorithms.ts';
import { isValidRawSignature } from '../../cose/signature.ts';
import type { Certificate } from '../../x509/certificate.ts';
import { tryDer } from '../../x509/der.ts';
import { readHostNames } from '../../x509/general-name.ts';
import { Oid } from '../../x509/oid.ts';
import { materialFor } from '../../x509/public-key.ts';
import type { Checklist } from '../report.ts';
import type { AttestationEvidence, AttestationInput } from './format.ts';
import { checkKeyUsage, isPathLength, parseTrustPath, readMembers } from './statement.ts';

const HOSTNAME = 'attest.android.com';
// The service's answer goes to the site at once: what other verifiers allow it, and a little for clocks that differ.
const MAX_AGE_MS = 60_000;
const MAX_CLOCK_DIFFERENCE_MS = 10_000;
const MAX_RESPONSE_BYTES = 131_072;
// JOSE's names of what the service may sign with.
const ALGORITHMS: ReadonlyMap<unknown, number> = /* @__PURE__ */ new Map([['RS256', -257], ['ES256', -7]]);

/** A JWS in compact form, decoded. */
interface SafetyNetResponse {
  readonly algorithm: number;
  readonly x5c: readonly Bytes[];
  readonly payload: Readonly<Record<string, unknown>>;
  readonly signature: Bytes;
  readonly signedData: Bytes;
}

/**
 * Format `android-safetynet`: Google's service vouches for the device. The service is gone; responses of its time can
 * still be verified.
 *
 * Source: WebAuthn L3 §8.5, RFC 7515 §5.2.
 */
export async function verifyAndroidSafetynet(
  input: AttestationInput,
  checks: Checklist,
): Promise<AttestationEvidence | undefined> {
  const response = readStatement(input.attStmt);
  const isWellFormed = checks.check(
    'attestation.android-safetynet.statement',
    response !== undefined,
    'The statement has its members, and the response is signed JSON.',
    'The statement does not have the members ver and response, and no others, or the response is no signed JSON with certificates.',
  );
  if (!isWellFormed || response === undefined) return undefined;
  const trustPath = parseTrustPath('android-safetynet', response.x5c, input, checks);
  const [leaf] = trustPath;
  if (leaf === undefined) return undefined;
  const isSound = [
    checks.check(
      'attestation.android-safetynet.hostname',
      tryDer(() => readSiteNames(leaf))?.includes(HOSTNAME) === true,
      `The certificate is that of ${HOSTNAME}.`,
      `The certificate is not that of ${HOSTNAME}.`,
    ),
    checkKeyUsage('android-safetynet', leaf, checks),
    checkPayload(response.payload, input, checks),
    await checkSignature(response, leaf, input, checks),
  ];
  return isSound.every(Boolean) ? { type: 'certified', trustPath } : undefined;
}

function readStatement(attStmt: AttestationInput['attStmt']): SafetyNetResponse | undefined {
  const members = readMembers(attStmt, 'ver', 'response');
  const version = members?.get('ver');
  const response = members?.get('response');
  if (typeof version !== 'string' || version === '' || !(response instanceof Uint8Array)) return undefined;
  return readJws(response);
}

function readJws(bytes: Uint8Array): SafetyNetResponse | undefined {
  if (bytes.length > MAX_RESPONSE_BYTES) return undefined;
  const text = new TextDecoder('latin1').decode(bytes);
  const [headerText = '', payloadText = '', signatureText = '', ...rest] = text.split('.');
  const header = readJson(headerText);
  const payload = readJson(payloadText);
  const signature = decodeBase64url(signatureText);
  if (rest.length > 0 || header === undefined || payload === undefined || signature === undefined) return undefined;
  const algorithm = ALGORITHMS.get(header['alg']);
  const x5c = readCertificates(header['x5c']);
  // RFC 7515 §4.1.11: what is critical must be understood, and nothing of the kind is.
  if (algorithm === undefined || x5c === undefined || Object.hasOwn(header, 'crit')) return undefined;
  return { algorithm, x5c, payload, signature, signedData: encodeUtf8(`${headerText}.${payloadText}`) };
}

function readJson(text: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = decodeBase64url(text);
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    // Neither UTF-8 nor JSON: not a JWS.
    return undefined;
  }
}

function readCertificates(x5c: unknown): readonly Bytes[] | undefined {
  if (!Array.isArray(x5c) || !isPathLength(x5c.length)) return undefined;
  const certificates = x5c.map((entry: unknown) => (typeof entry === 'string' ? decodeBase64(entry) : undefined));
  return certificates.every((entry) => entry !== undefined) ? certificates : undefined;
}

/** The host names among the subject alternative names; without any, the common name (RFC 2818 §3.1). */
function readSiteNames(leaf: Certificate): readonly string[] {
  const names = readHostNames(leaf);
  if (names.length > 0) return names;
  const [commonName, ...others] = leaf.subject.attributes.filter(({ type }) => type === Oid.commonName);
  return others.length === 0 ? [(commonName?.value ?? '').toLowerCase()] : [];
}

function checkPayload(
  payload: Readonly<Record<string, unknown>>,
  { authData, clientDataHash, now }: AttestationInput,
  checks: Checklist,
): boolean {
  const { nonce, ctsProfileMatch, basicIntegrity, timestampMs } = payload;
  const nonceBytes = typeof nonce === 'string' ? decodeBase64(nonce) : undefined;
  return [
    checks.check(
      'attestation.android-safetynet.nonce',
      nonceBytes !== undefined && equalBytes(nonceBytes, sha256(authData, clientDataHash)),
      'It is that of this registration.',
      'The response is for another registration.',
    ),
    checks.check(
      'attestation.android-safetynet.integrity',
      ctsProfileMatch === true && (basicIntegrity === undefined || basicIntegrity === true),
      'The device passed Google\'s tests.',
      'The device did not pass Google\'s tests.',
    ),
    checks.check(
      'attestation.android-safetynet.time',
      typeof timestampMs === 'number' && timestampMs >= now - MAX_AGE_MS && timestampMs <= now + MAX_CLOCK_DIFFERENCE_MS,
      'The response was made just now.',
      'The response was not made just now.',
    ),
  ].every(Boolean);
}

async function checkSignature(
  { algorithm, signature, signedData }: SafetyNetResponse,
  leaf: Certificate,
  { importKey }: AttestationInput,
  checks: Checklist,
): Promise<boolean> {
  const info = findAlgorithm(algorithm);
  const scheme = info?.scheme;
  const material = scheme && leaf.publicKey.known?.curve === info.curve ? materialFor(leaf.publicKey, scheme) : undefined;
  const key = scheme && material && (await importKey(material, scheme));
  const isValid = key?.ok === true && (await isValidRawSignature(key.value, signature, signedData));
  return checks.check('attestation.android-safetynet.signature', isValid, 'It is valid.', 'It is not valid, or its algorithm does not fit the certificate\'s key.');
}
