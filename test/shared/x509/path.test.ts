import { constants, generateKeyPairSync, sign } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { importByOpenSsl } from '../../../native-host/verify/openssl.ts';
import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { type Certificate, parseCertificate } from '../../../shared/x509/certificate.ts';
import { chainProblem, validatePath } from '../../../shared/x509/path.ts';
import { materialFor } from '../../../shared/x509/public-key.ts';
import {
  type Attribute,
  type CertificateSpec,
  type KeyPair,
  basicConstraints,
  certificate,
  der,
  integer,
  keyUsage,
  name,
  newKeyPair,
  oid,
} from './certificate-builder.ts';

const NOW = Date.UTC(2026, 10, 22);
const [rootKey, middleKey, lowerKey, leafKey, otherKey] = [newKeyPair(), newKeyPair(), newKeyPair(), newKeyPair(), newKeyPair()];
const named = (text: string): readonly Attribute[] => [['2.5.4.3', text]];
const CA = [basicConstraints(true), keyUsage(0x04, 2)];

function parsed(encoded: Bytes): Certificate {
  const result = parseCertificate(encoded);
  if (!result.ok) throw new TypeError(result.error.detail);
  return result.value;
}

function issued(subject: string, key: KeyPair, issuer: string, issuerKey: KeyPair, changes: Partial<CertificateSpec> = {}): Certificate {
  return parsed(certificate({ subject: named(subject), issuer: named(issuer), key, issuerKey, extensions: CA, ...changes }));
}

const ROOT = issued('root', rootKey, 'root', rootKey);
const middle = (changes: Partial<CertificateSpec> = {}): Certificate => issued('middle', middleKey, 'root', rootKey, changes);
const leafOf = (issuer: string, issuerKey: KeyPair, changes: Partial<CertificateSpec> = {}): Certificate =>
  issued('leaf', leafKey, issuer, issuerKey, { extensions: [basicConstraints(false)], ...changes });
const LEAF = leafOf('middle', middleKey);
/** A name with an x500UniqueIdentifier, a BIT STRING. */
const IDENTIFIED = (bits: string): readonly Attribute[] => [...named('middle'), ['2.5.4.45', bits, 0x03]];

async function outcome(chain: readonly Certificate[], anchors: readonly Certificate[] = [ROOT]): Promise<string> {
  const path = await validatePath(chain, { anchors, now: NOW });
  return path.ok ? `path of ${path.value.length.toString()}` : path.error.detail;
}

describe('validatePath', () => {
  it.each([
    ['leaf, intermediate; anchor is the root', [LEAF, middle()], [ROOT], 3],
    ['leaf alone under the root', [leafOf('root', rootKey)], [ROOT], 2],
    ['the root comes along in the chain', [LEAF, middle(), ROOT], [ROOT], 3],
    ['the intermediate is the anchor', [LEAF, middle()], [middle()], 2],
    ['the intermediate is the anchor and not in the chain', [LEAF], [middle()], 2],
    ['the leaf is the anchor', [LEAF], [LEAF], 1],
    ['other anchors stand before the right one', [LEAF, middle()], [issued('root', otherKey, 'root', otherKey), ROOT], 3],
    ['names in another string type, case and spacing', [issued('leaf', leafKey, 'middle', middleKey, { issuer: [['2.5.4.3', ' MIDDLE ', 0x13]], extensions: [] }), middle()], [ROOT], 3],
    ['an attribute of the name that is a bit string', [issued('leaf', leafKey, 'middle', middleKey, { issuer: IDENTIFIED('\0id'), extensions: [] }), middle({ subject: IDENTIFIED('\0id') })], [ROOT], 3],
    ['an old root without extensions', [leafOf('root', rootKey)], [issued('root', rootKey, 'root', rootKey, { version: 1, extensions: [] })], 2],
    ['a root that is no CA by its basic constraints, but signs certificates by its key usage', [leafOf('root', rootKey)], [issued('root', rootKey, 'root', rootKey, { extensions: [basicConstraints(false), keyUsage(0x04, 2)] })], 2],
    ['a path length that is just enough', [LEAF, middle({ extensions: [basicConstraints(true, 0), keyUsage(0x04, 2)] })], [ROOT], 3],
  ])('finds the path: %s', async (_name, chain, anchors, length) => {
    expect(await outcome(chain, anchors)).toBe(`path of ${length.toString()}`);
  });

  const lower = issued('lower', lowerKey, 'middle', middleKey);
  const below = leafOf('lower', lowerKey);
  it.each([
    ['no anchors', [LEAF, middle(), ROOT], [], 'trust anchor'],
    ['a root of the right name with another key, in the chain', [leafOf('root', otherKey), issued('root', otherKey, 'root', otherKey)], [ROOT], 'signature'],
    ['the intermediate missing', [LEAF], [ROOT], 'trust anchor'],
    ['the wrong order', [LEAF, ROOT, middle()], [ROOT], 'trust anchor'],
    ['an expired leaf', [leafOf('root', rootKey, { notAfter: '251231235959Z' })], [ROOT], 'expired'],
    ['a leaf of the future', [leafOf('root', rootKey, { notBefore: '280101000000Z' })], [ROOT], 'not valid yet'],
    ['an expired intermediate', [LEAF, middle({ notAfter: '251231235959Z' })], [ROOT], 'expired'],
    ['an expired root', [leafOf('root', rootKey)], [issued('root', rootKey, 'root', rootKey, { notAfter: '251231235959Z' })], 'expired'],
    ['an expired leaf that is the anchor', [leafOf('x', otherKey, { notAfter: '251231235959Z' })], [leafOf('x', otherKey, { notAfter: '251231235959Z' })], 'expired'],
    ['another issuer name, in a bit string', [issued('leaf', leafKey, 'middle', middleKey, { issuer: IDENTIFIED('\0id'), extensions: [] }), middle({ subject: IDENTIFIED('\0ID') })], [ROOT], 'trust anchor'],
    ['another issuer name', [leafOf('someone', rootKey)], [ROOT], 'trust anchor'],
    ['an intermediate with CA false', [LEAF, middle({ extensions: [basicConstraints(false)] })], [ROOT], 'not a certification authority'],
    ['an intermediate without basic constraints', [LEAF, middle({ extensions: [keyUsage(0x04, 2)] })], [ROOT], 'not a certification authority'],
    ['an intermediate of version 1', [LEAF, middle({ version: 1, extensions: [] })], [ROOT], 'not a certification authority'],
    ['an intermediate without keyCertSign', [LEAF, middle({ extensions: [basicConstraints(true), keyUsage(0x80, 7)] })], [ROOT], 'may not sign'],
    ['a leaf that issues', [issued('evil', otherKey, 'leaf', leafKey, { extensions: [] }), LEAF, middle()], [ROOT], 'not a certification authority'],
    ['a root that is no CA and does not say that it signs certificates', [leafOf('root', rootKey)], [issued('root', rootKey, 'root', rootKey, { extensions: [basicConstraints(false)] })], 'not a certification authority'],
    ['an anchored intermediate that is no CA, whatever its key usage', [LEAF], [middle({ extensions: [basicConstraints(false), keyUsage(0x04, 2)] })], 'not a certification authority'],
    ['an anchored leaf that issues', [issued('evil', otherKey, 'leaf', leafKey, { extensions: [] })], [LEAF], 'not a certification authority'],
    ['a path longer than the intermediate allows', [below, lower, middle({ extensions: [basicConstraints(true, 0)] })], [ROOT], 'longer'],
    ['a path longer than the root allows', [below, lower, middle()], [issued('root', rootKey, 'root', rootKey, { extensions: [basicConstraints(true, 1)] })], 'longer'],
    ['an unknown critical extension in the leaf', [leafOf('root', rootKey, { extensions: [{ oid: '1.2.3', critical: true, value: der(0x05) }] })], [ROOT], '1.2.3'],
    ['an unknown critical extension in the intermediate', [LEAF, middle({ extensions: [...CA, { oid: '1.2.3', critical: true, value: der(0x05) }] })], [ROOT], '1.2.3'],
    ['critical name constraints in the leaf', [leafOf('root', rootKey, { extensions: [{ oid: '2.5.29.30', critical: true, value: der(0x30, der(0xa0, der(0x30, der(0x82)))) }] })], [ROOT], '2.5.29.30'],
    ...['2.5.29.17', '2.5.29.32', '2.5.29.37'].flatMap((oid): [string, Certificate[], Certificate[], string][] => [
      [`a critical ${oid} that is empty`, [leafOf('root', rootKey, { extensions: [{ oid, critical: true, value: der(0x30) }] })], [ROOT], oid],
      [`a critical ${oid} that is no list`, [leafOf('root', rootKey, { extensions: [{ oid, critical: true, value: der(0x05) }] })], [ROOT], oid],
      [`a critical ${oid} with rubbish in it`, [leafOf('root', rootKey, { extensions: [{ oid, critical: true, value: der(0x30, Uint8Array.of(1, 9)) }] })], [ROOT], oid],
    ]),
    ['a leaf signed by another key', [leafOf('middle', otherKey), middle()], [ROOT], 'signature'],
    ['an intermediate signed by another key', [LEAF, issued('middle', middleKey, 'root', otherKey)], [ROOT], 'signature'],
    ['an empty chain', [], [ROOT], 'trust anchor'],
  ])('finds none: %s', async (_name, chain, anchors, detail) => {
    expect(await outcome(chain, anchors)).toContain(detail);
  });

  it('does not count self-issued intermediates against the path length', async () => {
    const limited = issued('root', rootKey, 'root', rootKey, { extensions: [basicConstraints(true, 0)] });
    const rolledOver = issued('root', otherKey, 'root', rootKey, { extensions: [basicConstraints(true)] });
    expect(await outcome([leafOf('root', otherKey), rolledOver], [limited])).toBe('path of 3');
  });

  it('keeps the keys of issuers in the cache it is given, and uses them', async () => {
    const keyCache = new Map();
    for (const _round of [1, 2]) {
      expect((await validatePath([LEAF, middle()], { anchors: [ROOT], now: NOW, keyCache })).ok).toBe(true);
      expect(keyCache.size).toBe(2);
    }
    expect((await validatePath([leafOf('middle', otherKey), middle()], { anchors: [ROOT], now: NOW, keyCache })).ok).toBe(false);
  });

  it('calls a path unsupported when its signature algorithm is not known', async () => {
    const encoded = Buffer.from(certificate({ subject: named('leaf'), issuer: named('root'), key: leafKey, issuerKey: rootKey }));
    // Replaces both algorithm identifiers by one of the same length: the last arc of ecdsa-with-SHA256 becomes an unassigned one.
    const from = Buffer.from('06082a8648ce3d040302', 'hex');
    const to = Buffer.from('06082a8648ce3d040309', 'hex');
    for (let at = encoded.indexOf(from); at >= 0; at = encoded.indexOf(from)) to.copy(encoded, at);
    const path = await validatePath([parsed(new Uint8Array(encoded))], { anchors: [ROOT], now: NOW });
    expect(path.ok ? 'found' : path.error.problem).toBe('unsupported');
  });
});

describe('extensions that the caller has judged', () => {
  const own = leafOf('root', rootKey, { extensions: [{ oid: '1.2.3', critical: true, value: der(0x05) }] });
  it('may be critical', async () => {
    expect((await validatePath([own], { anchors: [ROOT], now: NOW, understood: new Set(['1.2.3']) })).ok).toBe(true);
    expect((await validatePath([own], { anchors: [ROOT], now: NOW, understood: new Set(['1.2.4']) })).ok).toBe(false);
  });
});

describe('name constraints', () => {
  const subtree = (base: Bytes): Bytes => der(0x30, base);
  const within = (permitted: readonly Bytes[], excluded: readonly Bytes[] = [], critical = true): CertificateSpec['extensions'] => [
    ...CA,
    {
      oid: '2.5.29.30',
      critical,
      value: der(
        0x30,
        ...(permitted.length === 0 ? [] : [der(0xa0, ...permitted.map(subtree))]),
        ...(excluded.length === 0 ? [] : [der(0xa1, ...excluded.map(subtree))]),
      ),
    },
  ];
  const directory = (...attributes: readonly Attribute[]): Bytes => der(0xa4, name(attributes));
  const host = (text: string): Bytes => der(0x82, Buffer.from(text));
  const SE: Attribute = ['2.5.4.6', 'SE', 0x13];
  const ACME: Attribute = ['2.5.4.10', 'Acme'];
  const subject: readonly Attribute[] = [SE, ACME, ['2.5.4.3', 'leaf']];
  const leafWith = (...names: readonly Bytes[]): Certificate =>
    leafOf('middle', middleKey, { subject, extensions: [basicConstraints(false), ...(names.length === 0 ? [] : [{ oid: '2.5.29.17', value: der(0x30, ...names) }])] });
  const PLAIN = leafWith();
  const constrained = (...constraints: Parameters<typeof within>): Certificate => middle({ extensions: within(...constraints) ?? [] });

  it.each<[string, Certificate, Certificate]>([
    ['a subject below a permitted name', PLAIN, constrained([directory(SE, ACME)])],
    ['a subject below one of two', PLAIN, constrained([directory(['2.5.4.6', 'NO', 0x13]), directory(SE)])],
    ['texts of another type and case', PLAIN, constrained([directory(SE, ['2.5.4.10', 'ACME', 0x13])])],
    ['a subject that is not excluded', PLAIN, constrained([], [directory(['2.5.4.6', 'NO', 0x13])])],
    ['constraints on host names, where there are none', PLAIN, constrained([host('example.org')])],
    ['a host name within', leafWith(host('Key.Example.ORG')), constrained([host('example.org')])],
    ['constraints on addresses, where there are none', PLAIN, constrained([der(0x87, new Uint8Array(8))])],
  ])('let through %s', async (_name, leaf, issuer) => {
    expect(await outcome([leaf, issuer])).toBe('path of 3');
  });

  const self = issued('middle', lowerKey, 'middle', middleKey);
  it('do not bind an authority\'s certificates for itself, but the leaf under them', async () => {
    const limited = constrained([directory(SE)]);
    const below = (attributes: readonly Attribute[]): Certificate => leafOf('middle', lowerKey, { subject: attributes });
    expect(await outcome([below(subject), self, limited])).toBe('path of 4');
    expect(await outcome([below([ACME]), self, limited])).toContain('name constraints');
  });

  it.each<[string, Certificate, Certificate]>([
    ['a subject outside', PLAIN, constrained([directory(SE, ['2.5.4.10', 'Other'])])],
    ['a subject outside all', PLAIN, constrained([directory(['2.5.4.6', 'NO', 0x13]), directory(ACME)])],
    ['a subject shorter than what is permitted', PLAIN, constrained([directory(...subject, ['2.5.4.5', '1'])])],
    ['a subject outside, though they are not critical', PLAIN, constrained([directory(ACME)], [], false)],
    ['an excluded subject', PLAIN, constrained([], [directory(SE)])],
    ['a subject that is permitted and excluded', PLAIN, constrained([directory(SE)], [directory(SE, ACME)])],
    ['a host name outside', leafWith(host('example.org.evil.example')), constrained([host('example.org')])],
    ['a host name that only ends alike', leafWith(host('notexample.org')), constrained([host('example.org')])],
    ['one host name of two', leafWith(host('example.org'), host('evil.example')), constrained([host('example.org')])],
    ['an excluded host name', leafWith(host('a.example.org')), constrained([], [host('example.org')])],
    ['an alternative directory name outside', leafWith(directory(['2.5.4.6', 'NO', 0x13])), constrained([directory(SE)])],
    ['a name of a form that is not compared', leafWith(der(0x87, new Uint8Array(4))), constrained([der(0x87, new Uint8Array(8))])],
    ['a mail address in the subject', leafOf('middle', middleKey, { subject: [['1.2.840.113549.1.9.1', 'a@b.example', 0x16]] }), constrained([der(0x81, Buffer.from('b.example'))])],
    ['constraints of nothing', PLAIN, constrained([])],
    ['constraints with a minimum', PLAIN, middle({ extensions: [...CA, { oid: '2.5.29.30', value: der(0x30, der(0xa0, der(0x30, directory(SE), der(0x80, Uint8Array.of(1))))) }] })],
    ['constraints that are no list', PLAIN, middle({ extensions: [...CA, { oid: '2.5.29.30', value: der(0x05) }] })],
    ['an alternative name that is broken', leafOf('middle', middleKey, { subject, extensions: [{ oid: '2.5.29.17', value: der(0x05) }] }), constrained([host('example.org')])],
  ])('hold back %s', async (_name, leaf, issuer) => {
    expect(await outcome([leaf, issuer])).toContain('name constraints');
  });

  it('of the anchor count, too', async () => {
    const root = issued('root', rootKey, 'root', rootKey, { extensions: within([directory(ACME)]) ?? [] });
    expect(await outcome([leafOf('root', rootKey, { subject })], [root])).toContain('name constraints');
    expect(await outcome([leafOf('root', rootKey, { subject: [ACME] })], [root])).toBe('path of 2');
  });
});

describe('chainProblem', () => {
  it.each<[string, readonly Certificate[]]>([
    ['a leaf alone', [LEAF]],
    ['a chain', [LEAF, middle()]],
    ['a chain with its root', [LEAF, middle(), ROOT]],
    ['a chain that has expired', [LEAF, middle({ notAfter: '251231235959Z' })]],
    ['a leaf that says it signed itself (recorded ones did not)', [leafOf('leaf', otherKey)]],
  ])('finds none in %s', async (_name, chain) => {
    expect(await chainProblem(chain)).toBeUndefined();
  });

  it.each<[string, readonly Certificate[], string]>([
    ['a leaf that another key signed', [leafOf('middle', otherKey), middle()], 'signature'],
    ['an intermediate that another key signed', [LEAF, issued('middle', middleKey, 'root', otherKey), ROOT], 'signature'],
    ['another issuer', [LEAF, ROOT], 'issuer'],
    ['the wrong order', [LEAF, ROOT, middle()], 'issuer'],
  ])('finds %s', async (_name, chain, detail) => {
    expect((await chainProblem(chain))?.detail).toContain(detail);
  });
});

describe('certificates signed with RSASSA-PSS', () => {
  const rsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rsaRoot = issued('rsa root', rsaKey, 'rsa root', rootKey);
  const SHA2 = '2.16.840.1.101.3.4.2';
  const hash = (dotted: string, withNull = true): Bytes => der(0x30, oid(dotted), ...(withNull ? [der(0x05)] : []));
  const mgf = (inner: Bytes, dotted = '1.2.840.113549.1.1.8'): Bytes => der(0x30, oid(dotted), inner);
  const SHA256 = hash(`${SHA2}.1`);
  const FULL = [der(0xa0, SHA256), der(0xa1, mgf(SHA256)), der(0xa2, integer(32))];
  const under = (parameters: readonly Bytes[] | undefined, saltLength = 32, digest = 'SHA256', padding = constants.RSA_PKCS1_PSS_PADDING): Certificate =>
    leafOf('rsa root', rsaKey, {
      signing: {
        algorithm: der(0x30, oid('1.2.840.113549.1.1.10'), ...(parameters === undefined ? [] : [der(0x30, ...parameters)])),
        sign: (signed) => sign(digest, signed, { key: rsaKey.privateKey, padding, ...(padding === constants.RSA_PKCS1_PSS_PADDING ? { saltLength } : {}) }),
      },
    });

  async function problemOf(leaf: Certificate): Promise<string> {
    const path = await validatePath([leaf], { anchors: [rsaRoot], now: NOW });
    return path.ok ? 'found' : path.error.problem;
  }

  const SHA384 = hash(`${SHA2}.2`);
  const SHA512 = hash(`${SHA2}.3`, false);
  it.each([
    ['SHA-256', under(FULL)],
    ['SHA-384', under([der(0xa0, SHA384), der(0xa1, mgf(SHA384)), der(0xa2, integer(48))], 48, 'SHA384')],
    ['SHA-512, without NULL', under([der(0xa0, SHA512), der(0xa1, mgf(SHA512)), der(0xa2, integer(64))], 64, 'SHA512')],
  ])('are verified: %s', async (_name, leaf) => {
    expect(await problemOf(leaf)).toBe('found');
  });

  const [h = SHA256, m = SHA256, s = SHA256] = FULL;
  it.each<[string, Certificate, string]>([
    ['no parameters', under(undefined), 'unsupported'],
    ['the defaults, SHA-1', under([], 20, 'SHA1'), 'unsupported'],
    ['another salt than the signature has', under(FULL, 20), 'untrusted'],
    ['a salt that is shorter than the hash', under([h, m, der(0xa2, integer(20))], 20), 'unsupported'],
    ['a mask of another hash', under([h, der(0xa1, mgf(SHA384)), s]), 'unsupported'],
    ['another mask generation', under([h, der(0xa1, mgf(SHA256, '1.2.3')), s]), 'unsupported'],
    ['parts out of order', under([m, h, s]), 'unsupported'],
    ['a part missing', under([h, s]), 'unsupported'],
    ['a trailer field', under([h, m, s, der(0xa3, integer(2))]), 'unsupported'],
    ['more behind a part', under([der(0xa0, SHA256, der(0x05)), m, s]), 'unsupported'],
    ['a signature of PKCS #1 v1.5', under(FULL, 32, 'SHA256', constants.RSA_PKCS1_PADDING), 'untrusted'],
    ['a signature with another hash', under(FULL, 32, 'SHA384'), 'untrusted'],
  ])('are not taken: %s', async (_name, leaf, problem) => {
    expect(await problemOf(leaf)).toBe(problem);
  });

  describe('under an issuer whose key is for RSASSA-PSS only', () => {
    const open = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
    // The declaration says that this is a text; Node takes a number only.
    const saltLength = 32 as unknown as string;
    const forSha256 = generateKeyPairSync('rsa-pss', { modulusLength: 2048, hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256', saltLength });
    const signedBy = (key: KeyPair, digest: string, saltLength: number): Promise<string> => {
      const [hashElement, length] = digest === 'SHA256' ? [SHA256, 32] : [SHA384, 48];
      const algorithm = der(0x30, oid('1.2.840.113549.1.1.10'), der(0x30, der(0xa0, hashElement), der(0xa1, mgf(hashElement)), der(0xa2, integer(length))));
      const leaf = leafOf('pss root', key, {
        signing: { algorithm, sign: (signed) => sign(digest, signed, { key: key.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }) },
      });
      return validatePath([leaf], { anchors: [issued('pss root', key, 'pss root', rootKey)], now: NOW }).then((path) => (path.ok ? 'found' : path.error.problem));
    };

    it('are verified, where the key leaves the hash open or asks for this one', async () => {
      expect(await signedBy(open, 'SHA256', 32)).toBe('found');
      expect(await signedBy(open, 'SHA384', 48)).toBe('found');
      expect(await signedBy(forSha256, 'SHA256', 32)).toBe('found');
    });

    it('are not taken with another hash than the key asks for, nor with PKCS #1 v1.5', () => {
      const anchor = issued('pss root', forSha256, 'pss root', rootKey);
      expect(materialFor(anchor.publicKey, { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 })).toBeDefined();
      expect(materialFor(anchor.publicKey, { name: 'RSA-PSS', hash: 'SHA-384', saltLength: 48 })).toBeUndefined();
      expect(materialFor(anchor.publicKey, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' })).toBeUndefined();
    });
  });

  it('are not taken under an issuer with a key on a curve', async () => {
    const path = await validatePath([under(FULL)], { anchors: [issued('rsa root', rootKey, 'rsa root', rootKey)], now: NOW });
    expect(path.ok ? 'found' : path.error.problem).toBe('untrusted');
  });

  it('of an issuer on a curve that the platform lacks are unsupported; where it has the curve, they are verified', async () => {
    const issuer: KeyPair = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const anchors = [issued('k1', issuer, 'k1', issuer)];
    expect(await validatePath([leafOf('k1', issuer)], { anchors, now: NOW })).toMatchObject({ ok: false, error: { problem: 'unsupported' } });
    expect(await validatePath([leafOf('k1', issuer)], { anchors, now: NOW, importKey: importByOpenSsl })).toMatchObject({ ok: true });
    const forged = await validatePath([leafOf('k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }))], { anchors, now: NOW, importKey: importByOpenSsl });
    expect(forged).toMatchObject({ ok: false, error: { problem: 'untrusted' } });
  });

  it('under an issuer with a key of unknown kind they are unsupported', async () => {
    const brainpool = generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' });
    const path = await validatePath([leafOf('root', rootKey)], { anchors: [issued('root', brainpool, 'root', rootKey)], now: NOW });
    expect(path.ok ? 'found' : path.error.problem).toBe('unsupported');
  });
});
