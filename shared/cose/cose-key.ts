import type { Bytes } from '../bytes/bytes.ts';
import { failure, success, type Result } from '../bytes/result.ts';
import { decodeCborStrict } from '../cbor/codec.ts';
import { type CborMap, type CborValue, isCborMap } from '../cbor/value.ts';
import { type AlgorithmInfo, CURVES, type EcCurveName, type EdCurveName, KeyType, algorithmName, findAlgorithm } from './algorithms.ts';
import { isOnCurve, isUsableEdKey } from './curves.ts';
import { reportedKeyProblem } from './reported-key.ts';

/** A public key on a short Weierstrass curve; coordinates are big-endian and of full length. */
export interface Ec2Key {
  readonly keyType: typeof KeyType.ec2;
  readonly algorithm: number;
  readonly curve: EcCurveName;
  readonly x: Bytes;
  readonly y: Bytes;
}

/** An Edwards curve's public key. */
export interface OkpKey {
  readonly keyType: typeof KeyType.okp;
  readonly algorithm: number;
  readonly curve: EdCurveName;
  /** 32 bytes; of Ed448 57. */
  readonly x: Bytes;
}

/** An RSA public key; both numbers are big-endian without leading zero bytes. */
export interface RsaKey {
  readonly keyType: typeof KeyType.rsa;
  readonly algorithm: number;
  readonly n: Bytes;
  readonly e: Bytes;
}

/** A decoded and checked COSE_Key. */
export type CoseKey = Ec2Key | OkpKey | RsaKey;

/** Why a key was refused. */
export const CoseKeyProblem = {
  /** Not a COSE_Key in CTAP2 canonical form, or with members that do not belong there. */
  malformed: 'malformed',
  /** Key type, algorithm and curve do not go together. */
  mismatch: 'mismatch',
  /** Lengths or values that no sound key has: off the curve, of small order, too short. */
  unsound: 'unsound',
  /** In order as far as one can tell, but of an algorithm that cannot be checked here. */
  unsupported: 'unsupported',
} as const;
export type CoseKeyProblem = (typeof CoseKeyProblem)[keyof typeof CoseKeyProblem];

/** The refusal of a key; `algorithm` is there when the key named one. */
export interface CoseKeyError {
  readonly kind: 'coseKey';
  readonly problem: CoseKeyProblem;
  readonly detail: string;
  readonly algorithm?: number;
}

// Labels of COSE_Key members: RFC 9052 §7.1, RFC 9053 §7, RFC 8230 §4.
const Label = { kty: 1, alg: 3, crv: -1, x: -2, y: -3, n: -1, e: -2 } as const;

// RFC 8230 §6.1 asks for 2048 bits at least; the upper bound keeps hostile keys from taking minutes.
const MIN_RSA_BYTES = 256;
const MAX_RSA_BYTES = 1024;
const MAX_RSA_EXPONENT_BYTES = 8;

/**
 * Decodes a credential public key. It must be canonical CBOR, carry exactly the members that its type requires (a
 * private member or any optional one is refused), and be a sound key of the algorithm it names.
 *
 * Source: WebAuthn L3 §6.5.1.1 (form), §5.8.5 (algorithm and curve), RFC 9053 §7.
 *
 * @param isOfTpm the key comes with a TPM's statement, where RS1 is known, too.
 */
export function decodeCoseKey(bytes: Uint8Array, isOfTpm = false): Result<CoseKey, CoseKeyError> {
  const decoded = decodeCborStrict(bytes);
  if (!decoded.ok) return refused(CoseKeyProblem.malformed, decoded.error.message);
  const map = decoded.value;
  if (!isCborMap(map)) return refused(CoseKeyProblem.malformed, 'The key is not a map.');
  const algorithm = map.get(Label.alg);
  if (typeof algorithm !== 'number') return refused(CoseKeyProblem.malformed, 'The key names no algorithm.');
  const info = findAlgorithm(algorithm);
  // A key whose signatures cannot be checked may still be no key of its algorithm.
  const isUsable = info !== undefined && (info.scheme ?? (isOfTpm ? info.tpmScheme : undefined)) !== undefined;
  const result = isUsable ? decodeKeyOf(info, map) : decodeReported(algorithm, map);
  return result.ok ? result : failure({ ...result.error, algorithm });
}

function decodeReported(algorithm: number, map: CborMap): Result<never, CoseKeyError> {
  const found = reportedKeyProblem(algorithm, map);
  return found === undefined
    ? refused(CoseKeyProblem.unsupported, `${algorithmName(algorithm)} cannot be checked.`)
    : refused(found.problem, found.detail);
}

function decodeKeyOf(info: AlgorithmInfo, map: CborMap): Result<CoseKey, CoseKeyError> {
  if (map.get(Label.kty) !== info.keyType) {
    return refused(CoseKeyProblem.mismatch, `The key type does not belong to ${info.name}.`);
  }
  if (info.keyType === KeyType.rsa) return decodeRsa(info.id, map);
  const { curve } = info;
  if (curve === undefined || map.get(Label.crv) !== CURVES[curve].id) {
    return refused(CoseKeyProblem.mismatch, `The curve does not belong to ${info.name}.`);
  }
  return curve === 'Ed25519' || curve === 'Ed448' ? decodeOkp(info.id, curve, map) : decodeEc2(info.id, curve, map);
}

function decodeEc2(algorithm: number, curve: EcCurveName, map: CborMap): Result<CoseKey, CoseKeyError> {
  const x = map.get(Label.x);
  const y = map.get(Label.y);
  const length = CURVES[curve].coordinateLength;
  if (!isByteString(x) || !isByteString(y)) return refused(CoseKeyProblem.malformed, 'x or y is not a byte string.');
  if (map.size !== 5) return refused(CoseKeyProblem.malformed, 'The key has members that it should not have.');
  if (x.length !== length || y.length !== length) {
    return refused(CoseKeyProblem.unsound, `A coordinate does not have ${length.toString()} bytes.`);
  }
  if (!isOnCurve(curve, x, y)) return refused(CoseKeyProblem.unsound, `The point is not on ${curve}.`);
  return success({ keyType: KeyType.ec2, algorithm, curve, x, y });
}

function decodeOkp(algorithm: number, curve: EdCurveName, map: CborMap): Result<CoseKey, CoseKeyError> {
  const x = map.get(Label.x);
  if (!isByteString(x)) return refused(CoseKeyProblem.malformed, 'x is not a byte string.');
  if (map.size !== 4) return refused(CoseKeyProblem.malformed, 'The key has members that it should not have.');
  if (!isUsableEdKey(curve, x)) return refused(CoseKeyProblem.unsound, `x is no ${curve} point of sufficient order.`);
  return success({ keyType: KeyType.okp, algorithm, curve, x });
}

function decodeRsa(algorithm: number, map: CborMap): Result<CoseKey, CoseKeyError> {
  const n = map.get(Label.n);
  const e = map.get(Label.e);
  if (!isByteString(n) || !isByteString(e)) return refused(CoseKeyProblem.malformed, 'n or e is not a byte string.');
  if (map.size !== 4) return refused(CoseKeyProblem.malformed, 'The key has members that it should not have.');
  if (n[0] === 0 || e[0] === 0) return refused(CoseKeyProblem.malformed, 'n or e has leading zero bytes.');
  const problem = rsaProblem(n, e);
  return problem === undefined
    ? success({ keyType: KeyType.rsa, algorithm, n, e })
    : refused(CoseKeyProblem.unsound, problem);
}

/** What makes an RSA public key (big-endian, no leading zeros) unsound, if anything does. */
export function rsaProblem(n: Uint8Array, e: Uint8Array): string | undefined {
  if (n.length < MIN_RSA_BYTES || n.length > MAX_RSA_BYTES) return 'The modulus has an unusual length.';
  if (n.length === MIN_RSA_BYTES && ((n[0] ?? 0) & 0x80) === 0) return 'The modulus is shorter than 2048 bits.';
  const isOdd = (number: Uint8Array): boolean => ((number.at(-1) ?? 0) & 1) === 1;
  if (!isOdd(n) || !isOdd(e)) return 'The modulus or the exponent is even.';
  if (e.length === 0 || e.length > MAX_RSA_EXPONENT_BYTES) return 'The exponent has an unusual length.';
  return e.length === 1 && (e[0] ?? 0) < 3 ? 'The exponent is too small.' : undefined;
}

function isByteString(value: CborValue): value is Bytes {
  return value instanceof Uint8Array;
}

function refused(problem: CoseKeyProblem, detail: string, algorithm?: number): Result<never, CoseKeyError> {
  return failure({ kind: 'coseKey', problem, detail, ...(algorithm === undefined ? {} : { algorithm }) });
}
