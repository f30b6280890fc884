import { type Bytes, copyBytes } from '../bytes/bytes.ts';
import { CURVES, type CurveName, type EcCurveName, type EdCurveName, KeyType, type SignatureScheme } from '../cose/algorithms.ts';
import { rsaProblem } from '../cose/cose-key.ts';
import { isOnCurve, isUsableEdKey } from '../cose/curves.ts';
import type { PublicKeyMaterial } from '../cose/signature.ts';
import { encodeSpki } from '../cose/spki.ts';
import {
  DerError,
  type DerElement,
  DerReader,
  DerTag,
  decodeBitString,
  decodeInteger,
  decodeObjectIdentifier,
  readWhole,
} from './der.ts';
import { Oid } from './oid.ts';
import { RSASSA_PSS, readPssScheme } from './pss.ts';

/** A certificate's public key: DER SubjectPublicKeyInfo, and the key itself where its type is known. */
export interface SubjectPublicKey {
  readonly spki: Bytes;
  readonly known?: KnownPublicKey;
}

/** A key of a type that can make signatures here. */
export interface KnownPublicKey {
  readonly keyType: KeyType;
  readonly material: PublicKeyMaterial;
  readonly curve?: CurveName;
  /** RSA keys for RSASSA-PSS only: the one scheme they allow, or any of that name. */
  readonly pssOnly?: SignatureScheme | 'any';
}

const KEY_TYPES: Readonly<Record<SignatureScheme['name'], KeyType>> = {
  ECDSA: KeyType.ec2,
  Ed25519: KeyType.okp,
  Ed448: KeyType.okp,
  'RSASSA-PKCS1-v1_5': KeyType.rsa,
  'RSA-PSS': KeyType.rsa,
};

const CURVES_BY_OID: ReadonlyMap<string, EcCurveName> = /* @__PURE__ */ new Map([
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384'],
  ['1.3.132.0.35', 'P-521'],
  ['1.3.132.0.10', 'secp256k1'],
]);

/**
 * Reads a SubjectPublicKeyInfo. Keys of known type must be sound: on the curve and uncompressed, of sufficient order,
 * an RSA modulus of 2048 bits or more. Keys of other types are kept as bytes.
 *
 * Source: RFC 5280 §4.1.2.7, RFC 5480 §2, RFC 8017 §A.1.1, RFC 4055 §3.1, RFC 8410 §4.
 */
export function readSubjectPublicKey(element: DerElement): SubjectPublicKey {
  const reader = new DerReader(element.content);
  const algorithm = new DerReader(reader.read(DerTag.sequence).content);
  const oid = decodeObjectIdentifier(algorithm.read(DerTag.objectIdentifier));
  const key = decodeBitString(reader.read(DerTag.bitString));
  reader.end();
  if (key.unusedBits !== 0) throw new DerError('The public key is not whole bytes.');
  const spki = copyBytes(element.encoded);
  switch (oid) {
    case Oid.ecPublicKey: {
      const parameters = algorithm.readAny();
      algorithm.end();
      const curve = parameters.tag === DerTag.objectIdentifier ? CURVES_BY_OID.get(decodeObjectIdentifier(parameters)) : undefined;
      if (curve === undefined) return { spki };
      checkPoint(curve, key.bytes);
      return { spki, known: { keyType: KeyType.ec2, curve, material: { format: 'raw', bytes: key.bytes, curve } } };
    }
    case Oid.rsaEncryption:
      if ((algorithm.readOptional(DerTag.null)?.content.length ?? 0) > 0) throw new DerError('A NULL is not empty.');
      algorithm.end();
      return { spki, known: { keyType: KeyType.rsa, material: readRsa(key.bytes) } };
    case RSASSA_PSS: {
      const parameters = algorithm.nextTag === undefined ? undefined : algorithm.readAny().encoded;
      algorithm.end();
      const pssOnly = parameters === undefined ? 'any' : readPssScheme(parameters);
      if (pssOnly === undefined) return { spki };
      return { spki, known: { keyType: KeyType.rsa, material: readRsa(key.bytes), pssOnly } };
    }
    case Oid.ed25519:
    case Oid.ed448: {
      algorithm.end();
      const curve: EdCurveName = oid === Oid.ed448 ? 'Ed448' : 'Ed25519';
      if (!isUsableEdKey(curve, key.bytes)) throw new DerError(`The ${curve} key is not usable.`);
      return { spki, known: { keyType: KeyType.okp, curve, material: { format: 'raw', bytes: key.bytes, curve } } };
    }
    default:
      return { spki };
  }
}

/** The key ready for import, if a key of its kind can make signatures of the scheme. */
export function materialFor({ known }: SubjectPublicKey, scheme: SignatureScheme): PublicKeyMaterial | undefined {
  if (known?.keyType !== KEY_TYPES[scheme.name]) return undefined;
  if (known.pssOnly !== undefined && !allows(known.pssOnly, scheme)) return undefined;
  return known.keyType === KeyType.okp && known.curve !== scheme.name ? undefined : known.material;
}

function allows(pssOnly: SignatureScheme | 'any', scheme: SignatureScheme): boolean {
  if (scheme.name !== 'RSA-PSS') return false;
  return pssOnly === 'any' || (pssOnly.name === 'RSA-PSS' && pssOnly.hash === scheme.hash);
}

function checkPoint(curve: EcCurveName, point: Uint8Array): void {
  const length = CURVES[curve].coordinateLength;
  const isOnIt =
    point[0] === 0x04 &&
    point.length === 1 + 2 * length &&
    isOnCurve(curve, point.subarray(1, 1 + length), point.subarray(1 + length));
  if (!isOnIt) throw new DerError(`The public key is no uncompressed point of ${curve}.`);
}

/** Under the general identifier with its NULL: WebCrypto takes RSA keys under no other, and Chromium's not without the NULL. */
function readRsa(bytes: Uint8Array): PublicKeyMaterial {
  const reader = readWhole(bytes, DerTag.sequence);
  const [n, e] = [readUnsigned(reader), readUnsigned(reader)];
  reader.end();
  const problem = rsaProblem(n, e);
  if (problem !== undefined) throw new DerError(problem);
  return { format: 'spki', bytes: encodeSpki({ keyType: KeyType.rsa, n, e }) };
}

function readUnsigned(reader: DerReader): Bytes {
  const bytes = decodeInteger(reader.read(DerTag.integer));
  if ((bytes[0] ?? 0) >= 0x80) throw new DerError('An RSA number is negative.');
  return bytes[0] === 0 ? bytes.subarray(1) : bytes;
}
