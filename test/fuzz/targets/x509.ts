import { X509Certificate } from 'node:crypto';

import { type Bytes, equalBytes } from '../../../shared/bytes/bytes.ts';
import { parseCertificate } from '../../../shared/x509/certificate.ts';
import { DerError, DerReader, DerTag, contextTag } from '../../../shared/x509/der.ts';
import { isWithinConstraints } from '../../../shared/x509/name-constraints.ts';
import { der } from '../../shared/x509/certificate-builder.ts';
import { mustBeBounded } from '../engine/bounds.ts';
import { type FuzzTarget, mustHold } from '../engine/target.ts';
import { bytesOf, RESPONSES } from './responses.ts';

const CERTIFICATES = [bytesOf(RESPONSES.leaf), bytesOf(RESPONSES.root)];

/** The DER reader alone. */
export const derTarget: FuzzTarget = {
  name: 'der',
  property: 'the elements that are read lie one behind the other and account for every byte; only DerError is thrown',
  covers: ['shared/x509/der.ts'],
  structures: ['der'],
  quickRuns: 2500,
  seeds: CERTIFICATES.map((bytes) => [bytes]),
  run: (input) => {
    const [bytes = new Uint8Array()] = input;
    const reader = new DerReader(bytes);
    let length = 0;
    try {
      while (reader.nextTag !== undefined) {
        const { tag, content, encoded } = reader.readAny();
        mustHold(encoded[0] === tag && encoded.length >= content.length + 2, 'An element has a tag and a length.');
        mustHold(equalBytes(encoded.subarray(encoded.length - content.length), content), 'The content ends the element.');
        mustHold(equalBytes(encoded.subarray(0, encoded.length - content.length), shortestHead(tag, content.length)), 'The length is the shortest.');
        length += encoded.length;
      }
      reader.end();
    } catch (error) {
      if (error instanceof DerError) return error.message.replace(/\d+/g, '#');
      throw error;
    }
    mustHold(length === bytes.length, 'Every byte belongs to an element.');
    return 'ok';
  },
};

function shortestHead(tag: number, length: number): Bytes {
  if (length < 0x80) return Uint8Array.of(tag, length);
  const digits = length.toString(16);
  const octets = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return Uint8Array.of(tag, 0x80 | octets.length, ...octets);
}

/** Certificates. */
export const certificateTarget: FuzzTarget = {
  name: 'certificate',
  property: 'what is accepted OpenSSL accepts too, with the same validity, CA bit and public key',
  covers: ['shared/x509/'],
  structures: ['der'],
  seeds: CERTIFICATES.map((bytes) => [bytes]),
  run: (input) => {
    const [bytes = new Uint8Array()] = input;
    const parsed = parseCertificate(bytes);
    if (!parsed.ok) return parsed.error.detail.replace(/\d+/g, '#');
    const certificate = parsed.value;
    mustBeBounded(certificate, input);
    mustHold(equalBytes(certificate.encoded, bytes), 'All bytes are the certificate.');
    const theirs = openSsl(bytes);
    if (theirs === undefined) return 'ok, but not for OpenSSL';
    mustHold(Date.parse(theirs.validFrom) === certificate.notBefore && Date.parse(theirs.validTo) === certificate.notAfter, 'The validity is the same.');
    mustHold(!theirs.ca || certificate.version === 1 || certificate.basicConstraints?.ca !== false, 'The CA bit is the same.');
    if (certificate.publicKey.known !== undefined) {
      const spki = theirs.publicKey.export({ format: 'der', type: 'spki' });
      mustHold(equalBytes(spki, certificate.publicKey.spki), 'The public key is the same.');
    }
    return `ok ${certificate.version.toString()} ${certificate.extensions.size.toString()}`;
  },
};

const LEAF = parseCertificate(CERTIFICATES[0] ?? new Uint8Array());
const SUBJECT = LEAF.ok ? LEAF.value.subject : undefined;

/** The list of subtrees of name constraints, under which a certificate with a subject stands. */
export const nameConstraintsTarget: FuzzTarget = {
  name: 'name constraints',
  property: 'a name is never within subtrees both as those that are permitted and as those that are excluded',
  covers: ['shared/x509/name-constraints.ts', 'shared/x509/name.ts'],
  structures: ['der'],
  quickRuns: 1500,
  seeds: [
    [der(DerTag.sequence, der(contextTag(4), SUBJECT?.encoded ?? new Uint8Array()))],
    [der(DerTag.sequence, der(0x82, Buffer.from('example.org')))],
  ],
  run: ([subtrees = new Uint8Array()]) => {
    if (!LEAF.ok) throw new TypeError('The leaf cannot be read.');
    const [permitted, excluded] = [0, 1].map((tag) => isWithinConstraints(LEAF.value, der(DerTag.sequence, der(contextTag(tag), subtrees))));
    mustHold(permitted !== true || excluded !== true || !hasDirectoryName(subtrees), 'A subject is permitted or excluded.');
    return `${String(permitted)} ${String(excluded)}`;
  },
};

function hasDirectoryName(subtrees: Uint8Array): boolean {
  const list = new DerReader(subtrees);
  while (list.nextTag !== undefined) if (list.read(DerTag.sequence).content[0] === contextTag(4)) return true;
  return false;
}

/** `undefined` for what OpenSSL refuses: it looks into parts that are not read here, such as extensions of other kinds. */
function openSsl(bytes: Bytes): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(bytes);
    return certificate.publicKey.type === 'public' ? certificate : undefined;
  } catch {
    return undefined;
  }
}
