import { X509Certificate, generateKeyPairSync } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { decodeBase64 } from '../../../shared/bytes/base64.ts';
import { decodeBase64url } from '../../../shared/bytes/base64url.ts';
import { type Bytes, equalBytes } from '../../../shared/bytes/bytes.ts';
import { decodeCbor } from '../../../shared/cbor/codec.ts';
import { type CborValue, isCborArray, isCborMap } from '../../../shared/cbor/value.ts';
import { type Certificate, parseCertificate } from '../../../shared/x509/certificate.ts';
import { validatePath } from '../../../shared/x509/path.ts';
import { loadVectors } from '../verifier/vectors.ts';
import { basicConstraints, certificate, keyUsage, newKeyPair } from './certificate-builder.ts';
import { certificateMutants } from './der-mutations.ts';

interface Both {
  readonly encoded: Bytes;
  readonly own: Certificate;
  readonly node: X509Certificate;
}

/** Certificates of all vectors, with their anchors. */
function collected(): readonly Bytes[] {
  const found: Bytes[] = [];
  const add = (bytes: Uint8Array | undefined): void => {
    if (bytes !== undefined && !found.some((entry) => equalBytes(entry, bytes))) found.push(new Uint8Array(bytes));
  };
  const visit = (value: CborValue): void => {
    if (isCborArray(value)) for (const entry of value) visit(entry);
    if (!isCborMap(value)) return;
    const x5c = value.get('x5c');
    if (isCborArray(x5c)) for (const entry of x5c) if (entry instanceof Uint8Array) add(entry);
    const response = value.get('response');
    if (response instanceof Uint8Array) {
      const [header = ''] = Buffer.from(response).toString('latin1').split('.');
      const { x5c: texts = [] } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { x5c?: string[] };
      for (const text of texts) add(decodeBase64(text));
    }
    for (const entry of value.values()) visit(entry);
  };
  for (const { response, trustRoots = [] } of loadVectors()) {
    const object = decodeBase64url(response.response['attestationObject'] ?? '');
    const decoded = object && decodeCbor(object);
    if (decoded?.ok === true) visit(decoded.value.value);
    for (const root of trustRoots) add(decodeBase64url(root));
  }
  return found;
}

function nodeReads(bytes: Bytes): X509Certificate | undefined {
  try {
    const parsed = new X509Certificate(bytes);
    // Node reads the key only when asked for it.
    return parsed.publicKey.asymmetricKeyType === undefined ? undefined : parsed;
  } catch {
    // What Node does not read, it cannot be compared on.
    return undefined;
  }
}

function readByBoth(bytes: Bytes): Both | undefined {
  const own = parseCertificate(bytes);
  const node = nodeReads(bytes);
  return own.ok && node !== undefined ? { encoded: bytes, own: own.value, node } : undefined;
}

/** What Node thinks of a certificate and its issuer: name, key identifier and key usage fit, and the signature is right. */
function nodeAgrees(subject: Both, issuer: Both): boolean {
  return subject.node.checkIssued(issuer.node) && subject.node.verify(issuer.node.publicKey);
}

async function ownAgrees(subject: Both, issuer: Both): Promise<'yes' | 'no' | 'cannot tell'> {
  const path = await validatePath([subject.own], { anchors: [issuer.own], now: Math.max(subject.own.notBefore, issuer.own.notBefore) });
  if (path.ok) return 'yes';
  return path.error.problem === 'unsupported' ? 'cannot tell' : 'no';
}

/** An intermediate of FIDO's conformance tool, which OpenSSL finds invalid for an extension that has no meaning here. */
const ODD_AUTHORITY = /^CN=NCU-NTC-KEYID-36104CE40BBCC1F40D84A4BBD50BE99024D957D4$/;

const bytes = collected();
const describeCollected = bytes.length === 0 ? describe.skip : describe;
if (bytes.length === 0) console.warn('No vectors beside the checkout (../shared/vectors): certificates are not compared on them.');

describeCollected('certificates of the vectors, beside Node', () => {
  const both = bytes.flatMap((entry) => readByBoth(entry) ?? []);

  it('says the same of every certificate', () => {
    expect(both.length).toBeGreaterThan(100);
    for (const { own, node } of both) {
      expect(own.notBefore).toBe(Date.parse(node.validFrom));
      // Node writes years beyond 9999 and such in its own way; it has none here.
      expect(own.notAfter).toBe(Date.parse(node.validTo));
      expect(Buffer.from(own.publicKey.spki)).toEqual(node.publicKey.export({ format: 'der', type: 'spki' }));
      // Node takes an issuing certificate of version 1 for an authority.
      if (own.version === 3 && !ODD_AUTHORITY.test(node.subject)) expect(own.basicConstraints?.ca ?? false).toBe(node.ca);
    }
  });

  it('reads what Node reads, but for keys that are not sound', () => {
    const onlyNode = bytes.flatMap((entry) => {
      const own = parseCertificate(entry);
      return !own.ok && nodeReads(entry) !== undefined ? [own.error.detail] : [];
    });
    const known = ['The modulus is shorter than 2048 bits.', 'The modulus has an unusual length.', 'Bytes are left over.'];
    expect(onlyNode.filter((detail) => !known.includes(detail))).toEqual([]);
  });

  it('finds the same issuers, pair by pair', async () => {
    let agreed = 0;
    const differences: string[] = [];
    for (const subject of both) {
      for (const issuer of both) {
        if (equalBytes(subject.encoded, issuer.encoded)) continue;
        const own = await ownAgrees(subject, issuer);
        const node = nodeAgrees(subject, issuer);
        if (own === 'yes' && node) agreed += 1;
        // Key identifiers help to find an issuer (RFC 5280 §4.2.1.1); they are not part of validating a path.
        const isOtherKeyIdentifier = subject.own.extensions.has('2.5.29.35') && subject.node.verify(issuer.node.publicKey);
        if (own === 'yes' && !node && !isOtherKeyIdentifier) differences.push(`only we: ${subject.node.subject} by ${issuer.node.subject}`);
        // We ask for more of an issuer than Node does: validity, critical extensions, an authority's constraints.
        const isOrdinary = issuer.own.basicConstraints?.ca === true && subject.own.notBefore <= issuer.own.notAfter && issuer.own.notBefore <= subject.own.notAfter;
        const isUnderstood = ![subject, issuer].some(({ own: { extensions } }) => [...extensions].some(([id, { critical }]) => critical && !id.startsWith('2.5.29.')));
        if (own === 'no' && node && isOrdinary && isUnderstood) differences.push(`only Node: ${subject.node.subject} by ${issuer.node.subject}`);
      }
    }
    expect(agreed).toBeGreaterThan(40);
    expect(differences).toEqual([]);
  }, 60_000);
});

function nodeVerifies(bytes: Bytes, issuer: X509Certificate): boolean {
  try {
    const node = new X509Certificate(bytes);
    return node.checkIssued(issuer) && node.verify(issuer.publicKey);
  } catch {
    // Not read by Node.
    return false;
  }
}

describe('generated certificates, beside Node', () => {
  const key = newKeyPair();
  const name = [['2.5.4.3', 'Authority']] as const;
  const root = readByBoth(certificate({ subject: name, issuer: name, key, issuerKey: key, extensions: [basicConstraints(true), keyUsage(0x04, 2)] }));
  if (root === undefined) throw new TypeError('The root is not read.');

  it('nothing that Node does not read or verify is good here, whatever is changed', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    let good = 0;
    const onlyWe = new Set<string>();
    for (const leafKey of [newKeyPair(), generateKeyPairSync('ed25519'), rsa]) {
      const leaf = certificate({ subject: [['2.5.4.3', 'Leaf']], issuer: name, key: leafKey, issuerKey: key, extensions: [basicConstraints(false), keyUsage(0x80, 7)] });
      for (const { bytes: changed, what } of certificateMutants(leaf, key)) {
        const own = parseCertificate(changed);
        if (!own.ok) continue;
        const path = await validatePath([own.value], { anchors: [root.own], now: Date.UTC(2026, 0, 1) });
        if (!path.ok) continue;
        good += 1;
        if (!nodeVerifies(changed, root.node)) onlyWe.add(what);
      }
    }
    expect(good).toBeGreaterThan(20);
    expect([...onlyWe]).toEqual([]);
  }, 60_000);
});
