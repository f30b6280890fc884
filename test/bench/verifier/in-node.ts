import { createPublicKey, sign, verify, webcrypto } from 'node:crypto';

import { SettingsService, verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import { Fido2Lib } from 'fido2-lib';

import { importByOpenSsl } from '../../../native-host/verify/openssl.ts';
import { decodeBase64url, encodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { KeyImporter, VerificationKey } from '../../../shared/cose/signature.ts';
import { importByWebCrypto } from '../../../shared/cose/web-crypto.ts';
import { type AuthenticationInput, verifyAuthentication } from '../../../shared/verifier/verify-authentication.ts';
import { type RegistrationInput, verifyRegistration } from '../../../shared/verifier/verify-registration.ts';
import { CHALLENGE, COMMON, CREDENTIAL_KEY, KNOWN, ROOT, authentication, leaf, packed, registration } from '../../shared/verifier/fixture.ts';
import { type Summary, summarise } from '../statistics.ts';

/** What judging one response costs, beside one ES256 verification by node:crypto with a key at hand. Microseconds. */
export type VerifierTimes = Readonly<Record<VerifierSubject, Summary>>;

const ROUNDS = 15;
const WARM_UP = 300;
const PER_ROUND = 100;

export const VERIFIER_SUBJECTS = [
  'raw',
  'OpenSSL: authentication, cached key',
  'OpenSSL: authentication, cold',
  'OpenSSL: registration, none',
  'OpenSSL: registration, packed with chain',
  'OpenSSL: registration, packed, issuer key cached',
  'WebCrypto alone, key at hand',
  'WebCrypto alone, with import',
  'WebCrypto: authentication, cached key',
  'WebCrypto: authentication, cold',
  'WebCrypto: registration, none',
  'WebCrypto: registration, packed with chain',
  'WebCrypto: registration, packed, issuer key cached',
  'SimpleWebAuthn: authentication',
  'SimpleWebAuthn: registration, none',
  'SimpleWebAuthn: registration, packed with chain',
  'fido2-lib: authentication',
  'fido2-lib: registration, none',
  'fido2-lib: registration, packed without chain',
] as const;
type VerifierSubject = (typeof VERIFIER_SUBJECTS)[number];

/**
 * Measures this verifier and two libraries on the same responses, one after another, in rounds that take turns, so that
 * a busy moment of the machine hits all of them.
 */
export async function measureVerifier(): Promise<VerifierTimes> {
  const subjects = makeSubjects();
  const times = new Map<VerifierSubject, number[]>(VERIFIER_SUBJECTS.map((name) => [name, []]));
  for (const name of VERIFIER_SUBJECTS) for (let run = 0; run < WARM_UP; run += 1) await subjects[name]();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of VERIFIER_SUBJECTS) {
      const started = performance.now();
      for (let run = 0; run < PER_ROUND; run += 1) await subjects[name]();
      times.get(name)?.push(((performance.now() - started) * 1000) / PER_ROUND);
    }
  }
  return Object.fromEntries(VERIFIER_SUBJECTS.map((name) => [name, summarise(times.get(name) ?? [])])) as VerifierTimes;
}

/** What no verifier over WebCrypto can be below: the trip through the thread pool, and the import. */
function webCryptoAlone(data: Uint8Array<ArrayBuffer>): Record<Extract<VerifierSubject, `WebCrypto alone${string}`>, () => Promise<void>> {
  const signature = new Uint8Array(sign('SHA256', data, { key: CREDENTIAL_KEY.privateKey, dsaEncoding: 'ieee-p1363' }));
  const point = new Uint8Array(CREDENTIAL_KEY.publicKey.export({ format: 'der', type: 'spki' }).subarray(-65));
  const importKey = (): Promise<CryptoKey> =>
    webcrypto.subtle.importKey('raw', point, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
  const check = async (key: CryptoKey): Promise<void> => {
    expectAccepted(await webcrypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, data));
  };
  const key = importKey();
  return {
    'WebCrypto alone, key at hand': async () => check(await key),
    'WebCrypto alone, with import': async () => check(await importKey()),
  };
}

function makeSubjects(): Readonly<Record<VerifierSubject, () => unknown>> {
  const signIn = authentication();
  const none = registration();
  const certified = registration({ fmt: 'packed', attStmt: packed([leaf()]), input: { anchors: [ROOT] } });
  const data = new Uint8Array(101);
  const signature = sign('SHA256', data, CREDENTIAL_KEY.privateKey);
  const publicKey = createPublicKey(CREDENTIAL_KEY.publicKey.export({ format: 'pem', type: 'spki' }));
  return {
    raw: () => verify('SHA256', data, publicKey, signature),
    ...keystile('OpenSSL', importByOpenSsl, signIn, none, certified),
    ...webCryptoAlone(data),
    ...keystile('WebCrypto', importByWebCrypto, signIn, none, certified),
    ...simpleWebAuthn(signIn, none, certified),
    ...fido2Lib(signIn, none, certified),
  };
}

/** Our verifier, with keys as `keystile verify` has them (OpenSSL) and as the extension has them (WebCrypto, though that of Node). */
function keystile<Platform extends 'OpenSSL' | 'WebCrypto'>(
  platform: Platform,
  importKey: KeyImporter,
  signIn: AuthenticationInput,
  none: RegistrationInput,
  certified: RegistrationInput,
): LibrarySubjects<Platform> {
  const keyCache = new Map<string, VerificationKey>();
  const subjects: Record<string, () => Promise<void>> = {
    [`${platform}: authentication, cached key`]: () => authenticate({ ...signIn, importKey, keyCache }),
    [`${platform}: authentication, cold`]: () => authenticate({ ...signIn, importKey }),
    [`${platform}: registration, none`]: () => register({ ...none, importKey }),
    [`${platform}: registration, packed with chain`]: () => register({ ...certified, importKey }),
    [`${platform}: registration, packed, issuer key cached`]: () => register({ ...certified, importKey, keyCache }),
  };
  return subjects as LibrarySubjects<Platform>;
}

async function authenticate(input: AuthenticationInput): Promise<void> {
  expectAccepted((await verifyAuthentication(input)).report.verdict === 'accepted');
}

async function register(input: RegistrationInput): Promise<void> {
  expectAccepted((await verifyRegistration(input)).report.verdict === 'accepted');
}

function expectAccepted(isAccepted: boolean): void {
  if (!isAccepted) throw new Error('What is measured must be accepted.');
}

type LibrarySubjects<Library extends string> = Record<Extract<VerifierSubject, `${Library}: ${string}`>, () => Promise<void>>;

function simpleWebAuthn(signIn: AuthenticationInput, none: RegistrationInput, certified: RegistrationInput): LibrarySubjects<'SimpleWebAuthn'> {
  const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(ROOT).toString('base64')}\n-----END CERTIFICATE-----`;
  SettingsService.setRootCertificates({ identifier: 'packed', certificates: [pem] });
  const common = {
    expectedChallenge: encodeBase64url(CHALLENGE),
    expectedOrigin: [...COMMON.origins],
    expectedRPID: COMMON.rpId,
    requireUserVerification: false,
  };
  const registerWith = async ({ response }: RegistrationInput): Promise<void> => {
    const { verified } = await verifyRegistrationResponse({ ...common, response: response as Parameters<typeof verifyRegistrationResponse>[0]['response'] });
    expectAccepted(verified);
  };
  const credential = { id: KNOWN.credentialId, publicKey: bytesOf(KNOWN.publicKey), counter: KNOWN.signCount };
  return {
    'SimpleWebAuthn: authentication': async () => {
      const response = signIn.response as Parameters<typeof verifyAuthenticationResponse>[0]['response'];
      expectAccepted((await verifyAuthenticationResponse({ ...common, response, credential })).verified);
    },
    'SimpleWebAuthn: registration, none': () => registerWith(none),
    'SimpleWebAuthn: registration, packed with chain': () => registerWith(certified),
  };
}

function fido2Lib(signIn: AuthenticationInput, none: RegistrationInput, certified: RegistrationInput): LibrarySubjects<'fido2-lib'> {
  const library = new Fido2Lib();
  const [origin = ''] = COMMON.origins;
  const expected = { challenge: encodeBase64url(CHALLENGE), origin, rpId: COMMON.rpId, factor: 'either' as const };
  const credential = ({ response }: AuthenticationInput | RegistrationInput): { id: ArrayBuffer; rawId: ArrayBuffer; response: Record<string, string> } => {
    const { rawId, response: inner } = response as { rawId: string; response: Record<string, string> };
    return { id: bytesOf(rawId).buffer, rawId: bytesOf(rawId).buffer, response: inner };
  };
  const registerWith = async (input: RegistrationInput): Promise<void> => {
    const { rawId, id, response } = credential(input);
    const { clientDataJSON = '', attestationObject = '' } = response;
    // The library changes what it is given.
    await library.attestationResult({ rawId, id, response: { clientDataJSON, attestationObject } }, { ...expected });
  };
  const publicKey = CREDENTIAL_KEY.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  return {
    'fido2-lib: authentication': async () => {
      const { rawId, id, response } = credential(signIn);
      const { clientDataJSON = '', authenticatorData = '', signature = '', userHandle = '' } = response;
      await library.assertionResult(
        { rawId, id, response: { clientDataJSON, authenticatorData: bytesOf(authenticatorData).buffer, signature, userHandle } },
        { ...expected, publicKey, prevCounter: KNOWN.signCount, userHandle },
      );
    },
    'fido2-lib: registration, none': () => registerWith(none),
    'fido2-lib: registration, packed without chain': () => registerWith(certified),
  };
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeBase64url(text);
  if (bytes === undefined) throw new TypeError('Not base64url.');
  return bytes;
}
