import type { EcCurveName, EdCurveName } from './algorithms.ts';
import { isUsableEd448Key } from './ed448.ts';

interface WeierstrassCurve {
  readonly p: bigint;
  readonly a: bigint;
  readonly b: bigint;
}

// SP 800-186 §3.2.1; SEC 2 §2.4.1.
const WEIERSTRASS: Readonly<Record<EcCurveName, WeierstrassCurve>> = {
  'P-256': {
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    a: -3n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  'P-384': {
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    a: -3n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  'P-521': {
    p: (1n << 521n) - 1n,
    a: -3n,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
  secp256k1: { p: (1n << 256n) - (1n << 32n) - 977n, a: 0n, b: 7n },
};

/**
 * Tells whether the big-endian coordinates are those of a point of the curve. All these curves have cofactor 1, so such
 * a point cannot be of small order.
 */
export function isOnCurve(curve: EcCurveName, x: Uint8Array, y: Uint8Array): boolean {
  const { p, a, b } = WEIERSTRASS[curve];
  const px = toBigInt(x);
  const py = toBigInt(y);
  if (px >= p || py >= p) return false;
  return (py * py - (px * px * px + a * px + b)) % p === 0n;
}

/** Tells whether bytes encode a usable public key of an Edwards curve: canonical, on the curve, and not of small order. */
export function isUsableEdKey(curve: EdCurveName, key: Uint8Array): boolean {
  return curve === 'Ed448' ? isUsableEd448Key(key) : isUsableEd25519Key(key);
}

const ED_P = (1n << 255n) - 19n;
const ED_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const ED_SQRT_MINUS_ONE = 19681161376707505956807079304988542015446066515923890162744021073123829784752n;

/**
 * Tells whether 32 bytes encode a usable Ed25519 public key: the canonical form of a point of the curve whose order does
 * not divide 8. Under a key of small order, signatures exist that fit any message.
 *
 * Source: RFC 8032 §5.1.3 (decoding), §5.1.4 (doubling).
 */
function isUsableEd25519Key(key: Uint8Array): boolean {
  if (key.length !== 32) return false;
  const encoded = toBigInt(key.toReversed());
  const y = encoded & ((1n << 255n) - 1n);
  const sign = encoded >> 255n;
  if (y >= ED_P) return false;
  const x = recoverX(y, sign);
  if (x === undefined) return false;
  let point = { x, y, z: 1n };
  for (let doubling = 0; doubling < 3; doubling += 1) point = doubled(point);
  const isIdentity = point.x === 0n && point.y === point.z;
  return !isIdentity;
}

function recoverX(y: bigint, sign: bigint): bigint | undefined {
  const u = mod(y * y - 1n);
  const v = mod(ED_D * y * y + 1n);
  const v3 = mod(v * v * v);
  let x = mod(u * v3 * power(mod(u * v3 * v3 * v), (ED_P - 5n) / 8n));
  const vx2 = mod(v * x * x);
  if (vx2 !== u) {
    if (vx2 !== mod(-u)) return undefined;
    x = mod(x * ED_SQRT_MINUS_ONE);
  }
  if (x === 0n && sign === 1n) return undefined;
  return (x & 1n) === sign ? x : ED_P - x;
}

function doubled({ x, y, z }: { x: bigint; y: bigint; z: bigint }): { x: bigint; y: bigint; z: bigint } {
  const a = mod(x * x);
  const b = mod(y * y);
  const c = mod(2n * z * z);
  const h = a + b;
  const e = h - mod((x + y) * (x + y));
  const g = a - b;
  const f = c + g;
  return { x: mod(e * f), y: mod(g * h), z: mod(f * g) };
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

function mod(value: bigint): bigint {
  const rest = value % ED_P;
  return rest < 0n ? rest + ED_P : rest;
}

function toBigInt(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let number = 0n;
  let offset = 0;
  for (; offset + 8 <= bytes.length; offset += 8) number = (number << 64n) | view.getBigUint64(offset);
  for (; offset < bytes.length; offset += 1) number = (number << 8n) | BigInt(view.getUint8(offset));
  return number;
}
