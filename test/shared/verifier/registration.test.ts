import { generateKeyPairSync } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { importByOpenSsl } from '../../../native-host/verify/openssl.ts';
import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { concatBytes } from '../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import { decodeCredentialRecord } from '../../../shared/verifier/credential-record.ts';
import { type RegistrationInput, verifyRegistration } from '../../../shared/verifier/verify-registration.ts';
import { type KeyPair, aaguidExtension, basicConstraints, certificate, der, integer, keyUsage, newKeyPair } from '../x509/certificate-builder.ts';
import {
  AAGUID,
  ATTESTATION_KEY,
  CREDENTIAL_ID,
  CREDENTIAL_KEY,
  REGISTRATION_DATA,
  ROOT,
  ROOT_KEY,
  type RegistrationSpec,
  SUBJECT,
  USER_HANDLE,
  attested,
  authData,
  clientData,
  coseKey,
  es256kKey,
  leaf,
  newEs256kPair,
  packed,
  packedSelf,
  registration,
} from './fixture.ts';

/** `accepted`, `unverifiable`, or the checks that failed. */
async function outcome(input: RegistrationInput): Promise<string> {
  const { report } = await verifyRegistration(input);
  const failed = report.checks.filter(({ state }) => state === 'fail').map(({ id }) => id);
  return failed.length === 0 ? report.verdict : failed.join(' ');
}

const ANCHORED_LEAF = leaf();
const trusted = { input: { anchors: [ROOT] }, fmt: 'packed' };
const withLeaf = (...changes: Parameters<typeof leaf>): RegistrationSpec => ({ ...trusted, attStmt: packed([leaf(...changes)]) });
const subjectWith = (index: number, text: string | undefined): RegistrationSpec =>
  withLeaf({ subject: SUBJECT.flatMap((attribute, at) => (at !== index ? [attribute] : text === undefined ? [] : [[attribute[0], text] as const])) });

describe('verifyRegistration accepts', () => {
  it.each<[string, RegistrationSpec]>([
    ['format none', {}],
    ['self attestation', { fmt: 'packed', attStmt: packedSelf() }],
    ['a certificate under a trust anchor', withLeaf()],
    ['a certificate without AAGUID extension', withLeaf({ extensions: [basicConstraints(false)] })],
    ['a firmware version', withLeaf({ extensions: [basicConstraints(false), { oid: '1.3.6.1.4.1.45724.1.1.5', value: integer(42) }] })],
    ['the leaf as anchor', { fmt: 'packed', attStmt: packed([ANCHORED_LEAF]), input: { anchors: [ANCHORED_LEAF] } }],
    ['members repeated in the response', { responseChanges: { authenticatorData: encodeBase64url(REGISTRATION_DATA), publicKeyAlgorithm: -7 } }],
    ['a byte order mark in the client data', { client: concatBytes(Uint8Array.of(0xef, 0xbb, 0xbf), clientData('webauthn.create')) }],
    ['extension outputs', { data: authData({ flags: 0xc5, parts: [attested(), encodeCbor(new Map([['credProtect', 2]]))] }) }],
    ['no presence in a conditional registration', { data: authData({ flags: 0x40, parts: [attested()] }), expected: { requireUserPresence: false } }],
    ['a foreign frame where it is allowed', { client: clientData('webauthn.create', { crossOrigin: true, topOrigin: 'https://top.example' }), expected: { allowCrossOrigin: true, topOrigins: ['https://top.example'] } }],
  ])('%s', async (_name, spec) => {
    expect(await outcome(registration(spec))).toBe('accepted');
  });

  it('and gives the record to store, which survives storage', async () => {
    const { credential, attestation } = await verifyRegistration(registration(withLeaf()));
    expect(credential).toMatchObject({
      credentialId: encodeBase64url(CREDENTIAL_ID),
      publicKey: encodeBase64url(coseKey(CREDENTIAL_KEY)),
      algorithm: -7,
      userHandle: encodeBase64url(USER_HANDLE),
      aaguid: encodeBase64url(AAGUID),
      attestationFormat: 'packed',
      transports: ['usb'],
    });
    expect(decodeCredentialRecord(JSON.parse(JSON.stringify(credential)))).toEqual(credential);
    expect(attestation).toMatchObject({ fmt: 'packed', type: 'certified', isTrusted: true, trustPath: { length: 1 } });
  });

  it('a statement whose certificates it cannot judge, without calling it trusted', async () => {
    const { report, attestation } = await verifyRegistration(registration({ fmt: 'packed', attStmt: packed([leaf()]) }));
    expect(report.verdict).toBe('accepted');
    expect(report.checks.find(({ id }) => id === 'attestation.trust')?.state).toBe('skip');
    expect(attestation?.isTrusted).toBe(false);
  });

  it('no attestation and self attestation, leaving the judgement to policy', async () => {
    for (const spec of [{}, { fmt: 'packed', attStmt: packedSelf() }]) {
      const { report } = await verifyRegistration(registration({ ...spec, input: { anchors: [ROOT] } }));
      expect(report.checks.find(({ id }) => id === 'attestation.trust')?.state).toBe('policy');
    }
  });
});

describe('verifyRegistration refuses', () => {
  it.each<[string, RegistrationSpec, string]>([
    ['another type', { client: clientData('webauthn.get') }, 'clientData.type'],
    ['another challenge', { client: clientData('webauthn.create', { challenge: 'AAAA' }) }, 'clientData.challenge'],
    ['a padded challenge', { client: clientData('webauthn.create', { challenge: `${encodeBase64url(new Uint8Array(32).fill(0x5a))}=` }) }, 'clientData.challenge'],
    ['client data that is null', { client: new Uint8Array(Buffer.from('null')) }, 'clientData.form'],
    ['another RP ID', { data: authData({ flags: 0x45, rpId: 'login.example.org', parts: [attested()] }) }, 'authenticatorData.rpIdHash'],
    ['no presence', { data: authData({ flags: 0x44, parts: [attested()] }) }, 'authenticatorData.userPresent'],
    ['no verification where it was required', { data: authData({ flags: 0x41, parts: [attested()] }), expected: { requireUserVerification: true } }, 'authenticatorData.userVerified'],
    ['backed up without being eligible', { data: authData({ flags: 0x51, parts: [attested()] }) }, 'authenticatorData.backupFlags'],
    ['no credential', { data: authData({ flags: 0x05 }) }, 'authenticatorData.attestedCredential'],
    ['an AAGUID cut short, all else moved up (Firefox 98)', { data: authData({ flags: 0x45, parts: [attested().subarray(1)] }) }, 'authenticatorData.form'],
    ['an algorithm that was not offered', { expected: { algorithms: [-257, -8] } }, 'credential.algorithm'],
    ['an ID that is not rawId', { changes: { id: 'AAAA' } }, 'response.id'],
    ['a rawId that is not in the data', { changes: { id: 'AAAA', rawId: 'AAAA' } }, 'response.id'],
    ['a credential ID of 1024 bytes', { data: authData({ flags: 0x45, parts: [attested(undefined, new Uint8Array(1024))] }), changes: { id: encodeBase64url(new Uint8Array(1024)), rawId: encodeBase64url(new Uint8Array(1024)) } }, 'credential.idLength'],
    ['a credential that is registered already', { input: { knownCredentialIds: new Set([encodeBase64url(CREDENTIAL_ID)]) } }, 'credential.isNew'],
    ['another authenticatorData in the response', { responseChanges: { authenticatorData: 'AAAA' } }, 'response.copies'],
    ['another public key in the response', { responseChanges: { publicKey: 'AAAA' } }, 'response.copies'],
    ['another algorithm in the response', { responseChanges: { publicKeyAlgorithm: -8 } }, 'response.copies'],
    ['another type of credential', { changes: { type: 'password' } }, 'response.form'],
    ['base64 with padding', { changes: { rawId: 'AA==' } }, 'response.form'],
    ['a key with a private member', { data: authData({ flags: 0x45, parts: [attested(coseKey(CREDENTIAL_KEY, [-4, new Uint8Array(32)]))] }) }, 'credential.key'],
    ['a key off the curve', { data: authData({ flags: 0x45, parts: [attested(coseKey(CREDENTIAL_KEY, [-3, new Uint8Array(32).fill(1)]))] }) }, 'credential.key'],
    ['format none with a statement', { attStmt: new Map([['alg', -7]]) }, 'attestation.none'],
    ['format none with an array', { attStmt: [] }, 'attestation.none'],
    ['a format name of 33 characters', { fmt: 'x'.repeat(33) }, 'attestation.format'],
    ['an empty format name', { fmt: '' }, 'attestation.format'],
    ['self attestation by another key', { fmt: 'packed', attStmt: packedSelf(-7, ATTESTATION_KEY) }, 'attestation.packed.signature'],
    ['self attestation with another algorithm', { fmt: 'packed', attStmt: packedSelf(-257) }, 'attestation.packed.algorithm'],
    ['self attestation of other client data', { fmt: 'packed', attStmt: packedSelf(), client: clientData('webauthn.create', { more: 1 }) }, 'attestation.packed.signature'],
    ['a statement with ECDAA', { fmt: 'packed', attStmt: new Map<CborValue, CborValue>([...(packedSelf() as ReadonlyMap<CborValue, CborValue>), ['ecdaaKeyId', AAGUID]]) }, 'attestation.packed.statement'],
    ['a statement without signature', { fmt: 'packed', attStmt: new Map([['alg', -7]]) }, 'attestation.packed.statement'],
    ['an empty x5c', { fmt: 'packed', attStmt: packed([]) }, 'attestation.packed.statement'],
    ['an x5c with text', { fmt: 'packed', attStmt: packed([leaf(), 'root']) }, 'attestation.packed.statement'],
    ['an x5c that is null (no way around the certificates)', { fmt: 'packed', attStmt: new Map<CborValue, CborValue>([...(packedSelf() as ReadonlyMap<CborValue, CborValue>), ['x5c', null]]) }, 'attestation.packed.statement'],
    ['a certificate with bytes behind it', { ...trusted, attStmt: packed([concatBytes(leaf(), Uint8Array.of(0))]) }, 'attestation.packed.certificate'],
    ['rubbish behind the leaf', { ...trusted, attStmt: packed([leaf(), Uint8Array.of(1, 2)]) }, 'attestation.packed.certificate'],
    ['a statement signed by the credential key', { ...trusted, attStmt: packed([leaf()], CREDENTIAL_KEY) }, 'attestation.packed.signature'],
    ['an algorithm that is not the certificate key\'s', { ...trusted, attStmt: packed([leaf()], ATTESTATION_KEY, REGISTRATION_DATA, -257) }, 'attestation.packed.algorithm'],
    ['an algorithm that cannot be checked, and that no key of this kind has', { ...trusted, attStmt: packed([leaf()], ATTESTATION_KEY, REGISTRATION_DATA, -47) }, 'attestation.packed.algorithm'],
    ['an algorithm without a name, by a key of a known kind', { ...trusted, attStmt: packed([leaf()], ATTESTATION_KEY, REGISTRATION_DATA, 999) }, 'attestation.packed.algorithm'],
    ['RS1 by the key of a curve', { ...trusted, attStmt: packed([leaf()], ATTESTATION_KEY, REGISTRATION_DATA, -65535) }, 'attestation.packed.algorithm'],
    ['an algorithm of another curve', { ...trusted, attStmt: packed([leaf()], ATTESTATION_KEY, REGISTRATION_DATA, -35) }, 'attestation.packed.algorithm'],
  ])('%s', async (_name, spec, failed) => {
    expect(await outcome(registration(spec))).toBe(failed);
  });

  const fido = '1.3.6.1.4.1.45724.1.1';
  it.each<[string, RegistrationSpec, string]>([
    ['version 1', withLeaf({ version: 1, extensions: [] }), 'attestation.packed.version attestation.packed.basicConstraints'],
    ['no country', subjectWith(0, undefined), 'attestation.packed.subject'],
    ['a country of three letters', subjectWith(0, 'SWE'), 'attestation.packed.subject'],
    ['a country in small letters', subjectWith(0, 'se'), 'attestation.packed.subject'],
    ['a country that is no PrintableString', withLeaf({ subject: [['2.5.4.6', 'SE', 0x0c], ...SUBJECT.slice(1)] }), 'attestation.packed.subject'],
    ['a blank organisation', subjectWith(1, ' '), 'attestation.packed.subject'],
    ['a blank common name', subjectWith(3, ' '), 'attestation.packed.subject'],
    ['no organisation', subjectWith(1, undefined), 'attestation.packed.subject'],
    ['an empty organisation', subjectWith(1, ''), 'attestation.packed.subject'],
    ['another organisational unit', subjectWith(2, 'Authenticator attestation'), 'attestation.packed.subject'],
    ['no organisational unit', subjectWith(2, undefined), 'attestation.packed.subject'],
    ['no common name', subjectWith(3, undefined), 'attestation.packed.subject'],
    ['two organisational units', withLeaf({ subject: [...SUBJECT, ['2.5.4.11', 'Authenticator Attestation']] }), 'attestation.packed.subject'],
    ['a certification authority', withLeaf({ extensions: [basicConstraints(true)] }), 'attestation.packed.basicConstraints'],
    ['no basic constraints', withLeaf({ extensions: [aaguidExtension(AAGUID)] }), 'attestation.packed.basicConstraints'],
    ['a key that may not sign', withLeaf({ extensions: [basicConstraints(false), keyUsage(0x20, 5)] }), 'attestation.packed.keyUsage'],
    ['another AAGUID', withLeaf({ extensions: [basicConstraints(false), aaguidExtension(new Uint8Array(16))] }), 'attestation.packed.aaguid'],
    ['a critical AAGUID', withLeaf({ extensions: [basicConstraints(false), aaguidExtension(AAGUID, true)] }), 'attestation.packed.aaguid'],
    ['an AAGUID in one OCTET STRING only', withLeaf({ extensions: [basicConstraints(false), { oid: `${fido}.4`, value: AAGUID }] }), 'attestation.packed.aaguid'],
    ['an AAGUID of 17 bytes', withLeaf({ extensions: [basicConstraints(false), aaguidExtension(concatBytes(AAGUID, Uint8Array.of(0)))] }), 'attestation.packed.aaguid'],
    ['a critical firmware version', withLeaf({ extensions: [basicConstraints(false), { oid: `${fido}.5`, critical: true, value: integer(1) }] }), 'attestation.packed.extensions'],
    ['a negative firmware version', withLeaf({ extensions: [basicConstraints(false), { oid: `${fido}.5`, value: der(0x02, Uint8Array.of(0xff)) }] }), 'attestation.packed.extensions'],
    ['a critical serial number', withLeaf({ extensions: [basicConstraints(false), { oid: `${fido}.2`, critical: true, value: der(0x04, AAGUID) }] }), 'attestation.packed.extensions'],
    ['an expired certificate', withLeaf({ notAfter: '251231235959Z' }), 'attestation.trust'],
    ['a certificate of another authority', withLeaf({ issuerKey: newKeyPair() }), 'attestation.trust'],
    ['anchors that are no certificates', { ...withLeaf(), input: { anchors: [Uint8Array.of(1)] } }, 'attestation.trust'],
  ])('a certificate with %s', async (_name, spec, failed) => {
    expect(await outcome(registration(spec))).toBe(failed);
  });

  it('a chain that brings its own root of the right name', async () => {
    const evilKey = newKeyPair();
    const name = [['2.5.4.3', 'Test root']] as const;
    const evilRoot = certificate({ subject: name, issuer: name, key: evilKey, issuerKey: evilKey, extensions: [basicConstraints(true)] });
    const spec = { ...trusted, attStmt: packed([leaf({ issuerKey: evilKey }), evilRoot]) };
    expect(await outcome(registration(spec))).toBe('attestation.trust');
  });

  it('a leaf that another attestation key issued', async () => {
    const key = newKeyPair();
    const forged = leaf({ key, issuer: SUBJECT, issuerKey: ATTESTATION_KEY });
    expect(await outcome(registration({ ...trusted, attStmt: packed([forged, leaf()], key) }))).toBe('attestation.trust');
  });

  it('a chain that does not hold in itself, even where no anchors are known', async () => {
    const stranger = newKeyPair();
    const named = (text: string) => [['2.5.4.3', text]] as const;
    const middle = (name: string, key = ROOT_KEY) => certificate({ subject: named(name), issuer: named('Above'), key, issuerKey: stranger, extensions: [basicConstraints(true)] });
    const chain = async (...certificates: Parameters<typeof packed>[0]): Promise<string> => outcome(registration({ fmt: 'packed', attStmt: packed(certificates) }));
    expect(await chain(leaf(), middle('Test root'))).toBe('accepted');
    expect(await chain(leaf(), middle('Test root', stranger))).toBe('attestation.trust');
    expect(await chain(leaf(), middle('Another'))).toBe('attestation.trust');
  });

  it('an RSA certificate key with an ECDSA algorithm', async () => {
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(await outcome(registration({ ...trusted, attStmt: packed([leaf({ key, issuerKey: ROOT_KEY })]) }))).toBe('attestation.packed.algorithm');
  });

  // Look-alikes of https://login.example.org.
  it.each([
    'http://login.example.org',
    'https://login.example.org:8443',
    'https://login.example.org:443',
    'https://login.example.org/',
    'https://login.example.org.',
    'https://LOGIN.example.org',
    'https://example.org',
    'https://a.login.example.org',
    'https://evillogin.example.org',
    'https://login.example.org@evil.example',
    'https://login.example.org\u0000',
    ' https://login.example.org',
    'https://login.examplе.org',
    'null',
    '',
  ])('the origin %j', async (origin) => {
    expect(await outcome(registration({ client: clientData('webauthn.create', { origin }) }))).toBe('clientData.origin');
  });

  it.each<[Readonly<Record<string, unknown>>, RegistrationSpec['expected'], string]>([
    [{ crossOrigin: true }, {}, 'clientData.crossOrigin'],
    [{ crossOrigin: 'true' }, {}, 'clientData.form'],
    [{ topOrigin: 'https://top.example' }, {}, 'clientData.topOrigin'],
    [{ crossOrigin: true, topOrigin: 'https://other.example' }, { allowCrossOrigin: true, topOrigins: ['https://top.example'] }, 'clientData.topOrigin'],
    [{ crossOrigin: false, topOrigin: 'https://top.example' }, { allowCrossOrigin: true, topOrigins: ['https://top.example'] }, 'clientData.topOrigin'],
    [{ crossOrigin: true, topOrigin: 'https://top.example' }, { allowCrossOrigin: true }, 'clientData.topOrigin'],
  ])('frames that are not expected: %o', async (members, expected, failed) => {
    expect(await outcome(registration({ client: clientData('webauthn.create', members), ...(expected === undefined ? {} : { expected }) }))).toBe(failed);
  });
});

describe('verifyRegistration calls unverifiable', () => {
  it.each(['acme', 'TPM', 'toString', '__proto__', 'constructor', 'Packed', 'PACKED'])('the format %s', async (fmt) => {
    expect(await outcome(registration({ fmt }))).toBe('unverifiable');
  });

  it('a key of an algorithm that it cannot check, by name', async () => {
    const key = encodeCbor(new Map<CborValue, CborValue>([[1, 7], [3, -48], [-1, new Uint8Array(1312)]]));
    const { report, credential } = await verifyRegistration(
      registration({ data: authData({ flags: 0x45, parts: [attested(key)] }), expected: { algorithms: [-48] } }),
    );
    expect(report.verdict).toBe('unverifiable');
    expect(report.checks.find(({ id }) => id === 'credential.key')?.detail).toContain('ML-DSA-44');
    expect(credential?.algorithm).toBe(-48);
  });

  it('an ES256K key or certificate where the platform has no such keys; elsewhere they are judged', async () => {
    const pair = newEs256kPair();
    const data = authData({ flags: 0x45, parts: [attested(es256kKey(pair))] });
    const self = (signer: KeyPair): CborValue => {
      const statement = packed([], signer, data, -47) as ReadonlyMap<CborValue, CborValue>;
      return new Map([...statement].filter(([name]) => name !== 'x5c'));
    };
    const certificates = [leaf({ key: pair })];
    const specs: readonly RegistrationSpec[] = [
      { data },
      { data, fmt: 'packed', attStmt: self(pair) },
      { ...trusted, attStmt: packed(certificates, pair, REGISTRATION_DATA, -47) },
    ];
    for (const spec of specs) {
      const input = registration({ ...spec, expected: { algorithms: [-7, -47] } });
      expect(await outcome(input)).toBe('unverifiable');
      expect(await outcome({ ...input, importKey: importByOpenSsl })).toBe('accepted');
    }
    const forged = registration({ data, fmt: 'packed', attStmt: self(newEs256kPair()), expected: { algorithms: [-47] } });
    expect(await outcome({ ...forged, importKey: importByOpenSsl })).toBe('attestation.packed.signature');
  });

  it('never a response that also fails', async () => {
    expect(await outcome(registration({ fmt: 'acme', client: clientData('webauthn.get') }))).toBe('clientData.type');
  });
});

describe('verifyRegistration never throws', () => {
  it.each([undefined, null, 0, 'text', [], {}, { id: 1 }, { id: 'AA', rawId: 'AA', response: null }, { id: 'AA', rawId: 'AA', response: { clientDataJSON: 'AA', attestationObject: {} } }])(
    'on %j',
    async (response) => {
      expect(await outcome({ ...registration(), response })).toBe('response.form');
    },
  );

  it('not even when what it was given throws: that is a refusal', async () => {
    const knownCredentialIds = { has: () => { throw new Error('storage is gone'); } } as unknown as ReadonlySet<string>;
    expect(await outcome(registration({ input: { knownCredentialIds } }))).toBe('verifier.fault');
  });
});

describe('decodeCredentialRecord', () => {
  it.each([undefined, null, 'text', {}, { credentialId: 'AA==' }])('refuses %j', (value) => {
    expect(decodeCredentialRecord(value)).toBeUndefined();
  });
});
