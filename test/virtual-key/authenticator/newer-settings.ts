import type { Protocol } from './settings.ts';

/** Attestation formats that the key can tell apart in attestationFormatsPreference. */
export const ATTESTATION_FORMATS = ['packed', 'none'] as const;
type AttestationFormat = (typeof ATTESTATION_FORMATS)[number];

/** Ways by which a key can take a reset. */
export const RESET_TRANSPORTS = ['usb', 'nfc'] as const;

/** What came with CTAP 2.2 and 2.3; `undefined` leaves the member out of getInfo. Source: CTAP 2.3 §6.4, members 0x16 to 0x1F. */
export interface NewerSettings {
  readonly attestationFormats: readonly AttestationFormat[] | undefined;
  readonly longTouchForReset: boolean;
  readonly transportsForReset: readonly (typeof RESET_TRANSPORTS)[number][] | undefined;
  /** The key refuses PINs of one character repeated; false: it could, but does not. */
  readonly pinComplexityPolicy: boolean | undefined;
  readonly pinComplexityPolicyUrl: string | undefined;
  /** Unicode code points. */
  readonly maxPinLength: number | undefined;
}

/** What a good current key of that generation has of it. */
export function defaultNewerSettings(protocol: Protocol): NewerSettings {
  const isNew = speaks(protocol, 2);
  return {
    attestationFormats: isNew ? ATTESTATION_FORMATS : undefined,
    longTouchForReset: false,
    transportsForReset: undefined,
    pinComplexityPolicy: isNew ? false : undefined,
    pinComplexityPolicyUrl: undefined,
    maxPinLength: isNew ? 63 : undefined,
  };
}

const MINOR_VERSIONS: Readonly<Record<Protocol, number>> = {
  'ctap1/u2f': -1,
  ctap2: 0,
  ctap2_1: 1,
  ctap2_2: 2,
  ctap2_3: 3,
};

/** The key speaks CTAP 2.`minor` or a later version. */
export function speaks(protocol: Protocol, minor: 1 | 2 | 3): boolean {
  return MINOR_VERSIONS[protocol] >= minor;
}
