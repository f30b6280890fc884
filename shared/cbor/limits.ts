/** Bounds on one CBOR item: bytes in all, levels of arrays and maps, items in all. */
export interface CborLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly maxItems: number;
}

/**
 * Enough for every CTAP message (7609 bytes over HID, more over NFC) and attestation object, small enough that no
 * decoding takes noticeable time or memory.
 */
export const DEFAULT_CBOR_LIMITS: CborLimits = { maxBytes: 262_144, maxDepth: 16, maxItems: 16_384 };

/** What can be wrong with CBOR bytes. */
export const CborProblem = {
  tooLarge: 'tooLarge',
  truncated: 'truncated',
  trailingBytes: 'trailingBytes',
  tooDeep: 'tooDeep',
  tooManyItems: 'tooManyItems',
  indefiniteLength: 'indefiniteLength',
  tag: 'tag',
  unsupported: 'unsupported',
  duplicateKey: 'duplicateKey',
  notCanonical: 'notCanonical',
} as const;
export type CborProblem = (typeof CborProblem)[keyof typeof CborProblem];

/** Why bytes were refused; `offset` is where in the input the offending item starts. */
export interface CborError {
  readonly kind: 'cbor';
  readonly problem: CborProblem;
  readonly offset: number;
  readonly message: string;
}

const TEXTS: Readonly<Record<CborProblem, string>> = {
  tooLarge: 'The CBOR data is larger than allowed',
  truncated: 'The CBOR data ends in the middle of an item',
  trailingBytes: 'Bytes follow the CBOR item',
  tooDeep: 'The CBOR data is nested deeper than allowed',
  tooManyItems: 'The CBOR data has more items than allowed',
  indefiniteLength: 'The CBOR data has an item of indefinite length',
  tag: 'The CBOR data has a tag',
  unsupported: 'The CBOR data has a reserved or unsupported item',
  duplicateKey: 'A CBOR map has the same key twice',
  notCanonical: 'The CBOR data is not in CTAP2 canonical form',
};

/** Builds the error for a problem found at `offset`. */
export function cborError(problem: CborProblem, offset: number): CborError {
  return { kind: 'cbor', problem, offset, message: `${TEXTS[problem]} (at offset ${offset.toString()}).` };
}
