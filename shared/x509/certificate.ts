import { type Bytes, copyBytes, equalBytes } from '../bytes/bytes.ts';
import { failure, success, type Result } from '../bytes/result.ts';
import {
  DerError,
  type DerElement,
  DerReader,
  DerTag,
  contextTag,
  decodeBitString,
  decodeBoolean,
  decodeInteger,
  decodeObjectIdentifier,
  decodeSmallInteger,
  decodeTime,
  readWhole,
} from './der.ts';
import { type DistinguishedName, readName } from './name.ts';
import { Oid } from './oid.ts';
import { type SubjectPublicKey, readSubjectPublicKey } from './public-key.ts';

/** An extension; `value` is what its OCTET STRING holds. */
export interface CertificateExtension {
  readonly critical: boolean;
  readonly value: Bytes;
}

/** A signature algorithm identifier: its object identifier, and the DER of its parameters where there are any. */
export interface AlgorithmIdentifier {
  readonly oid: string;
  readonly parameters?: Bytes;
}

/** An X.509 certificate, parsed but not judged. Times are milliseconds since 1970. */
export interface Certificate {
  readonly encoded: Bytes;
  readonly tbsCertificate: Bytes;
  /** 1, 2 or 3. */
  readonly version: number;
  readonly serialNumber: Bytes;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  /** Empty where it is not whole bytes, as in some early U2F certificates: such a one is never valid. */
  readonly signature: Bytes;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: SubjectPublicKey;
  /** By object identifier in dotted form. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
  /** Absent without the extension. */
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLength?: number };
  /** Absent without the extension. */
  readonly keyUsage?: { readonly digitalSignature: boolean; readonly keyCertSign: boolean };
}

/** Bytes that are no certificate in strict DER. */
export interface CertificateError {
  readonly kind: 'certificate';
  readonly detail: string;
}

const MAX_CERTIFICATE_BYTES = 65_536;

/**
 * Parses a DER certificate; nothing may follow it. One leniency, because real certificates need it: a BOOLEAN with its
 * default value may be written out (X.690 §11.5 forbids it).
 *
 * Source: RFC 5280 §4.1, §4.2.1.3 (key usage), §4.2.1.9 (basic constraints).
 */
export function parseCertificate(bytes: Uint8Array): Result<Certificate, CertificateError> {
  if (bytes.length > MAX_CERTIFICATE_BYTES) return failure({ kind: 'certificate', detail: 'It is too large.' });
  try {
    return success(readCertificate(copyBytes(bytes)));
  } catch (error) {
    if (error instanceof DerError) return failure({ kind: 'certificate', detail: error.message });
    throw error;
  }
}

function readCertificate(encoded: Bytes): Certificate {
  const outer = readWhole(encoded, DerTag.sequence);
  const tbs = outer.read(DerTag.sequence);
  const outerAlgorithm = outer.read(DerTag.sequence);
  const signature = decodeBitString(outer.read(DerTag.bitString));
  outer.end();

  const reader = new DerReader(tbs.content);
  const version = readVersion(reader);
  const serialNumber = decodeInteger(reader.read(DerTag.integer));
  const innerAlgorithm = reader.read(DerTag.sequence);
  if (!equalBytes(outerAlgorithm.encoded, innerAlgorithm.encoded)) {
    throw new DerError('The two signature algorithms differ.');
  }
  const issuer = readName(reader.read(DerTag.sequence));
  const validity = new DerReader(reader.read(DerTag.sequence).content);
  const notBefore = decodeTime(validity.readAny());
  const notAfter = decodeTime(validity.readAny());
  validity.end();
  const subject = readName(reader.read(DerTag.sequence));
  const publicKey = readSubjectPublicKey(reader.read(DerTag.sequence));
  // Unique identifiers, [1] and [2], primitive: obsolete, allowed from version 2 on, without meaning here.
  for (const tag of [0x81, 0x82]) if (version >= 2) reader.readOptional(tag);
  const extensions = version === 3 ? readExtensions(reader) : new Map<string, CertificateExtension>();
  reader.end();

  const basicConstraints = readBasicConstraints(extensions.get(Oid.basicConstraints));
  const keyUsage = readKeyUsage(extensions.get(Oid.keyUsage));
  return {
    encoded,
    tbsCertificate: copyBytes(tbs.encoded),
    version,
    serialNumber,
    signatureAlgorithm: readAlgorithm(innerAlgorithm),
    signature: signature.unusedBits === 0 ? signature.bytes : new Uint8Array(),
    issuer,
    subject,
    notBefore,
    notAfter,
    publicKey,
    extensions,
    ...(basicConstraints === undefined ? {} : { basicConstraints }),
    ...(keyUsage === undefined ? {} : { keyUsage }),
  };
}

function readVersion(reader: DerReader): number {
  const explicit = reader.readOptional(contextTag(0));
  if (explicit === undefined) return 1;
  const inner = new DerReader(explicit.content);
  const version = decodeSmallInteger(inner.read(DerTag.integer)) + 1;
  inner.end();
  if (version !== 2 && version !== 3) throw new DerError('The version is unknown.');
  return version;
}

function readAlgorithm({ content }: DerElement): AlgorithmIdentifier {
  const reader = new DerReader(content);
  const oid = decodeObjectIdentifier(reader.read(DerTag.objectIdentifier));
  const parameters = reader.nextTag === undefined ? undefined : copyBytes(reader.readAny().encoded);
  reader.end();
  return { oid, ...(parameters === undefined ? {} : { parameters }) };
}

function readExtensions(reader: DerReader): Map<string, CertificateExtension> {
  const extensions = new Map<string, CertificateExtension>();
  const explicit = reader.readOptional(contextTag(3));
  if (explicit === undefined) return extensions;
  const list = readWhole(explicit.content, DerTag.sequence);
  do {
    const extension = new DerReader(list.read(DerTag.sequence).content);
    const oid = decodeObjectIdentifier(extension.read(DerTag.objectIdentifier));
    const critical = extension.readOptional(DerTag.boolean);
    const value = copyBytes(extension.read(DerTag.octetString).content);
    extension.end();
    if (extensions.has(oid)) throw new DerError('An extension is given twice.');
    extensions.set(oid, { critical: critical !== undefined && decodeBoolean(critical), value });
  } while (list.nextTag !== undefined);
  return extensions;
}

function readBasicConstraints(extension: CertificateExtension | undefined): Certificate['basicConstraints'] {
  if (extension === undefined) return undefined;
  const reader = readWhole(extension.value, DerTag.sequence);
  const caElement = reader.readOptional(DerTag.boolean);
  const ca = caElement !== undefined && decodeBoolean(caElement);
  const pathElement = reader.readOptional(DerTag.integer);
  reader.end();
  if (pathElement === undefined) return { ca };
  if (!ca) throw new DerError('A path length is given where there can be no path.');
  return { ca, pathLength: decodeSmallInteger(pathElement) };
}

function readKeyUsage(extension: CertificateExtension | undefined): Certificate['keyUsage'] {
  if (extension === undefined) return undefined;
  const reader = new DerReader(extension.value);
  const [bits = 0] = decodeBitString(reader.read(DerTag.bitString)).bytes;
  reader.end();
  return { digitalSignature: (bits & 0x80) !== 0, keyCertSign: (bits & 0x04) !== 0 };
}
