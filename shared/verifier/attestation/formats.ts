import type { AttestationVerifier } from './format.ts';
import { verifyNone } from './none.ts';
import { verifyPacked } from './packed.ts';

// A Map, so that a format called "toString" finds nothing.
const FORMATS: ReadonlyMap<string, AttestationVerifier> = /* @__PURE__ */ new Map<string, AttestationVerifier>([
  ['none', verifyNone],
  ['packed', verifyPacked],
]);

/** The verifier of an attestation statement format, by exact name. */
export function findAttestationVerifier(fmt: string): AttestationVerifier | undefined {
  return FORMATS.get(fmt);
}

/** Whether a text can name a format: 1 to 32 printable ASCII characters without quotation mark and backslash (L3 §8.1). */
export function isFormatName(fmt: string): boolean {
  return /^[!#-[\]-~]{1,32}$/.test(fmt);
}
