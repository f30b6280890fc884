import { constants, generateKeyPairSync, sign } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { type Certificate, parseCertificate } from '../../../shared/x509/certificate.ts';
import { validatePath } from '../../../shared/x509/path.ts';
import {
  type Attribute,
  type CertificateSpec,
  type KeyPair,
  basicConstraints,
  certificate,
  der,
  integer,
  keyUsage,
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
    ['an old root without extensions', [leafOf('root', rootKey)], [issued('root', rootKey, 'root', rootKey, { version: 1, extensions: [] })], 2],
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
    ['another issuer name', [leafOf('someone', rootKey)], [ROOT], 'trust anchor'],
    ['an intermediate with CA false', [LEAF, middle({ extensions: [basicConstraints(false)] })], [ROOT], 'not a certification authority'],
    ['an intermediate without basic constraints', [LEAF, middle({ extensions: [keyUsage(0x04, 2)] })], [ROOT], 'not a certification authority'],
    ['an intermediate of version 1', [LEAF, middle({ version: 1, extensions: [] })], [ROOT], 'not a certification authority'],
    ['an intermediate without keyCertSign', [LEAF, middle({ extensions: [basicConstraints(true), keyUsage(0x80, 7)] })], [ROOT], 'may not sign'],
    ['a leaf that issues', [issued('evil', otherKey, 'leaf', leafKey, { extensions: [] }), LEAF, middle()], [ROOT], 'not a certification authority'],
    ['an anchored leaf that issues', [issued('evil', otherKey, 'leaf', leafKey, { extensions: [] })], [LEAF], 'not a certification authority'],
    ['a path longer than the intermediate allows', [below, lower, middle({ extensions: [basicConstraints(true, 0)] })], [ROOT], 'longer'],
    ['a path longer than the root allows', [below, lower, middle()], [issued('root', rootKey, 'root', rootKey, { extensions: [basicConstraints(true, 1)] })], 'longer'],
    ['an unknown critical extension in the leaf', [leafOf('root', rootKey, { extensions: [{ oid: '1.2.3', critical: true, value: der(0x05) }] })], [ROOT], '1.2.3'],
    ['an unknown critical extension in the intermediate', [LEAF, middle({ extensions: [...CA, { oid: '1.2.3', critical: true, value: der(0x05) }] })], [ROOT], '1.2.3'],
    ['name constraints', [LEAF, middle({ extensions: [...CA, { oid: '2.5.29.30', value: der(0x30) }] })], [ROOT], 'name constraints'],
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

  it('are not taken under an issuer with a key on a curve', async () => {
    const path = await validatePath([under(FULL)], { anchors: [issued('rsa root', rootKey, 'rsa root', rootKey)], now: NOW });
    expect(path.ok ? 'found' : path.error.problem).toBe('untrusted');
  });

  it('under an issuer with a key of unknown kind they are unsupported', async () => {
    const k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const path = await validatePath([leafOf('k1 root', rootKey)], { anchors: [issued('k1 root', k1, 'k1 root', rootKey)], now: NOW });
    expect(path.ok ? 'found' : path.error.problem).toBe('unsupported');
  });
});
