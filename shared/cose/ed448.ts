const P = (1n << 448n) - (1n << 224n) - 1n;
const MINUS_D = 39081n;

/**
 * Tells whether 57 bytes encode a usable Ed448 public key: the canonical form of a point of the curve whose order does
 * not divide 4. Those of such an order are the ones whose y is 0, 1 or -1.
 *
 * Source: RFC 8032 §5.2.3 (decoding); RFC 7748 §4.2 (the curve, of cofactor 4).
 */
export function isUsableEd448Key(key: Uint8Array): boolean {
  // The last byte holds nothing but the sign of x.
  if (key.length !== 57 || ((key[56] ?? 0) & 0x7f) !== 0) return false;
  let digits = '0x';
  for (const byte of key.subarray(0, 56).toReversed()) digits += byte.toString(16).padStart(2, '0');
  const y = BigInt(digits);
  if (y >= P || y <= 1n || y === P - 1n) return false;
  // x² = (y² - 1) / (dy² - 1) has a root if numerator times denominator has one.
  const square = (y * y) % P;
  return isSquare((square - 1n + P) * (P - 1n - ((MINUS_D * square) % P)));
}

/** Euler's criterion; zero does not occur here. */
function isSquare(value: bigint): boolean {
  let result = 1n;
  let power = value % P;
  for (let rest = (P - 1n) / 2n; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * power) % P;
    power = (power * power) % P;
  }
  return result === 1n;
}
