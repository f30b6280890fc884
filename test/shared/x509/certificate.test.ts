import { X509Certificate, generateKeyPairSync } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseCertificate } from '../../../shared/x509/certificate.ts';
import { DerError, DerReader, DerTag, decodeBitString, decodeBoolean, decodeInteger, decodeObjectIdentifier, decodeTime } from '../../../shared/x509/der.ts';
import { readSubjectPublicKey } from '../../../shared/x509/public-key.ts';
import { type CertificateSpec, basicConstraints, certificate, der, integer, keyUsage, newKeyPair, oid } from './certificate-builder.ts';

const KEY = newKeyPair();
const SPEC: CertificateSpec = {
  subject: [['2.5.4.6', 'SE', 0x13], ['2.5.4.3', 'Ä leaf']],
  issuer: [['2.5.4.3', 'A root']],
  key: KEY,
  issuerKey: KEY,
  extensions: [basicConstraints(true, 3), keyUsage(0x84, 2)],
};

function element(tag: number, ...content: readonly number[]): ReturnType<DerReader['readAny']> {
  return new DerReader(Uint8Array.from([tag, content.length, ...content])).readAny();
}

function timeOf(tag: number, text: string): number {
  return decodeTime(new DerReader(der(tag, Buffer.from(text))).readAny());
}

function problemOf(bytes: Uint8Array): string {
  const parsed = parseCertificate(bytes);
  return parsed.ok ? 'accepted' : parsed.error.detail;
}

describe('parseCertificate', () => {
  it('agrees with Node', () => {
    const encoded = certificate(SPEC);
    const node = new X509Certificate(encoded);
    const parsed = parseCertificate(encoded);
    if (!parsed.ok) throw new TypeError(parsed.error.detail);
    const own = parsed.value;
    expect(own.notBefore).toBe(Date.parse(node.validFrom));
    expect(own.notAfter).toBe(Date.parse(node.validTo));
    expect(Buffer.from(own.publicKey.spki)).toEqual(node.publicKey.export({ format: 'der', type: 'spki' }));
    expect(own.subject.attributes.map(({ type, value }) => [type, value])).toEqual([['2.5.4.6', 'SE'], ['2.5.4.3', 'Ä leaf']]);
    expect(own).toMatchObject({
      version: 3,
      basicConstraints: { ca: node.ca, pathLength: 3 },
      keyUsage: { digitalSignature: true, keyCertSign: true },
      publicKey: { known: { curve: 'P-256' } },
    });
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['bytes behind it', new Uint8Array([...certificate(SPEC), 0])],
    ['a cut one', certificate(SPEC).subarray(0, -1)],
    ['an extension given twice', certificate({ ...SPEC, extensions: [basicConstraints(false), basicConstraints(true)] })],
    ['extensions in version 1', certificate({ ...SPEC, version: 1 })],
    ['version 4', certificate({ ...SPEC, version: 4 })],
    ['signature algorithms that differ', certificate({ ...SPEC, innerAlgorithm: der(0x30, oid('1.2.840.10045.4.3.3')) })],
    ['a key usage that is no bit string', certificate({ ...SPEC, extensions: [{ oid: '2.5.29.15', value: integer(1) }] })],
    ['a path length without being an authority', certificate({ ...SPEC, extensions: [basicConstraints(false, 0)] })],
    ['basic constraints with more behind', certificate({ ...SPEC, extensions: [{ oid: '2.5.29.19', value: der(0x30, integer(1), integer(1)) }] })],
  ])('refuses %s', (_name, bytes) => {
    expect(problemOf(bytes)).not.toBe('accepted');
  });

  it('takes an x500UniqueIdentifier, a bit string (in recorded U2F certificates), by its bytes', () => {
    const parsed = parseCertificate(certificate({ ...SPEC, subject: [['2.5.4.3', 'Leaf'], ['2.5.4.45', '\0id', DerTag.bitString]] }));
    const [, identifier] = parsed.ok ? parsed.value.subject.attributes : [];
    expect(identifier).toMatchObject({ type: '2.5.4.45', encodedValue: der(DerTag.bitString, Buffer.from('\0id')) });
    expect(identifier?.value).toBeUndefined();
  });

  it('gives an RSA key to WebCrypto with the NULL that its identifier should have: Chromium takes none without, Node does', () => {
    const spki = new Uint8Array(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'der', type: 'spki' }));
    // Behind the heads of the two sequences, the identifier and its NULL.
    const bits = spki.subarray(4 + 2 + 11 + 2);
    const withoutNull = der(0x30, der(0x30, oid('1.2.840.113549.1.1.1')), bits);
    for (const encoded of [spki, withoutNull]) {
      const key = readSubjectPublicKey(new DerReader(encoded).readAny());
      expect(key.spki).toEqual(encoded);
      expect(key.known?.material).toEqual({ format: 'spki', bytes: spki });
    }
  });

  it('refuses a public key that is not on its curve', () => {
    const encoded = certificate(SPEC);
    const { x } = KEY.publicKey.export({ format: 'jwk' });
    const position = Buffer.from(encoded).indexOf(Buffer.from(x ?? '', 'base64url'));
    encoded[position] = (encoded[position] ?? 0) ^ 1;
    expect(problemOf(encoded)).toContain('P-256');
  });

  it('never throws, whatever byte is changed', () => {
    const encoded = certificate(SPEC);
    fc.assert(
      fc.property(fc.nat(encoded.length - 1), fc.integer({ min: 1, max: 255 }), (position, flip) => {
        const bytes = new Uint8Array(encoded);
        bytes[position] = (bytes[position] ?? 0) ^ flip;
        parseCertificate(bytes);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('DER', () => {
  it.each([
    ['an indefinite length', [0x04, 0x80, 0, 0]],
    ['a length in long form without need', [0x04, 0x81, 1, 0]],
    ['a length with a leading zero', [0x04, 0x82, 0, 0x80, ...new Array<number>(128).fill(0)]],
    ['a length beyond the end', [0x04, 2, 0]],
    ['a length of four bytes', [0x04, 0x84, 0, 0, 0, 1, 0]],
    ['a tag of several bytes', [0x1f, 0x81, 0, 0]],
    ['nothing behind the tag', [0x04]],
  ])('refuses %s', (_name, bytes) => {
    expect(() => new DerReader(Uint8Array.from(bytes)).readAny()).toThrow(DerError);
  });

  it.each([
    ['a needless zero', () => decodeInteger(element(0x02, 0, 1))],
    ['needless ones', () => decodeInteger(element(0x02, 0xff, 0x80))],
    ['an empty integer', () => decodeInteger(element(0x02))],
    ['a boolean of 1', () => decodeBoolean(element(0x01, 1))],
    ['a boolean of two bytes', () => decodeBoolean(element(0x01, 0, 0))],
    ['an empty object identifier', () => decodeObjectIdentifier(element(0x06))],
    ['a cut object identifier', () => decodeObjectIdentifier(element(0x06, 0x2a, 0x86))],
    ['a padded object identifier', () => decodeObjectIdentifier(element(0x06, 0x2a, 0x80, 0x01))],
    ['an object identifier of 257 bytes', () => decodeObjectIdentifier(element(0x06, ...new Array<number>(256).fill(0x81), 0))],
    ['eight unused bits', () => decodeBitString(element(0x03, 8, 0))],
    ['unused bits that are set', () => decodeBitString(element(0x03, 1, 1))],
    ['unused bits of nothing', () => decodeBitString(element(0x03, 1))],
    ['a day that does not exist', () => timeOf(DerTag.utcTime, '250229000000Z')],
    ['a month that does not exist', () => timeOf(DerTag.utcTime, '251329000000Z')],
    ['a time without seconds', () => timeOf(DerTag.utcTime, '2501010000Z')],
    ['a time with an offset', () => timeOf(DerTag.utcTime, '250101000000+0100')],
    ['a time with a fraction', () => timeOf(DerTag.generalizedTime, '20250101000000.5Z')],
    ['a time that is an integer', () => timeOf(DerTag.integer, '20250101000000Z')],
  ])('refuses %s', (_name, decode) => {
    expect(decode).toThrow(DerError);
  });

  it('reads times of both kinds, to the year 9999', () => {
    expect(timeOf(DerTag.utcTime, '500101000000Z')).toBe(Date.UTC(1950, 0, 1));
    expect(timeOf(DerTag.utcTime, '491231235959Z')).toBe(Date.UTC(2049, 11, 31, 23, 59, 59));
    expect(timeOf(DerTag.generalizedTime, '30240101000000Z')).toBe(Date.UTC(3024, 0, 1));
    expect(timeOf(DerTag.generalizedTime, '99991231235959Z')).toBe(Date.UTC(9999, 11, 31, 23, 59, 59));
  });

  it('reads object identifiers with numbers of 128 bits (UUIDs)', () => {
    const content = [0x69, 0x83, ...new Array<number>(17).fill(0xff), 0x7f];
    expect(decodeObjectIdentifier(element(0x06, ...content))).toBe(`2.25.${((1n << 128n) - 1n).toString()}`);
    expect(decodeObjectIdentifier(element(0x06, ...content.slice(1)))).toBe(`2.${((1n << 128n) - 81n).toString()}`);
  });

  it('reads object identifiers under all three roots', () => {
    for (const dotted of ['0.9.2342', '1.3.6.1.4.1.45724.1.1.4', '2.5.29.19', '2.999.1']) {
      expect(decodeObjectIdentifier(new DerReader(oid(dotted)).readAny())).toBe(dotted);
    }
  });
});
