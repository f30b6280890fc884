import type { NistCurveName } from './algorithms.ts';

/** A short Weierstrass curve y² = x³ - 3x + b with cofactor 1. Source: SP 800-186 §3.2.1. */
interface Curve {
  readonly p: bigint;
  readonly n: bigint;
  readonly b: bigint;
  readonly gx: bigint;
  readonly gy: bigint;
}

const CURVES: Readonly<Record<NistCurveName, Curve>> = {
  'P-256': {
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    gx: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    gy: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  },
  'P-384': {
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    gx: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
    gy: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
  },
  'P-521': {
    p: (1n << 521n) - 1n,
    n: 0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
    gx: 0xc6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66n,
    gy: 0x11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650n,
  },
};

/** A point of a curve, never the point at infinity. */
export interface EcPoint {
  readonly x: bigint;
  readonly y: bigint;
}

/** In Jacobian coordinates; z = 0 is the point at infinity. */
interface Jacobian {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
}

const INFINITY: Jacobian = { x: 1n, y: 1n, z: 0n };

/**
 * The public keys under which an ECDSA signature is valid: with R a point whose x is r (two, for each of the few x that
 * r can stand for), they are r⁻¹(sR - eG). Everything here is public, so no care is taken with time.
 *
 * Source: SEC 1 v2.0 §4.1.6.
 *
 * @param e the leftmost bits of the hash, as many as the order has.
 */
export function recoverPublicKeys(name: NistCurveName, r: bigint, s: bigint, e: bigint): readonly EcPoint[] {
  const curve = CURVES[name];
  const { p, n, gx, gy } = curve;
  if (r < 1n || r >= n || s < 1n || s >= n) return [];
  const inverse = invert(r, n);
  const found: EcPoint[] = [];
  for (let x = r; x < p; x += n) {
    const y = squareRoot(x * x * x - 3n * x + curve.b, p);
    if (y === undefined) continue;
    for (const candidate of new Set([y, mod(-y, p)])) {
      const left = multiply({ x, y: candidate, z: 1n }, mod(s * inverse, n), p);
      const right = multiply({ x: gx, y: gy, z: 1n }, mod(-e * inverse, n), p);
      const sum = toAffine(add(left, right, p), p);
      if (sum !== undefined) found.push(sum);
    }
  }
  return found;
}

/** Bits of the curve's order. */
export function orderBits(name: NistCurveName): number {
  return CURVES[name].n.toString(2).length;
}

function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = mod(base, modulus);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** By Fermat's theorem: the moduli are primes. */
function invert(value: bigint, modulus: bigint): bigint {
  return power(value, modulus - 2n, modulus);
}

/** All three primes are 3 modulo 4. */
function squareRoot(value: bigint, p: bigint): bigint | undefined {
  const square = mod(value, p);
  const root = power(square, (p + 1n) / 4n, p);
  return (root * root) % p === square ? root : undefined;
}

function multiply(point: Jacobian, scalar: bigint, p: bigint): Jacobian {
  let result = INFINITY;
  for (const bit of scalar.toString(2)) {
    result = double(result, p);
    if (bit === '1') result = add(result, point, p);
  }
  return result;
}

function double({ x, y, z }: Jacobian, p: bigint): Jacobian {
  if (z === 0n || y === 0n) return INFINITY;
  const delta = (z * z) % p;
  const gamma = (y * y) % p;
  const beta = (x * gamma) % p;
  const alpha = mod(3n * (x - delta) * (x + delta), p);
  const nextX = mod(alpha * alpha - 8n * beta, p);
  return {
    x: nextX,
    y: mod(alpha * (4n * beta - nextX) - 8n * gamma * gamma, p),
    z: mod((y + z) * (y + z) - gamma - delta, p),
  };
}

function add(left: Jacobian, right: Jacobian, p: bigint): Jacobian {
  if (left.z === 0n) return right;
  if (right.z === 0n) return left;
  const leftZ2 = (left.z * left.z) % p;
  const rightZ2 = (right.z * right.z) % p;
  const u1 = (left.x * rightZ2) % p;
  const u2 = (right.x * leftZ2) % p;
  const s1 = (left.y * rightZ2 * right.z) % p;
  const s2 = (right.y * leftZ2 * left.z) % p;
  const h = mod(u2 - u1, p);
  const t = mod(s2 - s1, p);
  if (h === 0n) return t === 0n ? double(left, p) : INFINITY;
  const h2 = (h * h) % p;
  const h3 = (h2 * h) % p;
  const v = (u1 * h2) % p;
  const x = mod(t * t - h3 - 2n * v, p);
  return { x, y: mod(t * (v - x) - s1 * h3, p), z: (left.z * right.z * h) % p };
}

function toAffine({ x, y, z }: Jacobian, p: bigint): EcPoint | undefined {
  if (z === 0n) return undefined;
  const inverse = invert(z, p);
  const square = (inverse * inverse) % p;
  return { x: (x * square) % p, y: (y * square * inverse) % p };
}
