import { generateKeyPairSync } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { encodeBase64url } from '../../../../shared/bytes/base64url.ts';
import { concatBytes, encodeUtf8 } from '../../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../../shared/cbor/value.ts';
import { verifyAuthentication } from '../../../../shared/verifier/verify-authentication.ts';
import { verifyRegistration } from '../../../../shared/verifier/verify-registration.ts';
import * as make from '../attestation/statements.ts';
import { aaguidExtension, basicConstraints, certificate, der, newKeyPair } from '../../x509/certificate-builder.ts';
import {
  AAGUID,
  ATTESTATION_KEY,
  type AuthenticationSpec,
  CREDENTIAL_KEY,
  ROOT,
  ROOT_KEY,
  type RegistrationSpec,
  SUBJECT,
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
} from '../fixture.ts';

/** What went wrong elsewhere, one test each; docs/VERIFIER.md lists them with their sources. */

async function registered(spec: RegistrationSpec): Promise<string> {
  const { report } = await verifyRegistration(registration(spec));
  return report.checks.find(({ state }) => state === 'fail')?.id ?? report.verdict;
}

async function signedIn(spec: AuthenticationSpec): Promise<string> {
  const { report } = await verifyAuthentication(authentication(spec));
  return report.checks.find(({ state }) => state === 'fail')?.id ?? report.verdict;
}

const trusted = (...x5c: readonly CborValue[]): RegistrationSpec => ({ fmt: 'packed', attStmt: packed(x5c), input: { anchors: [ROOT] } });
const withKey = (key: Uint8Array<ArrayBuffer>, more: RegistrationSpec = {}): RegistrationSpec => ({ data: authData({ flags: 0x45, parts: [attested(key)] }), ...more });
const evil = newKeyPair();
const rootName = [['2.5.4.3', 'Test root']] as const;
const evilRoot = certificate({ subject: rootName, issuer: rootName, key: evil, issuerKey: evil, extensions: [basicConstraints(true)] });
const middleName = [['2.5.4.3', 'Middle']] as const;
const underMiddle = (extensions: Parameters<typeof certificate>[0]['extensions']): RegistrationSpec =>
  trusted(leaf({ issuer: middleName, issuerKey: evil }), certificate({ subject: middleName, issuer: rootName, key: evil, issuerKey: ROOT_KEY, ...(extensions === undefined ? {} : { extensions }) }));

describe('advisories', () => {
  it.each<[string, () => Promise<string>, string]>([
    ['GHSA-6hxq-p678-4hr2 (SimpleWebAuthn): a self-signed "root" of the right name inside x5c', () => registered(trusted(leaf({ issuerKey: evil }), evilRoot)), 'attestation.trust'],
    ['go-webauthn: a self-signed certificate of x5c joins the roots', () => registered(trusted(evilRoot)), 'attestation.packed.subject'],
    ['CVE-2026-30964 (webauthn-lib): origins compared by host, scheme ignored', () => registered({ client: clientData('webauthn.create', { origin: 'http://login.example.org' }) }), 'clientData.origin'],
    ['CVE-2026-30964 (webauthn-lib): origins compared by host, port ignored', () => signedIn({ client: clientData('webauthn.get', { origin: 'https://login.example.org:8443' }) }), 'clientData.origin'],
    ['GHSA-h4fw-6r7f-w494 (web-auth): user verification weakened by what the client repeats', () => signedIn({ data: authData({ flags: 0x01, signCount: 6 }), expected: { requireUserVerification: true }, changes: { userVerification: 'discouraged' } }), 'authenticatorData.userVerified'],
    ['YSA-2026-02 (java-webauthn-server): the credential of another user than the one named at the start', () => signedIn({ expected: { userHandle: Uint8Array.of(9) } }), 'credential.userHandle'],
    ['YSA-2026-02 (java-webauthn-server): a credential that was not named', () => signedIn({ expected: { allowCredentials: [new Uint8Array(8)] } }), 'credential.isAllowed'],
    ['GitLab 585333: id different from rawId', () => signedIn({ changes: { id: 'AAAA' } }), 'response.id'],
    ['CVE-2026-126952 (Zipline): a known credential id without a valid assertion', () => signedIn({ signature: new Uint8Array() }), 'credential.signature'],
    ['CVE-2026-8830 (Keycloak): an algorithm that was not offered', () => registered({ expected: { algorithms: [-257] } }), 'credential.algorithm'],
    ['go-webauthn before 0.17.0: a foreign frame by default', () => signedIn({ client: clientData('webauthn.get', { crossOrigin: true }) }), 'clientData.crossOrigin'],
    ['py_webauthn: crossOrigin "false" taken for true, "true" for a boolean', () => signedIn({ client: clientData('webauthn.get', { crossOrigin: 'false' }) }), 'clientData.form'],
    ['go-webauthn #656: a country code that is none', () => registered(trusted(leaf({ subject: SUBJECT.map(([type, text]) => [type, type === '2.5.4.6' ? 'SWE' : text]) }))), 'attestation.packed.subject'],
    ['SimpleWebAuthn before 11: the AAGUID of the certificate not compared', () => registered(trusted(leaf({ extensions: [basicConstraints(false), aaguidExtension(new Uint8Array(16))] }))), 'attestation.packed.aaguid'],
    ['fido2-lib #48: a SafetyNet check that did nothing', () => registered(make.safetyNet({ payload: { ctsProfileMatch: undefined } })), 'attestation.android-safetynet.integrity'],
    ['fido2-lib #169: user verification demanded where nobody asked', () => signedIn({ data: authData({ flags: 0x01, signCount: 6 }) }), 'accepted'],
  ])('%s', async (_name, run, expected) => {
    expect(await run()).toBe(expected);
  });

  it('GHSA-v9hx-v6vf-g36j (webauthn4j-spring-security): the new counter is given back to be stored, and only after an acceptance', async () => {
    expect((await verifyAuthentication(authentication())).update?.signCount).toBe(6);
    expect((await verifyAuthentication(authentication({ signature: new Uint8Array() }))).update).toBeUndefined();
  });

  it('go-webauthn PR 800: every format with certificates gives back its trust path', async () => {
    for (const spec of [trusted(leaf()), make.u2f(), make.tpm(), make.androidKey(), make.safetyNet(), make.apple()]) {
      expect((await verifyRegistration(registration(spec))).attestation?.trustPath).toHaveLength(1);
    }
  });
});

describe('accepted by libraries against the specification', () => {
  it.each<[string, RegistrationSpec, string]>([
    ['an intermediate that is no authority', underMiddle([basicConstraints(false)]), 'attestation.trust'],
    ['an intermediate without basic constraints', underMiddle([]), 'attestation.trust'],
    ['an attestation key that issues attestation certificates', trusted(leaf({ issuer: SUBJECT, issuerKey: ATTESTATION_KEY }), leaf()), 'attestation.trust'],
    ['an unknown critical extension', trusted(leaf({ extensions: [basicConstraints(false), { oid: '1.2.3.4', critical: true, value: der(0x05) }] })), 'attestation.trust'],
    ['a critical AAGUID extension', trusted(leaf({ extensions: [basicConstraints(false), aaguidExtension(AAGUID, true)] })), 'attestation.packed.aaguid'],
    ['bytes behind the leaf', trusted(concatBytes(leaf(), Uint8Array.of(0))), 'attestation.packed.certificate'],
    ['self attestation with another alg than the credential\'s', { fmt: 'packed', attStmt: packedSelf(-35) }, 'attestation.packed.algorithm'],
    ['alg RS256 with a key on a curve', { ...trusted(leaf()), attStmt: packed([leaf()], ATTESTATION_KEY, undefined, -257) }, 'attestation.packed.algorithm'],
    ['format none: a key off its curve', withKey(coseKey(CREDENTIAL_KEY, [-3, new Uint8Array(32).fill(7)])), 'credential.key'],
    ['format none: ES256 with the curve P-384', withKey(coseKey(CREDENTIAL_KEY, [-1, 2])), 'credential.key'],
    ['format none: a compressed point', withKey(coseKey(CREDENTIAL_KEY, [-3, true])), 'credential.key'],
    ['format none: a private member', withKey(coseKey(CREDENTIAL_KEY, [-4, new Uint8Array(32)])), 'credential.key'],
    ['Solo 2: an Ed25519 key with the label of ES256', withKey(encodeCbor(new Map<CborValue, CborValue>([[1, 1], [3, -7], [-1, 6], [-2, new Uint8Array(32)]]))), 'credential.key'],
    ['Firefox 98: an AAGUID cut short', { data: authData({ flags: 0x45, parts: [attested().subarray(3)] }) }, 'authenticatorData.form'],
    ['rawId different from the id in the data', { changes: { id: 'AAAA', rawId: 'AAAA' } }, 'response.id'],
    ['bytes behind the authenticator data', { data: concatBytes(authData({ flags: 0x45, parts: [attested()] }), Uint8Array.of(0xa0)) }, 'authenticatorData.form'],
    ['an extension flag without extensions', { data: authData({ flags: 0xc5, parts: [attested()] }) }, 'authenticatorData.form'],
    ['a padded challenge', { client: clientData('webauthn.create', { challenge: `${encodeBase64url(new Uint8Array(32).fill(0x5a))}=` }) }, 'clientData.challenge'],
    ['a challenge with bits left over', { client: clientData('webauthn.create', { challenge: encodeBase64url(new Uint8Array(32).fill(0x5a)).slice(0, -1) + 'p' }) }, 'clientData.challenge'],
    ['an RSA exponent read in the wrong byte order', make.rsaTpm(0x0100_0100), 'attestation.tpm.publicArea'],
    ['a format called toString', { fmt: 'toString' }, 'unverifiable'],
    ['a manufacturer that no list has (SimpleWebAuthn refuses W3C\'s own)', make.tpm({ leaf: { extensions: [basicConstraints(false), make.tpmAltName([['2.23.133.2.1', 'id:00000000'], ['2.23.133.2.2', 'm'], ['2.23.133.2.3', 'v']]), make.AIK_USAGE] } }), 'accepted'],
    ['x5c that includes the root (SimpleWebAuthn throws)', trusted(leaf(), ROOT), 'accepted'],
    ['a leaf as anchor (SimpleWebAuthn throws)', ((certificateBytes) => ({ fmt: 'packed', attStmt: packed([certificateBytes]), input: { anchors: [certificateBytes] } }))(leaf()), 'accepted'],
    ['anchors before the right one that fail (SimpleWebAuthn gives up)', { ...trusted(leaf()), input: { anchors: [evilRoot, Uint8Array.of(1), ROOT] } }, 'accepted'],
    ['a byte order mark (fido2-lib fails)', { client: concatBytes(Uint8Array.of(0xef, 0xbb, 0xbf), clientData('webauthn.create')) }, 'accepted'],
    ['token binding, which Level 3 ignores', { client: clientData('webauthn.create', { tokenBinding: 'unused' }) }, 'accepted'],
    ['a member called __proto__', { client: encodeUtf8(`{"__proto__":{"origin":"https://login.example.org"},${Buffer.from(clientData('webauthn.create', { origin: 'https://evil.example' })).toString().slice(1)}`) }, 'clientData.origin'],
    ['a member given twice', { client: encodeUtf8(`{"origin":"https://evil.example",${Buffer.from(clientData('webauthn.create')).toString().slice(1)}`) }, 'clientData.form'],
    ['invalid UTF-8', { client: concatBytes(clientData('webauthn.create', { more: 'x' }).slice(0, -2), Uint8Array.of(0xff, 0x22, 0x7d)) }, 'clientData.form'],
  ])('%s', async (_name, spec, expected) => {
    expect(await registered(spec)).toBe(expected);
  });

  const right = signed(CREDENTIAL_KEY, authData({ flags: 0x05, signCount: 6 }), sha256(clientData('webauthn.get')));
  it.each<[string, AuthenticationSpec, string]>([
    ['backup eligibility that changed', { data: authData({ flags: 0x0d, signCount: 6 }) }, 'credential.backupEligible'],
    ['backup state without eligibility', { data: authData({ flags: 0x15, signCount: 6 }) }, 'authenticatorData.backupFlags'],
    ['extension data that is no map', { data: authData({ flags: 0x85, signCount: 6, parts: [Uint8Array.of(0x01)] }) }, 'authenticatorData.form'],
    ['a signature with bytes behind', { signature: concatBytes(right, Uint8Array.of(0)) }, 'credential.signature'],
    ['ES384 label on a P-256 key', { credential: { publicKey: encodeBase64url(coseKey(CREDENTIAL_KEY, [3, -35])) } }, 'credential.key'],
    ['a counter above 2^31 read as negative', { data: authData({ flags: 0x05, signCount: 0xffff_ffff }), credential: { signCount: 0x7fff_ffff } }, 'accepted'],
    ['a lower counter', { data: authData({ flags: 0x05, signCount: 4 }) }, 'credential.signCount'],
    ['appid that the site did not ask for', { data: authData({ rpId: 'https://example.org/app.json', flags: 0x05, signCount: 6 }), changes: { clientExtensionResults: { appid: true } } }, 'authenticatorData.rpIdHash'],
    ['topOrigin without crossOrigin', { client: clientData('webauthn.get', { topOrigin: 'https://top.example' }), expected: { allowCrossOrigin: true, topOrigins: ['https://top.example'] } }, 'clientData.topOrigin'],
  ])('%s', async (_name, spec, expected) => {
    expect(await signedIn(spec)).toBe(expected);
  });

  it('a high s is valid: both forms of an ECDSA signature are', async () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const at = 4 + (right[3] ?? 0);
    const r = right.slice(2, at);
    const s = BigInt(`0x${Buffer.from(right.slice(at + 2)).toString('hex')}`);
    const digits = (order - s).toString(16).padStart(64, '0');
    const other = Buffer.from(Number.parseInt(digits.slice(0, 2), 16) >= 0x80 ? `00${digits}` : digits.replace(/^(00)+(?=[0-7])/, ''), 'hex');
    expect(await signedIn({ signature: der(0x30, r, der(0x02, other)) })).toBe('accepted');
  });

  it('an RSA certificate key of 1024 bits', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    expect(await registered(trusted(leaf({ key: weak })))).toBe('attestation.packed.certificate');
  });
});
