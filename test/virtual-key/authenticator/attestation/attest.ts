import { type Bytes, concatBytes } from '../../../../shared/bytes/bytes.ts';
import type { CborMap, CborValue } from '../../../../shared/cbor/value.ts';
import { signWith } from '../credential-key.ts';
import type { Credential } from '../credential-store.ts';
import type { KeyState } from '../key-state.ts';

/** Attestation statement and its format. */
export interface AttestationStatement {
  readonly fmt: 'none' | 'packed';
  readonly attStmt: CborMap;
}

/**
 * Attests a new credential in the way that the settings say. Source: WebAuthn L3 §8.2, §8.7; CTAP 2.2 §6.1.2, the last
 * steps (attestationFormatsPreference).
 *
 * @param preference formats in the platform's order; empty: as the key likes.
 */
export function attest(
  state: KeyState,
  credential: Credential,
  { authenticatorData, clientDataHash }: { readonly authenticatorData: Bytes; readonly clientDataHash: Bytes },
  preference: readonly string[] = [],
): AttestationStatement {
  const { attestation, attestationFormats = [] } = state.settings;
  const preferred = preference.find((format) => attestationFormats.some((known) => known === format));
  const signed = concatBytes(authenticatorData, clientDataHash);
  switch (preferred === 'none' ? 'none' : attestation) {
    case 'none':
      return { fmt: 'none', attStmt: new Map<CborValue, CborValue>() };
    case 'self':
      return packed(credential.key.algorithm, signWith(credential.key, signed));
    case 'x5c': {
      const { key, certificate } = state.identity();
      return packed(key.algorithm, signWith(key, signed), [certificate]);
    }
  }
}

function packed(algorithm: number, signature: Bytes, x5c?: readonly Bytes[]): AttestationStatement {
  const attStmt = new Map<CborValue, CborValue>([
    ['alg', algorithm],
    ['sig', signature],
  ]);
  if (x5c !== undefined) attStmt.set('x5c', x5c);
  return { fmt: 'packed', attStmt };
}
