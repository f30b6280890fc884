import { verifyAndroidKey } from './android-key.ts';
import { verifyAndroidSafetynet } from './android-safetynet.ts';
import { verifyApple } from './apple.ts';
import { compoundVerifier } from './compound.ts';
import { verifyFidoU2f } from './fido-u2f.ts';
import type { AttestationVerifier } from './format.ts';
import { verifyNone } from './none.ts';
import { verifyPacked } from './packed.ts';
import { verifyTpm } from './tpm.ts';

// A Map, so that a format called "toString" finds nothing.
const FORMATS: ReadonlyMap<string, AttestationVerifier> = /* @__PURE__ */ new Map<string, AttestationVerifier>([
  ['none', verifyNone],
  ['packed', verifyPacked],
  ['fido-u2f', verifyFidoU2f],
  ['tpm', verifyTpm],
  ['android-key', verifyAndroidKey],
  ['android-safetynet', verifyAndroidSafetynet],
  ['apple', verifyApple],
  ['compound', /* @__PURE__ */ compoundVerifier(findAttestationVerifier)],
]);

/** The verifier of an attestation statement format, by exact name. */
export function findAttestationVerifier(fmt: string): AttestationVerifier | undefined {
  return FORMATS.get(fmt);
}
