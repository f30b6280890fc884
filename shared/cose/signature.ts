import { type Bytes, concatBytes } from '../bytes/bytes.ts';
import { failure, type Result } from '../bytes/result.ts';
import { CURVES, type CurveName, KeyType, type SignatureScheme, findAlgorithm } from './algorithms.ts';
import type { CoseKey } from './cose-key.ts';
import { encodeSpki } from './spki.ts';

/** A public key ready to check signatures of one scheme. */
export interface VerificationKey {
  readonly scheme: SignatureScheme;
  /** Elliptic curve keys only. */
  readonly curve?: CurveName;
  /** RSA keys only: bytes of every signature (RFC 8017 §8.1.2 and §8.2.2, step 1). */
  readonly signatureLength?: number;
  /**
   * Checks a signature in WebCrypto's form. It may throw or reject where the form is impossible: call it through
   * {@link isValidSignature} or {@link isValidRawSignature}.
   */
  readonly verify: (signature: Bytes, data: Bytes) => boolean | Promise<boolean>;
}

/** Imported keys, kept by whoever wants to save the import; a `Map` is one. */
export interface VerificationKeyCache {
  get(id: string): VerificationKey | undefined;
  set(id: string, key: VerificationKey): unknown;
}

/** Why a key was not imported: this platform lacks the algorithm, or the key is none of it. */
export type ImportProblem = 'unsupported' | 'invalid';

/** Makes a public key ready to check signatures of `scheme`. All that the verifier wants of its platform's cryptography. Never rejects. */
export type KeyImporter = (material: PublicKeyMaterial, scheme: SignatureScheme) => Promise<Result<VerificationKey, ImportProblem>>;

/** Where ready keys come from. */
export interface KeySource {
  /** WebCrypto's when absent. */
  readonly importKey?: KeyImporter | undefined;
  /** Saves the import of keys that were met before. */
  readonly keyCache?: VerificationKeyCache | undefined;
}

/**
 * A public key as WebCrypto imports it: DER SubjectPublicKeyInfo for RSA; for elliptic curves the uncompressed point
 * (the 32 bytes of an Ed25519 key), whose import takes a third of the time.
 */
export type PublicKeyMaterial =
  | { readonly format: 'spki'; readonly bytes: Bytes }
  | { readonly format: 'raw'; readonly bytes: Bytes; readonly curve: CurveName };

/** Makes a decoded credential key ready to check signatures. */
export async function importCoseKey(key: CoseKey, importKey: KeyImporter): Promise<Result<VerificationKey, ImportProblem>> {
  const scheme = findAlgorithm(key.algorithm)?.scheme;
  return scheme === undefined ? failure('unsupported') : importKey(materialOf(key), scheme);
}

function materialOf(key: CoseKey): PublicKeyMaterial {
  switch (key.keyType) {
    case KeyType.ec2:
      return { format: 'raw', bytes: concatBytes(Uint8Array.of(0x04), key.x, key.y), curve: key.curve };
    case KeyType.okp:
      return { format: 'raw', bytes: key.x, curve: key.curve };
    case KeyType.rsa:
      return { format: 'spki', bytes: encodeSpki(key) };
  }
}

/**
 * Checks a signature in WebAuthn's form: DER for ECDSA (§6.5.5), raw for the others. Never rejects; a signature of
 * the wrong form is simply not valid.
 */
export async function isValidSignature(key: VerificationKey, signature: Bytes, data: Bytes): Promise<boolean> {
  if (key.scheme.name !== 'ECDSA') return isValidRawSignature(key, signature, data);
  const raw = key.curve === undefined ? undefined : decodeEcdsaSignature(signature, CURVES[key.curve].coordinateLength);
  return raw !== undefined && isValidRawSignature(key, raw, data);
}

/** Checks a signature in WebCrypto's and JOSE's form: r || s for ECDSA. Never rejects. */
export async function isValidRawSignature(key: VerificationKey, signature: Bytes, data: Bytes): Promise<boolean> {
  // OpenSSL's PSS takes shorter ones, too: one signature of 256 would have a second form.
  if (key.signatureLength !== undefined && signature.length !== key.signatureLength) return false;
  if (signature.length === 0) return false;
  try {
    return await key.verify(signature, data);
  } catch {
    // Some platforms answer "operation failed" instead of false to a signature of impossible form.
    return false;
  }
}

/**
 * Turns a DER ECDSA signature into WebCrypto's r || s. Strict: one SEQUENCE of two minimal, positive INTEGERs of at
 * most `coordinateLength` bytes, and nothing behind it.
 *
 * Source: RFC 3279 §2.2.3, X.690 §8.3 and §10.1.
 *
 * @returns `undefined` for any other form.
 */
export function decodeEcdsaSignature(der: Uint8Array, coordinateLength: number): Bytes | undefined {
  const body = derContent(der, 0x30);
  if (body?.end !== der.length) return undefined;
  const r = derContent(der, 0x02, body.start);
  if (r === undefined) return undefined;
  const s = derContent(der, 0x02, r.end);
  if (s?.end !== der.length) return undefined;
  const raw = new Uint8Array(2 * coordinateLength);
  const isPlaced =
    placeUnsigned(raw, der.subarray(r.start, r.end), coordinateLength) &&
    placeUnsigned(raw, der.subarray(s.start, s.end), 2 * coordinateLength);
  return isPlaced ? raw : undefined;
}

function derContent(der: Uint8Array, tag: number, offset = 0): { start: number; end: number } | undefined {
  const first = der[offset + 1];
  if (der[offset] !== tag || first === undefined) return undefined;
  let start = offset + 2;
  let length = first;
  if (first === 0x81) {
    // The longest signature (P-521) needs one length byte more, never two.
    length = der[start] ?? 0;
    start += 1;
    if (length < 0x80) return undefined;
  } else if (first > 0x7f) {
    return undefined;
  }
  const end = start + length;
  return end <= der.length ? { start, end } : undefined;
}

/** Writes a DER INTEGER's number so that it ends at `end`; false unless it is minimal, positive and short enough. */
function placeUnsigned(target: Bytes, content: Uint8Array, end: number): boolean {
  // By index: the iterator of a destructuring takes longer than all the rest.
  const first = content[0];
  const second = content[1];
  if (first === undefined || first > 0x7f) return false;
  if (first === 0 && (second === undefined || second < 0x80)) return false;
  const digits = first === 0 ? content.subarray(1) : content;
  if (digits.length > target.length / 2) return false;
  target.set(digits, end - digits.length);
  return true;
}
