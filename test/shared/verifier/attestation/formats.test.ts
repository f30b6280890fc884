import { generateKeyPairSync } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { concatBytes, encodeUtf8 } from '../../../../shared/bytes/bytes.ts';
import type { CborValue } from '../../../../shared/cbor/value.ts';
import { type RegistrationVerification, verifyRegistration } from '../../../../shared/verifier/verify-registration.ts';
import { type Attribute, basicConstraints, der, integer, keyUsage, newKeyPair, oid } from '../../x509/certificate-builder.ts';
import {
  AAGUID,
  CREDENTIAL_KEY,
  NOW,
  REGISTRATION_CLIENT_DATA,
  REGISTRATION_DATA,
  ROOT,
  type RegistrationSpec,
  attested,
  authData,
  clientData,
  coseKey,
  leaf,
  packed,
  packedSelf,
  registration,
  sha256,
} from '../fixture.ts';
import * as make from './statements.ts';

const { Authorization, tpmAltName, AIK_USAGE } = make;

async function verified(spec: RegistrationSpec): Promise<RegistrationVerification> {
  return verifyRegistration(registration(spec));
}

/** `accepted`, `unverifiable`, or the checks that failed. */
async function outcome(spec: RegistrationSpec): Promise<string> {
  const { report } = await verified(spec);
  const failed = report.checks.filter(({ state }) => state === 'fail').map(({ id }) => id);
  return failed.length === 0 ? report.verdict : failed.join(' ');
}

/** The state of one check. */
async function stateOf(spec: RegistrationSpec, id: string): Promise<string | undefined> {
  const { report } = await verified(spec);
  return report.checks.find((check) => check.id === id)?.state;
}

const OTHER = newKeyPair();
const otherClient = clientData('webauthn.create', { more: 1 });
const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const [MAKER, MODEL, VERSION]: readonly [Attribute, Attribute, Attribute] = [['2.23.133.2.1', 'id:49465800'], ['2.23.133.2.2', 'SLB9670'], ['2.23.133.2.3', 'id:0007']];
const altName = (...attributes: readonly Attribute[]): RegistrationSpec => make.tpm({ leaf: { extensions: [basicConstraints(false), tpmAltName(attributes), AIK_USAGE] } });
const certInfo = (changes: Parameters<typeof make.certifyInfo>[2]): RegistrationSpec => make.tpm({ certInfo: make.certifyInfo(make.eccArea(), undefined, changes) });
const area = (changes: Parameters<typeof make.eccArea>[1]): RegistrationSpec => make.tpm({ pubArea: make.eccArea(CREDENTIAL_KEY, changes) });
const described = (...parts: Parameters<typeof make.keyDescription>): RegistrationSpec => make.androidKey({ leaf: { extensions: [make.keyDescription(...parts)] } });
const flags = (bits: number): RegistrationSpec => make.u2f({ data: authData({ flags: bits, parts: [attested(undefined, undefined, new Uint8Array(16))] }) });
const compound = (...parts: readonly CborValue[]): RegistrationSpec => ({ fmt: 'compound', attStmt: parts, input: { anchors: [ROOT] } });
const part = (fmt: string, attStmt: CborValue): CborValue => new Map<CborValue, CborValue>([['fmt', fmt], ['attStmt', attStmt]]);
const PACKED = part('packed', packed([leaf()]));

describe('accepted', () => {
  it.each<[string, RegistrationSpec]>([
    ['fido-u2f', make.u2f()],
    ['fido-u2f with an AAGUID, which nothing signs', make.u2f({ data: authData({ flags: 0x41, parts: [attested()] }) })],
    ['apple', make.apple()],
    ['apple with the alg of early releases', make.apple({ members: { alg: -7 } })],
    ['android-key', make.androidKey()],
    ['android-key, described by software', described([Authorization.purpose(2), Authorization.origin(0)], [])],
    ['android-key that leaves purpose and origin out', described([], [])],
    ['tpm', make.tpm()],
    ['tpm with RSA keys, signed with SHA-1, exponent by default', make.rsaTpm()],
    ['tpm with RSA keys, exponent written out', make.rsaTpm(0x1_0001)],
    ['tpm with an ECDSA scheme', area({ scheme: Uint8Array.of(0x00, 0x18, 0x00, 0x0b) })],
    ['tpm with its name in one set', make.tpm({ leaf: { extensions: [basicConstraints(false), tpmAltName([MAKER, MODEL, VERSION], true, true), AIK_USAGE] } })],
    ['tpm with the AAGUID of the authenticator data', make.tpm({ leaf: { extensions: [...make.AIK_EXTENSIONS, { oid: '1.3.6.1.4.1.45724.1.1.4', value: der(0x04, AAGUID) }] } })],
    ['tpm with further key purposes', make.tpm({ leaf: { extensions: [basicConstraints(false), tpmAltName(), { oid: '2.5.29.37', value: der(0x30, oid('1.2.3'), oid('2.23.133.8.3')) }] } })],
    ['android-safetynet', make.safetyNet()],
    ['android-safetynet with the host in the common name, as there are no alternative names', make.safetyNet({ leaf: { extensions: [basicConstraints(false)] } })],
    ['apple with a critical nonce', make.apple({ leaf: { extensions: [{ ...make.appleNonce(), critical: true }] } })],
    ['android-key with a critical description', make.androidKey({ leaf: { extensions: [{ ...make.keyDescription(), critical: true }] } })],
    ['compound of two', compound(PACKED, PACKED)],
    ['compound with an extension that one of its formats lets be critical', compound(part('apple', make.apple({ leaf: { extensions: [{ ...make.appleNonce(), critical: true }] } }).attStmt), PACKED)],
    ['compound of certified and self', compound(part('packed', packedSelf()), PACKED)],
  ])('%s', async (_name, spec) => {
    const { report, attestation } = await verified(spec);
    expect(report.checks.filter(({ state }) => state === 'fail')).toEqual([]);
    expect(report.verdict).toBe('accepted');
    expect(attestation).toMatchObject({ fmt: spec.fmt, type: 'certified', isTrusted: true });
    expect(attestation?.trustPath.length).toBeGreaterThan(0);
  });

  it('leaves to policy what the specification leaves to it', async () => {
    expect(await stateOf(altName(['2.23.133.2.1', 'id:00000000'], MODEL, VERSION), 'attestation.tpm.manufacturer')).toBe('policy');
    expect(await stateOf(make.tpm(), 'attestation.tpm.manufacturer')).toBe('pass');
    expect(await stateOf(described([], undefined, undefined, 0), 'attestation.android-key.securityLevel')).toBe('policy');
    expect(await stateOf(described([], undefined, undefined, 2), 'attestation.android-key.securityLevel')).toBe('pass');
    expect(await stateOf(described([], undefined, undefined, 3), 'attestation.android-key.securityLevel')).toBe('policy');
    expect(await stateOf(described([], []), 'attestation.android-key.origin')).toBe('policy');
  });

  it('compound returns what each of its statements says', async () => {
    const { attestation } = await verified(compound(part('packed', packedSelf()), PACKED));
    expect(attestation?.parts?.map(({ fmt, type }) => [fmt, type])).toEqual([['packed', 'self'], ['packed', 'certified']]);
  });
});

describe('refused', () => {
  it.each<[string, RegistrationSpec, string]>([
    ['two certificates', make.u2f({ members: { x5c: [leaf(), ROOT] } }), 'statement'],
    ['no certificate', make.u2f({ members: { x5c: [] } }), 'statement'],
    ['another member', make.u2f({ members: { alg: -7 } }), 'statement'],
    ['a certificate key on another curve', make.u2f({ leaf: { key: P384 }, key: P384 }), 'publicKey'],
    ['a credential key of another algorithm than ES256', make.u2f({ data: authData({ flags: 0x41, parts: [attested(coseKey(CREDENTIAL_KEY, [3, -9]))] }), more: { expected: { algorithms: [-7, -9] } } }), 'publicKey'],
    ['another signer', make.u2f({ key: OTHER }), 'signature'],
    ['other client data', make.u2f({ more: { client: otherClient } }), 'signature'],
    ['user verification, which U2F does not know', flags(0x45), 'flags'],
    ['backup flags', flags(0x59), 'flags'],
    ['a reserved flag', flags(0x43), 'flags'],
    ['a key that may not sign', make.u2f({ leaf: { extensions: [keyUsage(0x20, 5)] } }), 'keyUsage'],
  ])('fido-u2f: %s', async (_name, spec, check) => {
    expect(await outcome(spec)).toBe(`attestation.fido-u2f.${check}`);
  });

  it.each<[string, RegistrationSpec, string]>([
    ['the nonce of another registration', make.apple({ leaf: { extensions: [basicConstraints(false), make.appleNonce(new Uint8Array(32))] } }), 'nonce'],
    ['no nonce', make.apple({ leaf: { extensions: [basicConstraints(false)] } }), 'nonce'],
    ['a nonce without its tag', make.apple({ leaf: { extensions: [basicConstraints(false), { oid: '1.2.840.113635.100.8.2', value: der(0x30, der(0x04, sha256(REGISTRATION_DATA, sha256(REGISTRATION_CLIENT_DATA)))) }] } }), 'nonce'],
    ['other client data', make.apple({ more: { client: otherClient } }), 'nonce'],
    ['another key', make.apple({ leaf: { key: OTHER } }), 'publicKey'],
    ['a certification authority', make.apple({ leaf: { extensions: [basicConstraints(true), make.appleNonce()] } }), 'basicConstraints'],
    ['another alg than the credential\'s', make.apple({ members: { alg: -8 } }), 'statement'],
    ['another member', make.apple({ members: { sig: new Uint8Array(1) } }), 'statement'],
    ['no certificate', make.apple({ members: { x5c: [] } }), 'statement'],
  ])('apple: %s', async (_name, spec, check) => {
    expect(await outcome(spec)).toBe(`attestation.apple.${check}`);
  });

  it.each<[string, RegistrationSpec, string]>([
    ['no x5c', make.androidKey({ members: { x5c: undefined } }), 'statement'],
    ['another member', make.androidKey({ members: { ver: '1' } }), 'statement'],
    ['another algorithm', make.androidKey({ members: { alg: -35 } }), 'algorithm'],
    ['another signer', make.androidKey({ key: OTHER }), 'signature'],
    ['another key in the certificate', make.androidKey({ leaf: { key: OTHER }, key: OTHER }), 'publicKey'],
    ['no description', make.androidKey({ leaf: { extensions: [] } }), 'description'],
    ['a description with more behind', make.androidKey({ leaf: { extensions: [{ ...make.keyDescription(), value: new Uint8Array([...make.keyDescription().value, 0]) }] } }), 'description'],
    ['a certification authority', make.androidKey({ leaf: { extensions: [basicConstraints(true), make.keyDescription()] } }), 'description'],
    ['another challenge', described(undefined, undefined, new Uint8Array(32)), 'challenge'],
    ['all applications, says the software', described([Authorization.allApplications]), 'allApplications'],
    ['all applications, says the environment', described([], [Authorization.purpose(2), Authorization.allApplications, Authorization.origin(0)]), 'allApplications'],
    ['an imported key', described([], [Authorization.purpose(2), Authorization.origin(2)]), 'origin'],
    ['an imported key, says only the software', described([Authorization.origin(2)]), 'origin'],
    ['a key to encrypt with', described([], [Authorization.purpose(0), Authorization.origin(0)]), 'purpose'],
    ['a key for more than signing', described([], [Authorization.purpose(2, 7), Authorization.origin(0)]), 'purpose'],
    ['a key that may not sign, says the certificate', make.androidKey({ leaf: { extensions: [make.keyDescription(), keyUsage(0x04, 2)] } }), 'keyUsage'],
    ['a list out of order', described([], [Authorization.origin(0), Authorization.purpose(2)]), 'description'],
    ['an entry given twice', described([], [Authorization.purpose(2), Authorization.origin(0), Authorization.origin(2)]), 'description'],
  ])('android-key: %s', async (_name, spec, check) => {
    expect(await outcome(spec)).toBe(`attestation.android-key.${check}`);
  });

  it('android-key: a key that another attested key vouches for', async () => {
    const middle = leaf({ key: OTHER, subject: [['2.5.4.3', 'attested']], extensions: [basicConstraints(true), make.keyDescription()] });
    const below = leaf({ key: CREDENTIAL_KEY, issuer: [['2.5.4.3', 'attested']], issuerKey: OTHER, extensions: [make.keyDescription()] });
    expect(await outcome(make.androidKey({ members: { x5c: [below, middle] } }))).toBe('attestation.android-key.description');
  });

  const pubAreaOf = (key = CREDENTIAL_KEY): Uint8Array<ArrayBuffer> => make.eccArea(key);
  it.each<[string, RegistrationSpec, string]>([
    ['another version', make.tpm({ members: { ver: '1.2' } }), 'statement'],
    ['no version', make.tpm({ members: { ver: undefined } }), 'statement'],
    ['another member', make.tpm({ members: { more: 1 } }), 'statement'],
    ['no x5c', make.tpm({ members: { x5c: undefined } }), 'statement'],
    ['the public area of another key', make.tpm({ pubArea: pubAreaOf(OTHER) }), 'publicArea'],
    ['a public area on another curve', area({ curve: 4 }), 'publicArea'],
    ['a public area with a symmetric algorithm', area({ symmetric: 0x0006 }), 'publicArea name'],
    ['a public area that is bound to another hash', area({ scheme: Uint8Array.of(0x00, 0x18, 0x00, 0x0c) }), 'publicArea'],
    ['a public area with key derivation', area({ kdf: 0x0020 }), 'publicArea name'],
    ['a public area with bytes behind', make.tpm({ pubArea: concatBytes(make.eccArea(), Uint8Array.of(0)) }), 'publicArea name'],
    ['a cut public area', make.tpm({ pubArea: make.eccArea().slice(0, -1) }), 'publicArea name'],
    ['an unknown name algorithm', area({ nameAlgorithm: 0x0012 }), 'name'],
    ['another name', certInfo({ name: new Uint8Array(34) }), 'name'],
    ['the name of another public area', certInfo({ name: concatBytes(Uint8Array.of(0, 0x0b), sha256(pubAreaOf(OTHER))) }), 'name'],
    ['another magic number', certInfo({ magic: 0xff544348 }), 'name certInfo'],
    ['a quote in place of a certification', certInfo({ type: 0x8018 }), 'name certInfo'],
    ['bytes behind the certification', certInfo({ behind: Uint8Array.of(0) }), 'name certInfo'],
    ['other client data', make.tpm({ more: { client: otherClient } }), 'extraData'],
    ['extra data of another hash', make.tpm({ certInfo: make.certifyInfo(make.eccArea(), new Uint8Array(20)) }), 'extraData'],
    ['another signer', make.tpm({ key: OTHER }), 'signature'],
    ['an algorithm that the certificate key does not have', make.tpm({ members: { alg: -65535 } }), 'extraData algorithm'],
    ['version 1', make.tpm({ leaf: { version: 1, extensions: [] } }), 'version subjectAltName extendedKeyUsage basicConstraints'],
    ['a subject', make.tpm({ leaf: { subject: [['2.5.4.3', 'TPM']] } }), 'subject'],
    ['no alternative name', make.tpm({ leaf: { extensions: [basicConstraints(false), AIK_USAGE] } }), 'subjectAltName'],
    ['an alternative name that is not critical', make.tpm({ leaf: { extensions: [basicConstraints(false), tpmAltName(undefined, false), AIK_USAGE] } }), 'subjectAltName'],
    ['no manufacturer', altName(MODEL, VERSION), 'subjectAltName'],
    ['a manufacturer in clear text', altName(['2.23.133.2.1', 'Infineon'], MODEL, VERSION), 'subjectAltName'],
    ['two manufacturers', altName(MAKER, MAKER, MODEL, VERSION), 'subjectAltName'],
    ['no model', altName(MAKER, VERSION), 'subjectAltName'],
    ['no version of the model', altName(MAKER, MODEL), 'subjectAltName'],
    ['no extended key usage', make.tpm({ leaf: { extensions: [basicConstraints(false), tpmAltName()] } }), 'extendedKeyUsage'],
    ['another extended key usage', make.tpm({ leaf: { extensions: [basicConstraints(false), tpmAltName(), { oid: '2.5.29.37', value: der(0x30, oid('2.23.133.8.1')) }] } }), 'extendedKeyUsage'],
    ['a certification authority', make.tpm({ leaf: { extensions: [basicConstraints(true), tpmAltName(), AIK_USAGE] } }), 'basicConstraints'],
    ['no basic constraints', make.tpm({ leaf: { extensions: [tpmAltName(), AIK_USAGE] } }), 'basicConstraints'],
    ['a key that may not sign', make.tpm({ leaf: { extensions: [...make.AIK_EXTENSIONS, keyUsage(0x20, 5)] } }), 'keyUsage'],
    ['another AAGUID', make.tpm({ leaf: { extensions: [...make.AIK_EXTENSIONS, { oid: '1.3.6.1.4.1.45724.1.1.4', value: der(0x04, new Uint8Array(16)) }] } }), 'aaguid'],
  ])('tpm: %s', async (_name, spec, checks) => {
    const ids = checks.split(' ').map((check) => `attestation.tpm.${check}`).join(' ');
    expect(await outcome(spec)).toBe(ids);
  });

  it('tpm: an exponent that is not the credential key\'s (byte order matters: 0x010000 is not 65537)', async () => {
    expect(await outcome(make.rsaTpm(0x0100_0100))).toBe('attestation.tpm.publicArea');
  });

  it.each<[string, RegistrationSpec, string]>([
    ['no version', make.safetyNet({ members: { ver: undefined } }), 'statement'],
    ['an empty version', make.safetyNet({ members: { ver: '' } }), 'statement'],
    ['another member', make.safetyNet({ members: { alg: -7 } }), 'statement'],
    ['no signature algorithm', make.safetyNet({ header: { alg: 'none' } }), 'statement'],
    ['a symmetric algorithm', make.safetyNet({ header: { alg: 'HS256' } }), 'statement'],
    ['an algorithm called toString', make.safetyNet({ header: { alg: 'toString' } }), 'statement'],
    ['no certificates', make.safetyNet({ header: { x5c: undefined } }), 'statement'],
    ['certificates in base64url', make.safetyNet({ header: { x5c: [Buffer.from(leaf()).toString('base64url')] } }), 'statement'],
    ['a critical header', make.safetyNet({ header: { crit: ['exp'], exp: 1 } }), 'statement'],
    ['a fourth part', make.safetyNet({ edit: (jws) => `${jws}.AA` }), 'statement'],
    ['no signature', make.safetyNet({ edit: (jws) => jws.slice(0, jws.lastIndexOf('.') + 1) }), 'signature'],
    ['a padded signature', make.safetyNet({ edit: (jws) => `${jws}==` }), 'statement'],
    ['no JWS', make.safetyNet({ members: { response: encodeUtf8('{}') } }), 'statement'],
    ['another host', make.safetyNet({ leaf: { extensions: [basicConstraints(false), make.dnsName('attest.android.com.evil.example')] } }), 'hostname'],
    ['another host, whatever the common name', make.safetyNet({ leaf: { extensions: [basicConstraints(false), make.dnsName('evil.example')] } }), 'hostname'],
    ['another common name without alternative names', make.safetyNet({ leaf: { subject: [['2.5.4.3', 'attest.android.com.evil.example']], extensions: [basicConstraints(false)] } }), 'hostname'],
    ['alternative names that are broken', make.safetyNet({ leaf: { extensions: [basicConstraints(false), { oid: '2.5.29.17', value: der(0x05) }] } }), 'hostname'],
    ['two common names without alternative names', make.safetyNet({ leaf: { subject: [['2.5.4.3', 'evil.example'], ['2.5.4.3', 'attest.android.com']], extensions: [basicConstraints(false)] } }), 'hostname'],
    ['another nonce', make.safetyNet({ payload: { nonce: Buffer.alloc(32).toString('base64') } }), 'nonce'],
    ['no nonce', make.safetyNet({ payload: { nonce: undefined } }), 'nonce'],
    ['other client data', make.safetyNet({ more: { client: otherClient } }), 'nonce'],
    ['a device that failed', make.safetyNet({ payload: { ctsProfileMatch: false } }), 'integrity'],
    ['a device that failed, in words', make.safetyNet({ payload: { ctsProfileMatch: 'true' } }), 'integrity'],
    ['no basic integrity', make.safetyNet({ payload: { basicIntegrity: false } }), 'integrity'],
    ['basic integrity in words', make.safetyNet({ payload: { basicIntegrity: 'false' } }), 'integrity'],
    ['a response older than a minute', make.safetyNet({ payload: { timestampMs: NOW - 60_001 } }), 'time'],
    ['a response of the future', make.safetyNet({ payload: { timestampMs: NOW + 10_001 } }), 'time'],
    ['a key that may not sign', make.safetyNet({ leaf: { extensions: [basicConstraints(false), make.dnsName(), keyUsage(0x20, 5)] } }), 'keyUsage'],
    ['no time', make.safetyNet({ payload: { timestampMs: undefined } }), 'time'],
    ['another signer', make.safetyNet({ key: OTHER }), 'signature'],
    ['an algorithm that the certificate key does not have', make.safetyNet({ header: { alg: 'RS256' } }), 'signature'],
  ])('android-safetynet: %s', async (_name, spec, check) => {
    expect(await outcome(spec)).toBe(`attestation.android-safetynet.${check}`);
  });

  it.each<[string, RegistrationSpec, string]>([
    ['one statement', compound(PACKED), 'attestation.compound.statement'],
    ['no statement', compound(), 'attestation.compound.statement'],
    ['nine statements', compound(...new Array<CborValue>(9).fill(PACKED)), 'attestation.compound.statement'],
    ['a compound statement within', compound(PACKED, part('compound', [PACKED, PACKED])), 'attestation.compound.statement'],
    ['a statement with another member', compound(PACKED, new Map<CborValue, CborValue>([['fmt', 'packed'], ['attStmt', packed([leaf()])], ['x', 1]])), 'attestation.compound.statement'],
    ['a statement of a format that cannot be', compound(PACKED, part('a"b', new Map())), 'attestation.compound.statement'],
    ['something that is no statement', compound(PACKED, 'packed'), 'attestation.compound.statement'],
    ['a map', { fmt: 'compound', attStmt: new Map([[1, PACKED], [2, PACKED]]) }, 'attestation.compound.statement'],
    ['one of two signed by another', compound(PACKED, part('packed', packed([leaf()], OTHER))), 'attestation.packed.signature'],
    ['an extension that another of its formats lets be critical', compound(part('apple', make.apple().attStmt), part('packed', packed([leaf({ extensions: [basicConstraints(false), { ...make.appleNonce(), critical: true }] })]))), 'attestation.trust'],
    ['one of two without trust', compound(PACKED, part('packed', packed([leaf({ issuerKey: OTHER })]))), 'attestation.trust'],
    ['no attestation that says something', compound(part('none', new Map([['alg', 1]])), PACKED), 'attestation.none'],
  ])('compound: %s', async (_name, spec, check) => {
    expect(await outcome(spec)).toBe(check);
  });

  it('compound: a statement of an unknown format is reported, not failed', async () => {
    expect(await outcome(compound(PACKED, part('acme', new Map())))).toBe('unverifiable');
  });

  it.each<[string, RegistrationSpec]>([
    ['fido-u2f', make.u2f({ leaf: { issuerKey: OTHER } })],
    ['apple', make.apple({ leaf: { issuerKey: OTHER } })],
    ['android-key', make.androidKey({ leaf: { issuerKey: OTHER } })],
    ['tpm', make.tpm({ leaf: { issuerKey: OTHER } })],
    ['android-safetynet', make.safetyNet({ leaf: { issuerKey: OTHER } })],
  ])('%s: a path that does not lead to the anchor', async (_name, spec) => {
    expect(await outcome(spec)).toBe('attestation.trust');
  });

  it('integers of more than one byte where one is expected', async () => {
    expect(await outcome(described([], [Authorization.purpose(2), der(0xa2, integer(1)), Authorization.origin(130)]))).toBe('attestation.android-key.origin');
  });
});
