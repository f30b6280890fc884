import { createPublicKey, sign, verify } from 'node:crypto';

import { SettingsService, verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import { Fido2Lib } from 'fido2-lib';

import { importByOpenSsl } from '../../../native-host/verify/openssl.ts';
import { decodeBase64url, encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { importByWebCrypto } from '../../../shared/cose/web-crypto.ts';
import type { AuthenticationInput } from '../../../shared/verifier/verify-authentication.ts';
import type { RegistrationInput } from '../../../shared/verifier/verify-registration.ts';
import { CHALLENGE, COMMON, CREDENTIAL_KEY, KNOWN, ROOT } from '../../shared/verifier/fixture.ts';
import { type Summary, summarise } from '../statistics.ts';
import { makeSamples } from './samples.ts';
import { type Subjects, expectAccepted, measureInTurns, named, verifierSubjects, webCryptoAlone } from './subjects.ts';

/** What judging one response costs, beside one ES256 verification by node:crypto with a key at hand. Microseconds. */
export type VerifierTimes = Readonly<Record<VerifierSubject, Summary>>;

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

/** Measures this verifier and two libraries on the same responses. */
export async function measureVerifier(): Promise<VerifierTimes> {
  const times = await measureInTurns(makeSubjects());
  return Object.fromEntries(VERIFIER_SUBJECTS.map((name) => [name, summarise(times[name].map((time) => time * 1000))])) as VerifierTimes;
}

function makeSubjects(): Readonly<Record<VerifierSubject, () => unknown>> {
  const samples = makeSamples();
  const { signIn, none, certified, data } = samples;
  const signature = sign('SHA256', data, CREDENTIAL_KEY.privateKey);
  const publicKey = createPublicKey(CREDENTIAL_KEY.publicKey.export({ format: 'pem', type: 'spki' }));
  return {
    raw: () => verify('SHA256', data, publicKey, signature),
    // Keys as `keystile verify` has them, and as the extension has them, though of Node's WebCrypto.
    ...named('OpenSSL: ', verifierSubjects(samples, importByOpenSsl)),
    ...named('WebCrypto alone, ', webCryptoAlone(samples)),
    ...named('WebCrypto: ', verifierSubjects(samples, importByWebCrypto)),
    ...simpleWebAuthn(signIn, none, certified),
    ...fido2Lib(signIn, none, certified),
  };
}

type LibrarySubjects<Library extends string> = Subjects<Extract<VerifierSubject, `${Library}: ${string}`>>;

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
