import { type KeyObject, generateKeyPairSync, sign } from 'node:crypto';

import type { Bytes } from '../../../shared/bytes/bytes.ts';

/** Writes DER by hand, so that tests can make certificates that no library would. */

/** A key pair for certificates. */
export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** One attribute of a name: object identifier, text, and tag of its string type. */
export type Attribute = readonly [oid: string, text: string, tag?: number];

/** One extension; `value` is what goes into its OCTET STRING. */
export interface Extension {
  readonly oid: string;
  readonly critical?: boolean;
  readonly value: Uint8Array;
}

/** What a certificate shall say. */
export interface CertificateSpec {
  readonly version?: number;
  readonly subject: readonly Attribute[];
  readonly issuer: readonly Attribute[];
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly key: KeyPair;
  readonly issuerKey: KeyPair;
  readonly extensions?: readonly Extension[];
  /** Changes the signature algorithm inside the signed part only. */
  readonly innerAlgorithm?: Bytes;
  /** How it is signed instead of by ECDSA with SHA-256: the algorithm identifier, and the function. */
  readonly signing?: { readonly algorithm: Bytes; readonly sign: (signed: Bytes) => Uint8Array };
}

/** A new P-256 key pair. */
export function newKeyPair(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** One DER element. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Bytes {
  const content = Buffer.concat(contents);
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return new Uint8Array([...head, ...content]);
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let value = Math.floor(arc / 128); value > 0; value = Math.floor(value / 128)) digits.unshift((value & 0x7f) | 0x80);
    return digits;
  });
  return der(0x06, Uint8Array.from(bytes));
}

/** A small non-negative INTEGER. */
export function integer(value: number): Bytes {
  return der(0x02, Uint8Array.from(value < 0x80 ? [value] : [0, value]));
}

/** ecdsa-with-SHA256. */
export const ECDSA_SHA256 = der(0x30, oid('1.2.840.10045.4.3.2'));

/** The extension "basic constraints". */
export function basicConstraints(ca: boolean, pathLength?: number): Extension {
  const content = [...(ca ? [der(0x01, Uint8Array.of(0xff))] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])];
  return { oid: '2.5.29.19', critical: true, value: der(0x30, ...content) };
}

/** The extension "key usage" from its first byte and the count of unused bits. */
export function keyUsage(bits: number, unusedBits: number): Extension {
  return { oid: '2.5.29.15', critical: true, value: der(0x03, Uint8Array.of(unusedBits, bits)) };
}

/** The extension id-fido-gen-ce-aaguid. */
export function aaguidExtension(aaguid: Uint8Array, critical = false): Extension {
  return { oid: '1.3.6.1.4.1.45724.1.1.4', critical, value: der(0x04, aaguid) };
}

/** DER of a name, one attribute to each relative distinguished name. */
export function name(attributes: readonly Attribute[]): Bytes {
  return der(0x30, ...attributes.map(([type, text, tag = 0x0c]) => der(0x31, der(0x30, oid(type), der(tag, Buffer.from(text))))));
}

/** Makes and signs a certificate. */
export function certificate(spec: CertificateSpec): Bytes {
  const version = spec.version ?? 3;
  const extensions = (spec.extensions ?? []).map(({ oid: id, critical, value }) =>
    der(0x30, oid(id), ...(critical === true ? [der(0x01, Uint8Array.of(0xff))] : []), der(0x04, value)),
  );
  const tbs = der(
    0x30,
    ...(version === 1 ? [] : [der(0xa0, integer(version - 1))]),
    integer(1),
    spec.innerAlgorithm ?? spec.signing?.algorithm ?? ECDSA_SHA256,
    name(spec.issuer),
    der(0x30, der(0x17, Buffer.from(spec.notBefore ?? '240101000000Z')), der(0x17, Buffer.from(spec.notAfter ?? '491231235959Z'))),
    name(spec.subject),
    new Uint8Array(spec.key.publicKey.export({ format: 'der', type: 'spki' })),
    ...(extensions.length === 0 ? [] : [der(0xa3, der(0x30, ...extensions))]),
  );
  const signature = spec.signing === undefined ? sign('SHA256', tbs, spec.issuerKey.privateKey) : spec.signing.sign(tbs);
  return der(0x30, tbs, spec.signing?.algorithm ?? ECDSA_SHA256, der(0x03, Uint8Array.of(0), signature));
}
