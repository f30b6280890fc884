import { describe, expect, it } from 'vitest';

import { importByOpenSsl } from '../../../native-host/verify/openssl.ts';
import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { type Bytes, concatBytes } from '../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import { type AuthenticationInput, verifyAuthentication } from '../../../shared/verifier/verify-authentication.ts';
import { type KeyPair, newKeyPair } from '../x509/certificate-builder.ts';
import {
  type AuthenticationSpec,
  CREDENTIAL_ID,
  CREDENTIAL_KEY,
  USER_HANDLE,
  attested,
  authData,
  authentication,
  clientData,
  coseKey,
  es256kKey,
  newEs256kPair,
  sha256,
  signed,
} from './fixture.ts';

/** `accepted`, `unverifiable`, or the checks that failed. */
async function outcome(input: AuthenticationInput): Promise<string> {
  const { report } = await verifyAuthentication(input);
  const failed = report.checks.filter(({ state }) => state === 'fail').map(({ id }) => id);
  return failed.length === 0 ? report.verdict : failed.join(' ');
}

const data = (flags: number, signCount = 6, ...parts: readonly Uint8Array[]): Bytes => authData({ flags, signCount, parts });

describe('verifyAuthentication accepts', () => {
  it.each<[string, AuthenticationSpec]>([
    ['what is right', {}],
    ['a response without user handle', { userHandle: null }],
    ['a credential that was named', { expected: { allowCredentials: [new Uint8Array(4), CREDENTIAL_ID] } }],
    ['a counter above 2^31', { data: data(0x05, 0xffff_ffff), credential: { signCount: 0xffff_fffe } }],
    ['an authenticator that does not count', { data: data(0x05, 0), credential: { signCount: 0 } }],
    ['a credential that has been backed up since', { data: data(0x1d), credential: { backupEligible: true } }],
    ['an empty map of extensions', { data: data(0x85, 6, Uint8Array.of(0xa0)) }],
    ['the legacy appid, when asked for and used', { data: authData({ rpId: 'https://example.org/u2f.json', flags: 0x01, signCount: 6 }), expected: { appId: 'https://example.org/u2f.json' }, changes: { clientExtensionResults: { appid: true } } }],
  ])('%s', async (_name, spec) => {
    expect(await outcome(authentication(spec))).toBe('accepted');
  });

  it('and says what to store', async () => {
    const { update } = await verifyAuthentication(authentication({ data: data(0x1d, 9), credential: { backupEligible: true } }));
    expect(update).toEqual({ signCount: 9, backupState: true });
  });

  it('a second time with the key from the cache, and refuses with it, too', async () => {
    const keyCache = new Map();
    expect(await outcome({ ...authentication(), keyCache })).toBe('accepted');
    expect(keyCache.size).toBe(1);
    expect(await outcome({ ...authentication(), keyCache })).toBe('accepted');
    const forged = authentication({ signature: signed(newKeyPair(), data(0x05)) });
    expect(await outcome({ ...forged, keyCache })).toBe('credential.signature');
  });
});

describe('verifyAuthentication refuses', () => {
  const right = signed(CREDENTIAL_KEY, data(0x05), sha256(clientData('webauthn.get')));
  it.each<[string, AuthenticationSpec, string]>([
    ['another type', { client: clientData('webauthn.create') }, 'clientData.type'],
    ['no type', { client: clientData('webauthn.get', { type: undefined }) }, 'clientData.form'],
    ['another challenge', { client: clientData('webauthn.get', { challenge: '' }) }, 'clientData.challenge'],
    ['a foreign frame', { client: clientData('webauthn.get', { crossOrigin: true }) }, 'clientData.crossOrigin'],
    ['another RP ID', { data: authData({ rpId: 'example.com', flags: 0x05, signCount: 6 }) }, 'authenticatorData.rpIdHash'],
    ['the appid, when the client did not say so', { data: authData({ rpId: 'https://example.org/u2f.json', flags: 0x01, signCount: 6 }), expected: { appId: 'https://example.org/u2f.json' } }, 'authenticatorData.rpIdHash'],
    ['the appid, when the site did not ask', { data: authData({ rpId: 'https://example.org/u2f.json', flags: 0x01, signCount: 6 }), changes: { clientExtensionResults: { appid: true } } }, 'authenticatorData.rpIdHash'],
    ['no presence', { data: data(0x04) }, 'authenticatorData.userPresent'],
    ['no verification where it was required', { data: data(0x01), expected: { requireUserVerification: true } }, 'authenticatorData.userVerified'],
    ['backed up without being eligible', { data: data(0x15) }, 'authenticatorData.backupFlags'],
    ['eligible for backup all of a sudden', { data: data(0x0d) }, 'credential.backupEligible'],
    ['no longer eligible for backup', { credential: { backupEligible: true } }, 'credential.backupEligible'],
    ['a credential in an assertion', { data: data(0x45, 6, attested()) }, 'authenticatorData.attestedCredential'],
    ['bytes left over', { data: data(0x05, 6, Uint8Array.of(0)) }, 'authenticatorData.form'],
    ['extensions that are no map', { data: data(0x85, 6, Uint8Array.of(0x80)) }, 'authenticatorData.form'],
    ['an equal counter', { data: data(0x05, 5) }, 'credential.signCount'],
    ['a lower counter', { data: data(0x05, 4) }, 'credential.signCount'],
    ['a counter that went back to 0', { data: data(0x05, 0) }, 'credential.signCount'],
    ['an id that is not rawId', { changes: { id: 'AAAA' } }, 'response.id'],
    ['another credential than the one on record', { credential: { credentialId: 'AAAA' } }, 'credential.isKnown'],
    ['a record of another RP ID', { credential: { rpId: 'example.com' } }, 'credential.isKnown'],
    ['a credential that was not named', { expected: { allowCredentials: [new Uint8Array(4)] } }, 'credential.isAllowed'],
    ['the handle of another user than the one on record', { userHandle: Uint8Array.of(8) }, 'credential.userHandle'],
    ['the handle of another user than the one who was named', { expected: { userHandle: Uint8Array.of(8) } }, 'credential.userHandle'],
    ['no handle where nobody was named', { userHandle: null, expected: { requireUserHandle: true } }, 'credential.userHandle'],
    ['a handle of 65 bytes', { userHandle: new Uint8Array(65), credential: { userHandle: encodeBase64url(new Uint8Array(65)) } }, 'credential.userHandle'],
    ['a signature by another key', { signature: signed(newKeyPair(), data(0x05), sha256(clientData('webauthn.get'))) }, 'credential.signature'],
    ['an empty signature', { signature: new Uint8Array() }, 'credential.signature'],
    ['a signature with a byte behind it', { signature: concatBytes(right, Uint8Array.of(0)) }, 'credential.signature'],
    ['a raw signature', { signature: new Uint8Array(64).fill(1) }, 'credential.signature'],
    ['a signature over other client data', { client: clientData('webauthn.get', { more: 1 }), signature: right }, 'credential.signature'],
    ['an algorithm label that does not fit the key', { credential: { publicKey: encodeBase64url(coseKey(CREDENTIAL_KEY, [3, -35])) } }, 'credential.key'],
    ['a record without a key', { credential: { publicKey: '' } }, 'credential.key'],
    ['a record whose key is no base64url', { credential: { publicKey: '==' } }, 'credential.key'],
  ])('%s', async (_name, spec, failed) => {
    expect(await outcome(authentication(spec))).toBe(failed);
  });

  it('the signature that fits every message under an Ed25519 key of small order', async () => {
    const identity = new Uint8Array(32);
    identity[0] = 1;
    const key = encodeCbor(new Map<CborValue, CborValue>([[1, 1], [3, -8], [-1, 6], [-2, identity]]));
    const spec = { signature: concatBytes(identity, new Uint8Array(32)), credential: { publicKey: encodeBase64url(key) } };
    expect(await outcome(authentication(spec))).toBe('credential.key');
  });

  it.each([undefined, null, 1, 'text', [], {}, { id: 'AA', rawId: 'AA', response: { clientDataJSON: 'AA', authenticatorData: 'AA', signature: 'A' } }])(
    '%j, without throwing',
    async (response) => {
      expect(await outcome({ ...authentication(), response })).toBe('response.form');
    },
  );
});

describe('verifyAuthentication, when the credential is not known', () => {
  it('calls a response unverifiable, and checks everything else', async () => {
    const { report, update } = await verifyAuthentication(authentication({ credential: null }));
    expect(report.verdict).toBe('unverifiable');
    expect(update).toBeUndefined();
    expect(await outcome(authentication({ credential: null, client: clientData('webauthn.create') }))).toBe('clientData.type');
  });

  it('calls a response unverifiable when the algorithm cannot be checked', async () => {
    const { report } = await verifyAuthentication(authentication({ credential: { publicKey: encodeBase64url(es256kKey(newEs256kPair())) } }));
    expect(report.verdict).toBe('unverifiable');
    expect(report.checks.find(({ id }) => id === 'credential.key')?.detail).toContain('ES256K');
  });

  it('judges ES256K where the platform has it', async () => {
    const key = newEs256kPair();
    const [client, data] = [clientData('webauthn.get'), authData({ flags: 0x05, signCount: 6 })];
    const by = (signer: KeyPair): AuthenticationInput => ({
      ...authentication({ client, data, signature: signed(signer, data, sha256(client)), credential: { publicKey: encodeBase64url(es256kKey(key)) } }),
      importKey: importByOpenSsl,
    });
    expect(await outcome(by(key))).toBe('accepted');
    expect(await outcome(by(newEs256kPair()))).toBe('credential.signature');
  });

  it.each<[string, AuthenticationSpec, string]>([
    ['an empty signature', { signature: new Uint8Array() }, 'credential.signature'],
    ['no credential ID', { changes: { id: '', rawId: '' } }, 'credential.idLength'],
    ['a credential ID of 1024 bytes', { changes: { id: encodeBase64url(new Uint8Array(1024)), rawId: encodeBase64url(new Uint8Array(1024)) } }, 'credential.idLength'],
  ])('refuses what no key can make right: %s', async (_name, spec, failed) => {
    expect(await outcome(authentication({ ...spec, credential: null }))).toBe(failed);
  });

  it('still compares the user with the one who was named', async () => {
    expect(await outcome(authentication({ credential: null, expected: { userHandle: USER_HANDLE } }))).toBe('unverifiable');
    expect(await outcome(authentication({ credential: null, expected: { userHandle: Uint8Array.of(8) } }))).toBe('credential.userHandle');
  });
});
