import type { Bytes } from './bytes.ts';

// FIPS 180-4 §4.2.2 and §5.3.3: fractional parts of the cube and square roots of the first primes.
const ROUND_CONSTANTS = /* @__PURE__ */ rootFractions(64, 1 / 3);
const INITIAL_STATE = /* @__PURE__ */ rootFractions(8, 1 / 2);
// Written anew for each block before it is read; one for all, because making it takes as long as filling it.
const schedule = /* @__PURE__ */ new Int32Array(64);

/**
 * SHA-256 (FIPS 180-4 §6.2), computed at once. For short inputs such as client data: WebCrypto's digest is a trip
 * through a thread pool that costs more than the hash.
 */
export function sha256(...parts: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  // A one bit, zeros, and the length in bits (64, of which 53 can be used) fill up the last block.
  const padded = new Uint8Array(((length + 72) >> 6) << 6);
  let offset = 0;
  for (const part of parts) {
    padded.set(part, offset);
    offset += part.length;
  }
  padded[length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(length / 0x2000_0000));
  view.setUint32(padded.length - 4, length << 3);

  const state = new Int32Array(INITIAL_STATE);
  for (let block = 0; block < padded.length; block += 64) {
    for (let index = 0; index < 16; index += 1) schedule[index] = view.getInt32(block + 4 * index);
    compress(state);
  }
  const digest = new Uint8Array(32);
  const output = new DataView(digest.buffer);
  for (let index = 0; index < 8; index += 1) output.setInt32(4 * index, state[index] ?? 0);
  return digest;
}

// The innermost loop of everything that is verified: plain indexes, because iterators take several times as long.
function compress(state: Int32Array): void {
  for (let index = 16; index < 64; index += 1) {
    const early = schedule[index - 15] ?? 0;
    const late = schedule[index - 2] ?? 0;
    const sigma0 = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
    const sigma1 = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
    schedule[index] = ((schedule[index - 16] ?? 0) + sigma0 + (schedule[index - 7] ?? 0) + sigma1) | 0;
  }
  let a = state[0] ?? 0;
  let b = state[1] ?? 0;
  let c = state[2] ?? 0;
  let d = state[3] ?? 0;
  let e = state[4] ?? 0;
  let f = state[5] ?? 0;
  let g = state[6] ?? 0;
  let h = state[7] ?? 0;
  for (let index = 0; index < 64; index += 1) {
    const sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const first = (h + sum1 + ((e & f) ^ (~e & g)) + (ROUND_CONSTANTS[index] ?? 0) + (schedule[index] ?? 0)) | 0;
    const sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const second = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0] = (state[0] ?? 0) + a;
  state[1] = (state[1] ?? 0) + b;
  state[2] = (state[2] ?? 0) + c;
  state[3] = (state[3] ?? 0) + d;
  state[4] = (state[4] ?? 0) + e;
  state[5] = (state[5] ?? 0) + f;
  state[6] = (state[6] ?? 0) + g;
  state[7] = (state[7] ?? 0) + h;
}

function rotated(word: number, count: number): number {
  return (word >>> count) | (word << (32 - count));
}

/** First 32 bits of the fractional parts of the roots of the first `count` primes. Doubles have enough digits for that. */
function rootFractions(count: number, exponent: number): Int32Array {
  const fractions = new Int32Array(count);
  let found = 0;
  for (let candidate = 2; found < count; candidate += 1) {
    let divisor = 2;
    while (divisor * divisor <= candidate && candidate % divisor !== 0) divisor += 1;
    if (divisor * divisor <= candidate) continue;
    const root = candidate ** exponent;
    fractions[found] = (root - Math.floor(root)) * 0x1_0000_0000;
    found += 1;
  }
  return fractions;
}
