import { encodeBase64url } from '../bytes/base64url.ts';
import { type Bytes, encodeUtf8, equalBytes } from '../bytes/bytes.ts';
import { sha256 } from '../bytes/sha256.ts';
import type { AuthenticatorData } from '../webauthn/authenticator-data.ts';
import { type ClientDataType, parseClientData } from '../webauthn/client-data.ts';
import { MAX_CREDENTIAL_ID_BYTES } from '../webauthn/options.ts';
import type { Checklist } from './report.ts';

/** What both ceremonies expect: our own record of the request, never anything that the page repeated. */
export interface ExpectedCommon {
  readonly challenge: Bytes;
  /** Serialised origins, compared as whole strings. */
  readonly origins: readonly string[];
  /** The request may have been made in a frame that is not same-origin with all its ancestors. */
  readonly allowCrossOrigin: boolean;
  /** Origins of top-level pages that may frame the request; without any, `topOrigin` is refused. */
  readonly topOrigins?: readonly string[];
  readonly rpId: string;
  readonly requireUserVerification: boolean;
}

/** The length of a credential ID (L3 §4, "Credential ID"; §7.1 step 25). */
export function checkIdLength(checks: Checklist, { length }: Bytes): void {
  checks.check(
    'credential.idLength',
    length >= 1 && length <= MAX_CREDENTIAL_ID_BYTES,
    `The credential ID has ${length.toString()} bytes.`,
    `The credential ID is empty or longer than ${MAX_CREDENTIAL_ID_BYTES.toString()} bytes.`,
  );
}

/** The client data steps: L3 §7.1 steps 5 to 11, §7.2 steps 8 to 14. */
export function checkClientData(
  checks: Checklist,
  bytes: Bytes,
  type: ClientDataType,
  expected: ExpectedCommon,
): void {
  const parsed = parseClientData(bytes);
  if (!parsed.ok) {
    checks.fail('clientData.form', parsed.error.detail);
    return;
  }
  const data = parsed.value;
  checks.pass('clientData.form', 'The client data is a JSON object.');
  checks.check('clientData.type', data.type === type, `It is ${type}.`, `It should be ${type}.`);
  checks.check(
    'clientData.challenge',
    data.challenge === encodeBase64url(expected.challenge),
    'It is the challenge that was sent.',
    'It is not the challenge that was sent.',
  );
  checks.check(
    'clientData.origin',
    expected.origins.includes(data.origin),
    'It is the origin of the request.',
    'It is not the origin of the request.',
  );
  checks.check(
    'clientData.crossOrigin',
    data.crossOrigin !== true || expected.allowCrossOrigin,
    data.crossOrigin === true ? 'The request came from a frame that is allowed to make it.' : 'The request came from no foreign frame.',
    'The request came from a foreign frame, which is not expected.',
  );
  if (data.topOrigin === undefined) {
    checks.skip('clientData.topOrigin', 'There is none.');
    return;
  }
  checks.check(
    'clientData.topOrigin',
    data.crossOrigin === true && expected.allowCrossOrigin && (expected.topOrigins ?? []).includes(data.topOrigin),
    'It is an expected top-level origin.',
    'It is not an expected top-level origin.',
  );
}

/** The flag steps: L3 §7.1 steps 15 to 17, §7.2 steps 16 to 18. */
export function checkFlags(
  checks: Checklist,
  data: AuthenticatorData,
  require: { readonly userPresence: boolean; readonly userVerification: boolean },
): void {
  if (require.userPresence) {
    checks.check('authenticatorData.userPresent', data.userPresent, 'The user was present.', 'The user was not present.');
  } else {
    checks.skip('authenticatorData.userPresent', 'A conditional registration does not ask for presence.');
  }
  if (require.userVerification) {
    checks.check('authenticatorData.userVerified', data.userVerified, 'The user was verified.', 'User verification was required, but not carried out.');
  } else {
    checks.skip('authenticatorData.userVerified', 'User verification was not required.');
  }
  checks.check(
    'authenticatorData.backupFlags',
    data.backupEligible || !data.backupState,
    'Backup eligibility and state agree.',
    'The credential claims to be backed up without being eligible.',
  );
}

/** The RP ID hash step: L3 §7.1 step 14, §7.2 step 15; `appId` where the appid extension was asked for and used (§10.1.1). */
export function checkRpIdHash(checks: Checklist, data: AuthenticatorData, rpId: string, appId?: string): void {
  const matches = (text: string): boolean => equalBytes(data.rpIdHash, sha256(encodeUtf8(text)));
  const isExpected = matches(rpId) || (appId !== undefined && matches(appId));
  checks.check('authenticatorData.rpIdHash', isExpected, 'It is the hash of the RP ID.', 'It is not the hash of the RP ID.');
}
