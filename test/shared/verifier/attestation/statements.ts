import { createHash, generateKeyPairSync, sign } from 'node:crypto';

import { type Bytes, concatBytes, encodeUtf8 } from '../../../../shared/bytes/bytes.ts';
import { encodeCbor as encodeKey } from '../../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../../shared/cbor/value.ts';
import { type Attribute, type CertificateSpec, type Extension, type KeyPair, basicConstraints, der, integer, oid } from '../../x509/certificate-builder.ts';
import {
  ATTESTATION_KEY,
  CREDENTIAL_ID,
  CREDENTIAL_KEY,
  NOW,
  REGISTRATION_CLIENT_DATA,
  REGISTRATION_DATA,
  ROOT,
  type RegistrationSpec,
  attested,
  authData,
  leaf,
  sha256,
} from '../fixture.ts';

/** Makes statements of each format with certificates as the real makers do, with every part open to change. */

type Members = Readonly<Record<string, CborValue>>;

function statement(members: Members): ReadonlyMap<CborValue, CborValue> {
  return new Map(Object.entries(members).filter(([, value]) => value !== undefined));
}

function anchored(fmt: string, members: Members, more: RegistrationSpec = {}): RegistrationSpec {
  return { fmt, attStmt: statement(members), input: { anchors: [ROOT] }, ...more };
}

const DEFAULT_HASH = sha256(REGISTRATION_CLIENT_DATA);

function coordinates({ publicKey }: KeyPair): readonly [Bytes, Bytes] {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return [new Uint8Array(Buffer.from(x, 'base64url')), new Uint8Array(Buffer.from(y, 'base64url'))];
}

function ecdsa(key: KeyPair, data: Uint8Array, hash = 'SHA256'): Bytes {
  return new Uint8Array(sign(hash, data, key.privateKey));
}

/** What may be changed in a statement: the leaf, what is signed and by whom, and the members of the statement. */
export interface StatementSpec {
  readonly leaf?: Partial<CertificateSpec>;
  readonly key?: KeyPair;
  readonly members?: Members;
  readonly data?: Bytes;
  readonly more?: RegistrationSpec;
}

/** Authenticator data of a U2F registration. */
export const U2F_DATA = authData({ flags: 0x41, parts: [attested(undefined, CREDENTIAL_ID, new Uint8Array(16))] });

/** What a U2F token signs. */
export function u2fSigned(data: Bytes = U2F_DATA): Bytes {
  const [x, y] = coordinates(CREDENTIAL_KEY);
  return concatBytes(Uint8Array.of(0), data.subarray(0, 32), DEFAULT_HASH, CREDENTIAL_ID, Uint8Array.of(4), x, y);
}

export function u2f(spec: StatementSpec = {}): RegistrationSpec {
  const key = spec.key ?? ATTESTATION_KEY;
  const certificate = leaf({ subject: [['2.5.4.3', 'U2F']], extensions: [], ...spec.leaf });
  const data = spec.data ?? U2F_DATA;
  return anchored('fido-u2f', { sig: ecdsa(key, u2fSigned(data)), x5c: [certificate], ...spec.members }, { data, ...spec.more });
}

/** The nonce extension of Apple. */
export function appleNonce(nonce: Uint8Array = sha256(REGISTRATION_DATA, DEFAULT_HASH)): Extension {
  return { oid: '1.2.840.113635.100.8.2', value: der(0x30, der(0xa1, der(0x04, nonce))) };
}

export function apple(spec: StatementSpec = {}): RegistrationSpec {
  const certificate = leaf({ key: CREDENTIAL_KEY, subject: [['2.5.4.3', 'Apple']], extensions: [basicConstraints(false), appleNonce()], ...spec.leaf });
  return anchored('apple', { x5c: [certificate], ...spec.members }, spec.more);
}

const KeyOrigin = (value: number): Bytes => der2(0xbf853e, integer(value));
const Purpose = (...values: readonly number[]): Bytes => der(0xa1, der(0x31, ...values.map(integer)));
const AllApplications = der2(0xbf8458, der(0x05));

function der2(tag: number, content: Uint8Array): Bytes {
  return new Uint8Array([tag >> 16, (tag >> 8) & 0xff, tag & 0xff, content.length, ...content]);
}

/** Entries of an authorization list. */
export const Authorization = { origin: KeyOrigin, purpose: Purpose, allApplications: AllApplications };

/** The key description of Android. */
export function keyDescription(
  software: readonly Bytes[] = [],
  tee: readonly Bytes[] = [Purpose(2), KeyOrigin(0)],
  challenge: Uint8Array = DEFAULT_HASH,
  securityLevel = 1,
): Extension {
  const level = der(0x0a, Uint8Array.of(securityLevel));
  const value = der(0x30, integer(3), level, integer(4), level, der(0x04, challenge), der(0x04), der(0x30, ...software), der(0x30, ...tee));
  return { oid: '1.3.6.1.4.1.11129.2.1.17', value };
}

export function androidKey(spec: StatementSpec = {}): RegistrationSpec {
  const certificate = leaf({ key: CREDENTIAL_KEY, subject: [['2.5.4.3', 'Android Keystore Key']], extensions: [keyDescription()], ...spec.leaf });
  const signature = ecdsa(spec.key ?? CREDENTIAL_KEY, concatBytes(REGISTRATION_DATA, DEFAULT_HASH));
  return anchored('android-key', { alg: -7, sig: signature, x5c: [certificate], ...spec.members }, spec.more);
}

function u16(value: number): Bytes {
  return Uint8Array.of(value >> 8, value & 0xff);
}
const sized = (bytes: Uint8Array): Bytes => concatBytes(u16(bytes.length), bytes);

/** Public area of a P-256 key. */
export function eccArea(key: KeyPair = CREDENTIAL_KEY, { nameAlgorithm = 0x000b, symmetric = 0x0010, scheme = u16(0x0010), kdf = 0x0010, curve = 3 } = {}): Bytes {
  const [x, y] = coordinates(key);
  return concatBytes(u16(0x0023), u16(nameAlgorithm), new Uint8Array(4), u16(0), u16(symmetric), scheme, u16(curve), u16(kdf), sized(x), sized(y));
}

/** What the TPM says when it certifies a key. */
export function certifyInfo(pubArea: Bytes, extraData: Uint8Array = sha256(REGISTRATION_DATA, DEFAULT_HASH), changes: { magic?: number; type?: number; name?: Bytes; behind?: Bytes } = {}): Bytes {
  const magic = new Uint8Array(4);
  new DataView(magic.buffer).setUint32(0, changes.magic ?? 0xff544347);
  const name = changes.name ?? concatBytes(u16(0x000b), sha256(pubArea));
  return concatBytes(magic, u16(changes.type ?? 0x8017), sized(Uint8Array.of(1)), sized(extraData), new Uint8Array(25), sized(name), sized(new Uint8Array()), changes.behind ?? new Uint8Array());
}

const TPM_NAME: readonly Attribute[] = [['2.23.133.2.1', 'id:49465800'], ['2.23.133.2.2', 'SLB9670'], ['2.23.133.2.3', 'id:0007']];

/** The subject alternative name of an AIK certificate: a directory name, each attribute alone or all in one set. */
export function tpmAltName(attributes: readonly Attribute[] = TPM_NAME, critical = true, inOneSet = false): Extension {
  const encoded = attributes.map(([type, text]) => der(0x30, oid(type), der(0x0c, Buffer.from(text))));
  const sets = inOneSet ? [der(0x31, ...encoded)] : encoded.map((entry) => der(0x31, entry));
  return { oid: '2.5.29.17', critical, value: der(0x30, der(0xa4, der(0x30, ...sets))) };
}

/** The extended key usage of an AIK certificate. */
export const AIK_USAGE: Extension = { oid: '2.5.29.37', value: der(0x30, oid('2.23.133.8.3')) };
export const AIK_EXTENSIONS: readonly Extension[] = [basicConstraints(false), tpmAltName(), AIK_USAGE];

export function tpm(spec: StatementSpec & { readonly pubArea?: Bytes; readonly certInfo?: Bytes } = {}): RegistrationSpec {
  const certificate = leaf({ subject: [], extensions: AIK_EXTENSIONS, ...spec.leaf });
  const pubArea = spec.pubArea ?? eccArea();
  const certInfo = spec.certInfo ?? certifyInfo(pubArea);
  const sig = ecdsa(spec.key ?? ATTESTATION_KEY, certInfo);
  return anchored('tpm', { ver: '2.0', alg: -7, x5c: [certificate], sig, certInfo, pubArea, ...spec.members }, spec.more);
}

/** An RSA credential in a TPM whose AIK is RSA, too, and signs with SHA-1 as many do. */
export function rsaTpm(exponent = 0): RegistrationSpec {
  const aik = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const credential = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { n = '', e = '' } = credential.publicKey.export({ format: 'jwk' });
  const modulus = new Uint8Array(Buffer.from(n, 'base64url'));
  const key = new Map<CborValue, CborValue>([[1, 3], [3, -257], [-1, modulus], [-2, new Uint8Array(Buffer.from(e, 'base64url'))]]);
  const data = authData({ flags: 0x45, parts: [attested(encodeKey(key))] });
  const exponentBytes = new Uint8Array(4);
  new DataView(exponentBytes.buffer).setUint32(0, exponent);
  const pubArea = concatBytes(u16(1), u16(0x000b), new Uint8Array(4), u16(0), u16(0x0010), u16(0x0010), u16(2048), exponentBytes, sized(modulus));
  const extra = new Uint8Array(createHash('sha1').update(concatBytes(data, DEFAULT_HASH)).digest());
  const certInfo = certifyInfo(pubArea, extra);
  const sig = new Uint8Array(sign('SHA1', certInfo, aik.privateKey));
  const certificate = leaf({ key: aik, subject: [], extensions: AIK_EXTENSIONS });
  return anchored('tpm', { ver: '2.0', alg: -65535, x5c: [certificate], sig, certInfo, pubArea }, { data });
}

/** The subject alternative name of SafetyNet's certificate. */
export function dnsName(text = 'attest.android.com'): Extension {
  return { oid: '2.5.29.17', value: der(0x30, der(0x82, encodeUtf8(text))) };
}

/** What may be changed in a SafetyNet response. */
export interface SafetyNetSpec extends StatementSpec {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly edit?: (jws: string) => string;
}

export function safetyNet(spec: SafetyNetSpec = {}): RegistrationSpec {
  const certificate = leaf({ subject: [['2.5.4.3', 'attest.android.com']], extensions: [basicConstraints(false), dnsName()], ...spec.leaf });
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = { alg: 'ES256', x5c: [Buffer.from(certificate).toString('base64')], ...spec.header };
  const nonce = Buffer.from(sha256(REGISTRATION_DATA, DEFAULT_HASH)).toString('base64');
  const payload = { nonce, timestampMs: NOW - 1000, ctsProfileMatch: true, basicIntegrity: true, ...spec.payload };
  const signedText = `${part(header)}.${part(payload)}`;
  const signature = sign('SHA256', Buffer.from(signedText), { key: (spec.key ?? ATTESTATION_KEY).privateKey, dsaEncoding: 'ieee-p1363' });
  const jws = `${signedText}.${signature.toString('base64url')}`;
  return anchored('android-safetynet', { ver: '1', response: encodeUtf8(spec.edit?.(jws) ?? jws), ...spec.members }, spec.more);
}
