import * as v from 'valibot';

import { decodeBase64url, encodeBase64url } from '../bytes/base64url.ts';
import { type Bytes, concatBytes, equalBytes } from '../bytes/bytes.ts';
import { failure, success, type Result } from '../bytes/result.ts';
import { sha256 } from '../bytes/sha256.ts';
import { algorithmName } from '../cose/algorithms.ts';
import { CoseKeyProblem, decodeCoseKey } from '../cose/cose-key.ts';
import { type KeyImporter, type KeySource, type VerificationKey, importCoseKey, isValidSignature } from '../cose/signature.ts';
import { importByWebCrypto } from '../cose/web-crypto.ts';
import { type AuthenticatorData, parseAuthenticatorData } from '../webauthn/authenticator-data.ts';
import { ClientDataType } from '../webauthn/client-data.ts';
import { type ExpectedCommon, checkClientData, checkFlags, checkIdLength, checkRpIdHash } from './common.ts';
import type { CredentialRecord } from './credential-record.ts';
import { Checklist, type VerificationReport } from './report.ts';
import { type DecodedAuthenticationResponse, authenticationResponseSchema } from './response.ts';

/** Our own record of an authentication request. */
export interface ExpectedAuthentication extends ExpectedCommon {
  /** IDs that were named; without any, every credential is allowed. */
  readonly allowCredentials?: readonly Bytes[];
  /** The user was named by the site beforehand: the response may not name another one. */
  readonly userHandle?: Bytes;
  /** The site named nobody: the response must tell who it is. */
  readonly requireUserHandle?: boolean;
  /** `appid` extension input, where the site gave one. */
  readonly appId?: string;
}

/** What is known of the credential; the more, the more is checked. A {@link CredentialRecord} is one. */
export type KnownCredential = Pick<CredentialRecord, 'credentialId' | 'publicKey' | 'signCount'> &
  Partial<Pick<CredentialRecord, 'backupEligible' | 'rpId' | 'userHandle'>>;

/** What an authentication is judged by. */
export interface AuthenticationInput extends KeySource {
  /** AuthenticationResponseJSON; anything else is refused. */
  readonly response: unknown;
  readonly expected: ExpectedAuthentication;
  /** Absent for a credential whose registration was not seen: its signature cannot be checked. */
  readonly credential?: KnownCredential;
}

/** The judgement, and what to store in the record after an acceptance. */
export interface AuthenticationVerification {
  readonly report: VerificationReport;
  /** L3 §7.2 step 24; only for accepted responses. */
  readonly update?: Pick<CredentialRecord, 'signCount' | 'backupState'>;
}

/**
 * Verifies an authentication response. Never throws and never rejects, whatever it is given.
 *
 * Source: WebAuthn L3 §7.2.
 */
export async function verifyAuthentication(input: AuthenticationInput): Promise<AuthenticationVerification> {
  const checks = new Checklist('authentication');
  try {
    return await verify(input, checks);
  } catch (error) {
    // A fault of the verifier's own must not become an acceptance, nor end the caller.
    checks.fail('verifier.fault', error instanceof Error ? error.message : 'Unknown fault.');
    return { report: checks.report() };
  }
}

async function verify(input: AuthenticationInput, checks: Checklist): Promise<AuthenticationVerification> {
  const { expected, credential } = input;
  const decoded = v.safeParse(authenticationResponseSchema, input.response, { abortEarly: true });
  if (!decoded.success) {
    checks.fail('response.form', `Not valid: ${v.getDotPath(decoded.issues[0]) ?? 'the response'}.`);
    return { report: checks.report() };
  }
  checks.pass('response.form', 'It is the response of an authentication.');
  const { response } = decoded.output;
  // The signature takes longest: it is checked while everything else is. Importing the key takes this thread's time.
  const key = await findKey(input);
  const signature = judgeSignature(key, decoded.output);
  checkCredential(checks, decoded.output, input);
  checkUserHandle(checks, response.userHandle ?? undefined, input);
  checkClientData(checks, response.clientDataJSON, ClientDataType.get, expected);

  const parsed = parseAuthenticatorData(response.authenticatorData);
  if (!parsed.ok) {
    checks.fail('authenticatorData.form', parsed.error.detail);
    return { report: checks.report() };
  }
  const data = parsed.value;
  checks.pass('authenticatorData.form', 'It is well-formed.');
  const usedAppId = decoded.output.clientExtensionResults['appid'] === true;
  checkRpIdHash(checks, data, expected.rpId, usedAppId ? expected.appId : undefined);
  checkFlags(checks, data, { userPresence: true, userVerification: expected.requireUserVerification });
  checks.check(
    'authenticatorData.attestedCredential',
    data.attestedCredentialData === undefined,
    'There is none, as there should be.',
    'An assertion should carry no credential.',
  );
  checkRecord(checks, data, credential);
  recordSignature(checks, await signature);

  const report = checks.report();
  if (report.verdict !== 'accepted') return { report };
  return { report, update: { signCount: data.signCount, backupState: data.backupState } };
}

/** Steps 5 and 6, as far as they identify the credential. */
function checkCredential(
  checks: Checklist,
  { id, rawId }: DecodedAuthenticationResponse,
  { expected, credential }: AuthenticationInput,
): void {
  checks.check('response.id', id === encodeBase64url(rawId), 'id is that of rawId.', 'id and rawId are not the same.');
  checkIdLength(checks, rawId);
  const allowed = expected.allowCredentials ?? [];
  if (allowed.length === 0) {
    checks.skip('credential.isAllowed', 'The site named no credentials.');
  } else {
    checks.check(
      'credential.isAllowed',
      allowed.some((entry) => equalBytes(entry, rawId)),
      'It is one of those that the site named.',
      'It is none of the credentials that the site named.',
    );
  }
  if (credential === undefined) {
    checks.unverifiable('credential.isKnown', 'The registration of this credential was not seen, so its key is not known.');
    return;
  }
  checks.check(
    'credential.isKnown',
    credential.credentialId === encodeBase64url(rawId) && (credential.rpId ?? expected.rpId) === expected.rpId,
    'It is the credential on record.',
    'It is not the credential on record.',
  );
}

/** Step 6, as far as it identifies the user. */
function checkUserHandle(
  checks: Checklist,
  userHandle: Bytes | undefined,
  { expected, credential }: AuthenticationInput,
): void {
  const id = 'credential.userHandle';
  if (userHandle === undefined) {
    if (expected.requireUserHandle === true) checks.fail(id, 'The response does not tell whose credential it is.');
    else checks.skip(id, 'The response has none.');
    return;
  }
  const text = encodeBase64url(userHandle);
  const isExpected =
    userHandle.length >= 1 &&
    userHandle.length <= 64 &&
    (expected.userHandle === undefined || equalBytes(expected.userHandle, userHandle)) &&
    (credential?.userHandle ?? text) === text;
  checks.check(id, isExpected, 'It is in order.', 'It is the handle of another user, or no valid one.');
}

/** Steps 19 and 22: what the record says must go on. */
function checkRecord(checks: Checklist, data: AuthenticatorData, credential: KnownCredential | undefined): void {
  if (credential?.backupEligible === undefined) {
    checks.skip('credential.backupEligible', 'What it was at registration is not known.');
  } else {
    checks.check(
      'credential.backupEligible',
      data.backupEligible === credential.backupEligible,
      'It is as it was at registration.',
      'Backup eligibility has changed since registration.',
    );
  }
  if (credential === undefined) {
    checks.skip('credential.signCount', 'The last value is not known.');
  } else {
    const isCounting = data.signCount !== 0 || credential.signCount !== 0;
    checks.check(
      'credential.signCount',
      !isCounting || data.signCount > credential.signCount,
      isCounting ? 'It has grown.' : 'The authenticator does not count.',
      'It has not grown: there may be a copy of the key.',
    );
  }
}

/** Why a key cannot be used: this platform lacks its algorithm, or it is no sound key. */
interface KeyProblem {
  readonly isUnsupported: boolean;
  readonly detail: string;
}

/** What became of the signature: not checked for want of a key, or checked. An empty one is none, whatever the key. */
type SignatureJudgement =
  | { readonly kind: 'empty' }
  | { readonly kind: 'unknownKey' }
  | ({ readonly kind: 'unusableKey' } & KeyProblem)
  | { readonly kind: 'checked'; readonly isValid: boolean };

/** The credential's key, imported; `undefined` where its registration was not seen. */
async function findKey({ credential, importKey = importByWebCrypto, keyCache }: AuthenticationInput): Promise<Result<VerificationKey, KeyProblem> | undefined> {
  if (credential === undefined) return undefined;
  const cached = keyCache?.get(credential.publicKey);
  if (cached !== undefined) return success(cached);
  const imported = await importRecorded(credential.publicKey, importKey);
  if (imported.ok) keyCache?.set(credential.publicKey, imported.value);
  return imported;
}

/** Steps 20 and 21. Never rejects. */
async function judgeSignature(
  key: Result<VerificationKey, KeyProblem> | undefined,
  { response }: DecodedAuthenticationResponse,
): Promise<SignatureJudgement> {
  if (response.signature.length === 0) return { kind: 'empty' };
  if (key === undefined) return { kind: 'unknownKey' };
  if (!key.ok) return { kind: 'unusableKey', ...key.error };
  const data = concatBytes(response.authenticatorData, sha256(response.clientDataJSON));
  return { kind: 'checked', isValid: await isValidSignature(key.value, response.signature, data) };
}

function recordSignature(checks: Checklist, judgement: SignatureJudgement): void {
  if (judgement.kind === 'empty') {
    checks.fail('credential.signature', 'It is empty.');
  } else if (judgement.kind === 'unknownKey') {
    checks.skip('credential.signature', 'Without the key it cannot be checked.');
  } else if (judgement.kind === 'unusableKey') {
    if (judgement.isUnsupported) checks.unverifiable('credential.key', judgement.detail);
    else checks.fail('credential.key', judgement.detail);
    checks.skip('credential.signature', 'Without a usable key it cannot be checked.');
  } else {
    checks.pass('credential.key', 'It is a sound key.');
    checks.check('credential.signature', judgement.isValid, 'It is valid.', 'It is not valid.');
  }
}

async function importRecorded(publicKey: string, importKey: KeyImporter): Promise<Result<VerificationKey, KeyProblem>> {
  const bytes = decodeBase64url(publicKey);
  if (bytes === undefined) return failure({ isUnsupported: false, detail: 'The key on record is not base64url.' });
  const decoded = decodeCoseKey(bytes);
  if (!decoded.ok) {
    return failure({ isUnsupported: decoded.error.problem === CoseKeyProblem.unsupported, detail: decoded.error.detail });
  }
  const imported = await importCoseKey(decoded.value, importKey);
  if (imported.ok) return success(imported.value);
  const name = algorithmName(decoded.value.algorithm);
  return imported.error === 'unsupported'
    ? failure({ isUnsupported: true, detail: `This platform cannot check ${name}.` })
    : failure({ isUnsupported: false, detail: `The ${name} key is not valid.` });
}
