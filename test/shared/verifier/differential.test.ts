import { SettingsService, verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import { Fido2Lib } from 'fido2-lib';
import { describe, expect, it } from 'vitest';

import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { type Bytes, concatBytes } from '../../../shared/bytes/bytes.ts';
import { type AuthenticationInput, verifyAuthentication } from '../../../shared/verifier/verify-authentication.ts';
import { type RegistrationInput, verifyRegistration } from '../../../shared/verifier/verify-registration.ts';
import { aaguidExtension, basicConstraints, newKeyPair } from '../x509/certificate-builder.ts';
import * as make from './attestation/statements.ts';
import {
  AAGUID,
  ATTESTATION_KEY,
  type AuthenticationSpec,
  CHALLENGE,
  COMMON,
  CREDENTIAL_KEY,
  KNOWN,
  ROOT,
  type RegistrationSpec,
  attested,
  authData,
  authentication,
  clientData,
  coseKey,
  leaf,
  packed,
  packedSelf,
  registration,
  sha256,
  signed,
} from './fixture.ts';
import { bytesOf } from './vectors.ts';

/**
 * The same responses, judged here and by two libraries. Each row says what each of the three does; where they differ, the
 * row says why, and docs/VERIFIER.md sums it up.
 */

const COMMON_OPTIONS = { expectedChallenge: encodeBase64url(CHALLENGE), expectedOrigin: [...COMMON.origins], expectedRPID: COMMON.rpId, requireUserVerification: false };
const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(ROOT).toString('base64')}\n-----END CERTIFICATE-----`;
for (const identifier of ['packed', 'fido-u2f', 'tpm', 'apple', 'android-key', 'android-safetynet'] as const) SettingsService.setRootCertificates({ identifier, certificates: [pem] });

/** `yes` for a response that is accepted; anything thrown is a refusal, as the libraries mean it. */
async function accepts(run: () => Promise<boolean>): Promise<'yes' | 'no'> {
  try {
    return (await run()) ? 'yes' : 'no';
  } catch {
    return 'no';
  }
}

interface Json {
  readonly rawId: string;
  readonly response: Readonly<Record<string, string>>;
}

const [origin = ''] = COMMON.origins;
const fido2Expected = { challenge: encodeBase64url(CHALLENGE), origin, rpId: COMMON.rpId, factor: 'either' as const };

async function registrationVerdicts(input: RegistrationInput): Promise<string> {
  const { rawId, response } = input.response as Json;
  const { clientDataJSON = '', attestationObject = '' } = response;
  const id = bytesOf(rawId).buffer;
  return [
    await accepts(async () => (await verifyRegistration(input)).report.verdict === 'accepted'),
    await accepts(async () => (await verifyRegistrationResponse({ ...COMMON_OPTIONS, response: input.response as never })).verified),
    await accepts(async () => Boolean(await new Fido2Lib().attestationResult({ id, rawId: id, response: { clientDataJSON, attestationObject } }, { ...fido2Expected }))),
  ].join(' ');
}

async function authenticationVerdicts(input: AuthenticationInput): Promise<string> {
  const { rawId, response } = input.response as Json;
  const { clientDataJSON = '', authenticatorData = '', signature = '', userHandle = '' } = response;
  const id = bytesOf(rawId).buffer;
  const credential = { id: KNOWN.credentialId, publicKey: bytesOf(KNOWN.publicKey), counter: KNOWN.signCount };
  const publicKey = CREDENTIAL_KEY.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  return [
    await accepts(async () => (await verifyAuthentication(input)).report.verdict === 'accepted'),
    await accepts(async () => (await verifyAuthenticationResponse({ ...COMMON_OPTIONS, response: input.response as never, credential })).verified),
    await accepts(async () =>
      Boolean(
        await new Fido2Lib().assertionResult(
          { id, rawId: id, response: { clientDataJSON, authenticatorData: bytesOf(authenticatorData).buffer, signature, userHandle } },
          { ...fido2Expected, publicKey, prevCounter: KNOWN.signCount, userHandle },
        ),
      ),
    ),
  ].join(' ');
}

const trusted = (...x5c: readonly Bytes[]): RegistrationSpec => ({ fmt: 'packed', attStmt: packed(x5c), input: { anchors: [ROOT] } });
const other = newKeyPair();

describe('registrations: here, SimpleWebAuthn, fido2-lib', () => {
  it.each<[string, RegistrationSpec, string]>([
    ['none', {}, 'yes yes yes'],
    ['packed, self', { fmt: 'packed', attStmt: packedSelf() }, 'yes yes yes'],
    ['packed with a path', trusted(leaf()), 'yes yes yes'],
    ['fido-u2f', make.u2f(), 'yes yes yes'],
    ['another challenge', { client: clientData('webauthn.create', { challenge: 'AAAA' }) }, 'no no no'],
    ['another origin', { client: clientData('webauthn.create', { origin: 'https://evil.example' }) }, 'no no no'],
    ['another type', { client: clientData('webauthn.get') }, 'no no no'],
    ['another RP ID', { data: authData({ rpId: 'example.com', flags: 0x45, parts: [attested()] }) }, 'no no no'],
    ['a signature by another key', { ...trusted(leaf()), attStmt: packed([leaf()], other) }, 'no no no'],
    // fido2-lib has no anchors for statements.
    ['a path that leads nowhere', trusted(leaf({ issuerKey: other })), 'no no yes'],
    ['a leaf for another AAGUID', trusted(leaf({ extensions: [basicConstraints(false), aaguidExtension(new Uint8Array(16))] })), 'no no no'],
    // The libraries do not look at what is critical in the leaf.
    ['a critical AAGUID extension', trusted(leaf({ extensions: [basicConstraints(false), aaguidExtension(AAGUID, true)] })), 'no yes yes'],
    // Neither compares the statement's algorithm with the key's.
    ['self attestation under another alg', { fmt: 'packed', attStmt: packedSelf(-257) }, 'no yes yes'],
    // With format none SimpleWebAuthn does not import the key.
    ['a key off the curve', { data: authData({ flags: 0x45, parts: [attested(coseKey(CREDENTIAL_KEY, [-3, new Uint8Array(32).fill(1)]))] }) }, 'no yes no'],
    ['a key with a private member', { data: authData({ flags: 0x45, parts: [attested(coseKey(CREDENTIAL_KEY, [-4, new Uint8Array(32)]))] }) }, 'no yes no'],
    // crossOrigin is looked at only beside topOrigin, or not at all.
    ['a foreign frame', { client: clientData('webauthn.create', { crossOrigin: true }) }, 'no yes yes'],
    ['bytes behind the authenticator data', { data: concatBytes(authData({ flags: 0x45, parts: [attested()] }), Uint8Array.of(0)) }, 'no no yes'],
    // SimpleWebAuthn takes the root in x5c for a duplicate.
    ['x5c that includes the root', trusted(leaf(), ROOT), 'yes no yes'],
    // fido2-lib knows no ECC keys in TPMs.
    ['tpm with an ECC key', make.tpm(), 'yes yes no'],
    ['apple', make.apple(), 'yes yes yes'],
  ])('%s', async (_name, spec, verdicts) => {
    expect(await registrationVerdicts(registration(spec))).toBe(verdicts);
  });
});

describe('authentications: here, SimpleWebAuthn, fido2-lib', () => {
  const data = authData({ flags: 0x05, signCount: 6 });
  const right = signed(CREDENTIAL_KEY, data, sha256(clientData('webauthn.get')));
  it.each<[string, AuthenticationSpec, string]>([
    ['what is right', {}, 'yes yes yes'],
    ['another challenge', { client: clientData('webauthn.get', { challenge: 'AAAA' }) }, 'no no no'],
    ['another origin', { client: clientData('webauthn.get', { origin: 'https://evil.example' }) }, 'no no no'],
    ['another RP ID', { data: authData({ rpId: 'example.com', flags: 0x05, signCount: 6 }) }, 'no no no'],
    ['another key', { signature: signed(ATTESTATION_KEY, data, sha256(clientData('webauthn.get'))) }, 'no no no'],
    ['a lower counter', { data: authData({ flags: 0x05, signCount: 4 }) }, 'no no no'],
    ['a foreign frame', { client: clientData('webauthn.get', { crossOrigin: true }) }, 'no yes yes'],
    // Neither remembers backup eligibility.
    ['backup eligibility that changed', { data: authData({ flags: 0x0d, signCount: 6 }) }, 'no yes yes'],
    ['backup state without eligibility', { data: authData({ flags: 0x15, signCount: 6 }) }, 'no no yes'],
    ['bytes behind the signature', { signature: concatBytes(right, Uint8Array.of(0)) }, 'no yes no'],
    ['extensions that are no map', { data: authData({ flags: 0x85, signCount: 6, parts: [Uint8Array.of(0x80)] }) }, 'no yes yes'],
  ])('%s', async (_name, spec, verdicts) => {
    expect(await authenticationVerdicts(authentication(spec))).toBe(verdicts);
  });
});
