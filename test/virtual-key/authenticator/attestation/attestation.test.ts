import { randomBytes, verify, X509Certificate } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { concatBytes, copyBytes } from '../../../../shared/bytes/bytes.ts';
import type { CborMap, CborValue } from '../../../../shared/cbor/value.ts';
import { bytesOf } from '../../support/pin-platform.ts';
import { CLIENT_DATA_HASH, Platform } from '../../support/platform.ts';
import { DEFAULT_AAGUID } from '../settings.ts';
import { derObjectIdentifier, derTime, derUnsigned, derValue } from './der.ts';
import { TestCa } from './test-ca.ts';

describe('the test CA', () => {
  const ca = new TestCa();
  const root = new X509Certificate(ca.root);
  const { certificate } = ca.issueIdentity(DEFAULT_AAGUID, (length) => copyBytes(randomBytes(length)));
  const leaf = new X509Certificate(certificate);

  test('the root signs itself and may sign others', () => {
    expect(root.verify(root.publicKey)).toBe(true);
    expect(root.ca).toBe(true);
  });

  test('has the same key in every run', () => {
    expect(new TestCa().root).not.toEqual(ca.root);
    expect(new X509Certificate(new TestCa().root).publicKey.equals(root.publicKey)).toBe(true);
  });

  test('the attestation certificate is what WebAuthn demands', () => {
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.checkIssued(root)).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.subject.split('\n')).toEqual(['C=CH', 'O=Keystile', 'OU=Authenticator Attestation', 'CN=Keystile Virtual Key']);
    expect(new Date(leaf.validFrom).getTime()).toBeLessThan(Date.now());
    expect(new Date(leaf.validTo).getTime()).toBeGreaterThan(Date.now());
    // OCTET STRING in OCTET STRING behind the OID of the AAGUID extension.
    const extension = concatBytes(derObjectIdentifier('1.3.6.1.4.1.45724.1.1.4'), Uint8Array.of(0x04, 0x12, 0x04, 0x10), DEFAULT_AAGUID);
    expect(Buffer.from(certificate).includes(Buffer.from(extension))).toBe(true);
  });
});

describe('statements', () => {
  test('x5c is signed by the key of the certificate', async () => {
    const { map } = await new Platform('ctap2_1', { attestation: 'x5c', algorithms: [-8, -7] }).makeCredential();
    const attStmt = map.get(3) as CborMap;
    expect(map.get(1)).toBe('packed');
    expect(attStmt.get('alg')).toBe(-7);
    const [certificate] = attStmt.get('x5c') as readonly CborValue[];
    const leaf = new X509Certificate(bytesOf(certificate));
    const signed = concatBytes(bytesOf(map.get(2)), CLIENT_DATA_HASH);
    expect(verify('sha256', signed, leaf.publicKey, bytesOf(attStmt.get('sig')))).toBe(true);
    expect(leaf.verify(new X509Certificate(new TestCa().root).publicKey)).toBe(true);
  });

  test('none has no statement', async () => {
    const { map } = await new Platform('ctap2_1', { attestation: 'none' }).makeCredential();
    expect(map.get(1)).toBe('none');
    expect(map.get(3)).toEqual(new Map());
  });

  test('another AAGUID gets another certificate', async () => {
    const platform = new Platform('ctap2_1', { attestation: 'x5c' });
    const certificateOf = (map: CborMap): CborValue => ((map.get(3) as CborMap).get('x5c') as readonly CborValue[])[0];
    const before = certificateOf((await platform.makeCredential()).map);
    expect(certificateOf((await platform.makeCredential()).map)).toEqual(before);
    platform.authenticator.configure({ aaguid: new Uint8Array(16).fill(9) });
    const after = bytesOf(certificateOf((await platform.makeCredential()).map));
    expect(Buffer.from(after).includes(Buffer.alloc(16, 9))).toBe(true);
  });
});

describe('DER', () => {
  test.each([
    ['a small number', derUnsigned(Uint8Array.of(0, 0, 1)), '020101'],
    ['a number with the high bit', derUnsigned(Uint8Array.of(0x80)), '02020080'],
    ['an object identifier', derObjectIdentifier('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
    ['a time before 2050', derTime('2020-01-01T00:00:00Z'), '170d3230303130313030303030305a'],
    ['a time after', derTime('2099-12-31T23:59:59Z'), '180f32303939313233313233353935395a'],
    ['a long length', derValue(0x04, new Uint8Array(300)).slice(0, 4), '0482012c'],
    ['a length of two bytes', derValue(0x04, new Uint8Array(200)).slice(0, 3), '0481c8'],
  ])('%s', (_name, encoded, expected) => {
    expect(Buffer.from(encoded).toString('hex')).toBe(expected);
  });
});
