import * as v from 'valibot';

import { encodeBase64url } from '../bytes/base64url.ts';
import { type Bytes, equalBytes } from '../bytes/bytes.ts';
import { failure, success, type Result } from '../bytes/result.ts';
import { sha256 } from '../bytes/sha256.ts';
import { CborDeviation } from '../cbor/scan.ts';
import { algorithmName, findAlgorithm } from '../cose/algorithms.ts';
import { type CoseKey, type CoseKeyError, CoseKeyProblem, decodeCoseKey } from '../cose/cose-key.ts';
import { type KeyImporter, type KeySource, importCoseKey } from '../cose/signature.ts';
import { encodeSpki } from '../cose/spki.ts';
import { importByWebCrypto } from '../cose/web-crypto.ts';
import { type AttestationObject, parseAttestationObject } from '../webauthn/attestation-object.ts';
import type { AttestedCredentialData } from '../webauthn/authenticator-data.ts';
import { ClientDataType } from '../webauthn/client-data.ts';
import { type Certificate, parseCertificate } from '../x509/certificate.ts';
import { Oid } from '../x509/oid.ts';
import { type PathError, chainProblem, validatePath } from '../x509/path.ts';
import { type AttestationEvidence, isFormatName } from './attestation/format.ts';
import { findAttestationVerifier } from './attestation/formats.ts';
import { type ExpectedCommon, checkClientData, checkFlags, checkIdLength, checkRpIdHash } from './common.ts';
import type { CredentialRecord } from './credential-record.ts';
import { Checklist, type VerificationReport } from './report.ts';
import { type DecodedRegistrationResponse, registrationResponseSchema } from './response.ts';

/** Our own record of a registration request. */
export interface ExpectedRegistration extends ExpectedCommon {
  /** COSE identifiers that were offered. */
  readonly algorithms: readonly number[];
  /** `user.id`. */
  readonly userHandle: Bytes;
  /** False only for conditional mediation; true when absent. */
  readonly requireUserPresence?: boolean;
}

/** What a registration is judged by. */
export interface RegistrationInput extends KeySource {
  /** RegistrationResponseJSON; anything else is refused. */
  readonly response: unknown;
  readonly expected: ExpectedRegistration;
  /** Milliseconds since 1970; certificates must be valid then. */
  readonly now: number;
  /** Trusted certificates, DER. Without any, the trust path is not judged, and the report says so. */
  readonly anchors?: readonly Bytes[];
  /** IDs (base64url) of credentials that are registered already. */
  readonly knownCredentialIds?: ReadonlySet<string>;
}

/** The judgement, and what the response contained as far as it could be read. */
export interface RegistrationVerification {
  readonly report: VerificationReport;
  /** The record to store; only for accepted and unverifiable responses. */
  readonly credential?: CredentialRecord;
  /** Verified statements only. `isTrusted`: the path leads to one of the anchors. */
  readonly attestation?: AttestationEvidence & { readonly fmt: string; readonly isTrusted: boolean };
}

type Attestation = NonNullable<RegistrationVerification['attestation']>;
type ReadyInput = RegistrationInput & { readonly importKey: KeyImporter };

/**
 * Verifies a registration response. Never throws and never rejects, whatever it is given.
 *
 * Source: WebAuthn L3 §7.1.
 */
export async function verifyRegistration(input: RegistrationInput): Promise<RegistrationVerification> {
  const checks = new Checklist('registration');
  try {
    return await verify({ ...input, importKey: input.importKey ?? importByWebCrypto }, checks);
  } catch (error) {
    // A fault of the verifier's own must not become an acceptance, nor end the caller.
    checks.fail('verifier.fault', error instanceof Error ? error.message : 'Unknown fault.');
    return { report: checks.report() };
  }
}

async function verify(input: ReadyInput, checks: Checklist): Promise<RegistrationVerification> {
  const { expected } = input;
  const decoded = v.safeParse(registrationResponseSchema, input.response, { abortEarly: true });
  if (!decoded.success) {
    checks.fail('response.form', `Not valid: ${v.getDotPath(decoded.issues[0]) ?? 'the response'}.`);
    return { report: checks.report() };
  }
  checks.pass('response.form', 'It is the response of a registration.');
  const { response } = decoded.output;
  checkClientData(checks, response.clientDataJSON, ClientDataType.create, expected);

  const parsed = parseAttestationObject(response.attestationObject);
  if (!parsed.ok) {
    checks.fail(parsed.error.structure === 'authenticatorData' ? 'authenticatorData.form' : 'attestationObject.form', parsed.error.detail);
    return { report: checks.report() };
  }
  const object = parsed.value;
  const data = object.authenticatorData;
  // Early clients did not sort the members (that is tolerated); none wrote long integers or broken text.
  checks.check(
    'attestationObject.form',
    object.deviations.every((deviation) => deviation === CborDeviation.unsortedKeys),
    'It is well-formed.',
    'It is not in CTAP2 canonical form.',
  );
  checks.pass('authenticatorData.form', 'It is well-formed.');
  checkRpIdHash(checks, data, expected.rpId);
  checkFlags(checks, data, {
    userPresence: expected.requireUserPresence ?? true,
    userVerification: expected.requireUserVerification,
  });
  const credential = data.attestedCredentialData;
  if (credential === undefined) {
    checks.fail('authenticatorData.attestedCredential', 'There is no credential in it.');
    return { report: checks.report() };
  }
  checks.pass('authenticatorData.attestedCredential', 'There is a credential in it.');
  checkIds(checks, decoded.output, credential, input);
  const decodedKey = decodeCoseKey(credential.publicKey, object.fmt === 'tpm');
  const key = await checkKey(checks, decodedKey, expected.algorithms, input.importKey);
  checkCopies(checks, decoded.output, object, key);
  const attestation = await checkAttestation(checks, object, credential, key, input, response.clientDataJSON);

  const report = checks.report();
  if (report.verdict === 'refused') return { report };
  const algorithm = decodedKey.ok ? decodedKey.value.algorithm : decodedKey.error.algorithm;
  return {
    report,
    ...(attestation === undefined ? {} : { attestation }),
    ...(algorithm === undefined ? {} : { credential: toRecord(object, credential, algorithm, decoded.output, input) }),
  };
}

function checkIds(
  checks: Checklist,
  { id, rawId }: DecodedRegistrationResponse,
  { credentialId }: AttestedCredentialData,
  { knownCredentialIds }: RegistrationInput,
): void {
  checks.check(
    'response.id',
    id === encodeBase64url(rawId) && equalBytes(rawId, credentialId),
    'id, rawId and the credential ID are the same.',
    'id, rawId and the credential ID are not the same.',
  );
  checkIdLength(checks, credentialId);
  if (knownCredentialIds === undefined) {
    checks.skip('credential.isNew', 'Other credentials are not known here.');
  } else {
    checks.check(
      'credential.isNew',
      !knownCredentialIds.has(encodeBase64url(credentialId)),
      'The credential ID is new.',
      'A credential with this ID is registered already.',
    );
  }
}

/** Steps 20 and §6.5.1.1; gives the key when it is one that can be used. */
async function checkKey(
  checks: Checklist,
  decoded: Result<CoseKey, CoseKeyError>,
  algorithms: readonly number[],
  importKey: KeyImporter,
): Promise<CoseKey | undefined> {
  const algorithm = decoded.ok ? decoded.value.algorithm : decoded.error.algorithm;
  if (decoded.ok && !(await isUsableHere(decoded.value, importKey))) {
    checks.unverifiable('credential.key', `This platform cannot check ${algorithmName(decoded.value.algorithm)}.`);
  } else if (decoded.ok) checks.pass('credential.key', `It is a sound ${algorithmName(decoded.value.algorithm)} key.`);
  else if (decoded.error.problem === CoseKeyProblem.unsupported) checks.unverifiable('credential.key', decoded.error.detail);
  else checks.fail('credential.key', decoded.error.detail);
  checks.check(
    'credential.algorithm',
    algorithm !== undefined && algorithms.includes(algorithm),
    'It is one of those that were offered.',
    'The key\'s algorithm is none of those that were offered.',
  );
  return decoded.ok ? decoded.value : undefined;
}

/** Whether the platform will be able to check the signatures of the key. */
async function isUsableHere(key: CoseKey, importKey: KeyImporter): Promise<boolean> {
  if (findAlgorithm(key.algorithm)?.isOptional !== true) return true;
  const imported = await importCoseKey(key, importKey);
  return imported.ok || imported.error !== 'unsupported';
}

/** The members that repeat what the attestation object says must say the same. */
function checkCopies(
  checks: Checklist,
  { response }: DecodedRegistrationResponse,
  { authData }: AttestationObject,
  key: CoseKey | undefined,
): void {
  const { authenticatorData, publicKey, publicKeyAlgorithm } = response;
  const isSame =
    (authenticatorData === undefined || equalBytes(authenticatorData, authData)) &&
    (key === undefined ||
      ((publicKey === undefined || publicKey === null || equalBytes(publicKey, encodeSpki(key))) &&
        (publicKeyAlgorithm === undefined || publicKeyAlgorithm === key.algorithm)));
  checks.check(
    'response.copies',
    isSame,
    'authenticatorData, publicKey and publicKeyAlgorithm agree with the attestation object where they are given.',
    'authenticatorData, publicKey or publicKeyAlgorithm differs from the attestation object.',
  );
}

/** Steps 21 to 24. */
async function checkAttestation(
  checks: Checklist,
  { fmt, attStmt, authData }: AttestationObject,
  credential: AttestedCredentialData,
  credentialKey: CoseKey | undefined,
  input: ReadyInput,
  clientDataJson: Bytes,
): Promise<Attestation | undefined> {
  if (!isFormatName(fmt)) {
    checks.fail('attestation.format', 'It is no valid format name.');
    return undefined;
  }
  const verifier = findAttestationVerifier(fmt);
  if (verifier === undefined) {
    checks.unverifiable('attestation.format', `The format ${fmt} cannot be verified.`);
    return undefined;
  }
  checks.pass('attestation.format', `It is ${fmt}.`);
  const judgePath = pathJudge(input);
  const evidence = await verifier(
    {
      attStmt,
      authData,
      clientDataHash: sha256(clientDataJson),
      credential,
      now: input.now,
      importKey: input.importKey,
      foreseePath: (trustPath) => void judgePath(fmt, trustPath),
      ...(credentialKey === undefined ? {} : { credentialKey }),
    },
    checks,
  );
  if (evidence !== undefined) return { ...evidence, fmt, isTrusted: await checkTrust(checks, { ...evidence, fmt }, judgePath, input) };
  // Whoever gives no evidence has recorded why; should one forget it, that is a refusal, too.
  if (checks.isClean) checks.fail('attestation.format', 'The statement was not verified.');
  return undefined;
}

/** A path that leads to an anchor; `undefined` where there are no anchors, and nothing is wrong with the chain in itself. */
type PathResult = Result<readonly Certificate[] | undefined, PathError>;
type PathJudge = (fmt: string, trustPath: readonly Certificate[]) => Promise<PathResult>;

/** Extensions that a format judges itself, and that may therefore be critical. */
const JUDGED_EXTENSIONS: ReadonlyMap<string, ReadonlySet<string>> = /* @__PURE__ */ new Map<string, ReadonlySet<string>>([
  ['android-key', new Set([Oid.androidKeyDescription])],
  ['apple', new Set([Oid.appleNonce])],
]);

/** Judges each path once: a path that was foreseen is under way while the statement itself is verified. */
function pathJudge({ anchors = [], now, importKey, keyCache }: RegistrationInput): PathJudge {
  const judged = new Map<readonly Certificate[], Promise<PathResult>>();
  let trusted: readonly Certificate[] | undefined;
  const judge: PathJudge = async (fmt, trustPath) => {
    if (anchors.length === 0) {
      const problem = await chainProblem(trustPath, { importKey, keyCache });
      return problem === undefined ? success(undefined) : failure(problem);
    }
    const understood = JUDGED_EXTENSIONS.get(fmt);
    trusted ??= anchors.map((anchor) => parseCertificate(anchor)).flatMap((anchor): Certificate[] => (anchor.ok ? [anchor.value] : []));
    return validatePath(trustPath, {
      anchors: trusted,
      now,
      importKey,
      keyCache,
      ...(understood === undefined ? {} : { understood }),
    });
  };
  return (fmt, trustPath) => {
    let result = judged.get(trustPath);
    if (result === undefined) {
      result = judge(fmt, trustPath);
      // Where the statement fails, nobody asks for the result; whoever asks gets the rejection as well.
      result.catch(() => undefined);
      judged.set(trustPath, result);
    }
    return result;
  };
}

async function checkTrust(
  checks: Checklist,
  evidence: Omit<Attestation, 'isTrusted'>,
  judgePath: PathJudge,
  input: RegistrationInput,
): Promise<boolean> {
  const id = 'attestation.trust';
  if (evidence.type !== 'certified') {
    checks.policy(id, evidence.type === 'none' ? 'There is no attestation.' : 'Self attestation: the authenticator vouches for itself.');
    return false;
  }
  let isTrusted = true;
  for (const { fmt, type, trustPath } of evidence.parts ?? [evidence]) {
    if (type === 'certified') isTrusted = checkPath(checks, await judgePath(fmt, trustPath), input) && isTrusted;
  }
  return isTrusted;
}

function checkPath(checks: Checklist, path: PathResult, { anchors = [] }: RegistrationInput): boolean {
  const id = 'attestation.trust';
  const isUnsupported = !path.ok && path.error.problem === 'unsupported';
  if (!path.ok && !isUnsupported) {
    checks.fail(id, path.error.detail);
  } else if (anchors.length === 0) {
    checks.skip(id, 'No trust anchors were given: the statement is verified, its certificates\' origin is not.');
  } else if (!path.ok) {
    checks.unverifiable(id, path.error.detail);
  } else {
    checks.pass(id, `The path of ${(path.value?.length ?? 0).toString()} certificates leads to a trust anchor.`);
    return true;
  }
  return false;
}

/** Step 27. */
function toRecord(
  { fmt, authenticatorData }: AttestationObject,
  { aaguid, credentialId, publicKey }: AttestedCredentialData,
  algorithm: number,
  { response }: DecodedRegistrationResponse,
  { expected, now }: RegistrationInput,
): CredentialRecord {
  return {
    credentialId: encodeBase64url(credentialId),
    publicKey: encodeBase64url(publicKey),
    algorithm,
    signCount: authenticatorData.signCount,
    backupEligible: authenticatorData.backupEligible,
    backupState: authenticatorData.backupState,
    userVerified: authenticatorData.userVerified,
    aaguid: encodeBase64url(aaguid),
    attestationFormat: fmt,
    rpId: expected.rpId,
    userHandle: encodeBase64url(expected.userHandle),
    transports: response.transports,
    createdAt: now,
  };
}
