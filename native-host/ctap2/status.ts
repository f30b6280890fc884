/**
 * Status bytes that a key answers with, by name.
 *
 * Source: CTAP 2.2 §8.2 "Status codes".
 */
export const CtapStatus = {
  success: 0x00,
  invalidCommand: 0x01,
  invalidParameter: 0x02,
  invalidLength: 0x03,
  invalidSeq: 0x04,
  timeout: 0x05,
  channelBusy: 0x06,
  lockRequired: 0x0a,
  invalidChannel: 0x0b,
  cborUnexpectedType: 0x11,
  invalidCbor: 0x12,
  missingParameter: 0x14,
  limitExceeded: 0x15,
  /** CTAP 2.0 only. */
  unsupportedExtension: 0x16,
  fpDatabaseFull: 0x17,
  largeBlobStorageFull: 0x18,
  credentialExcluded: 0x19,
  processing: 0x21,
  invalidCredential: 0x22,
  userActionPending: 0x23,
  operationPending: 0x24,
  noOperations: 0x25,
  unsupportedAlgorithm: 0x26,
  operationDenied: 0x27,
  keyStoreFull: 0x28,
  /** CTAP 2.0 only. */
  notBusy: 0x29,
  /** CTAP 2.0 only. */
  noOperationPending: 0x2a,
  unsupportedOption: 0x2b,
  invalidOption: 0x2c,
  keepaliveCancel: 0x2d,
  noCredentials: 0x2e,
  userActionTimeout: 0x2f,
  notAllowed: 0x30,
  pinInvalid: 0x31,
  pinBlocked: 0x32,
  pinAuthInvalid: 0x33,
  pinAuthBlocked: 0x34,
  pinNotSet: 0x35,
  puatRequired: 0x36,
  pinPolicyViolation: 0x37,
  /** CTAP 2.0 only. */
  pinTokenExpired: 0x38,
  requestTooLarge: 0x39,
  actionTimeout: 0x3a,
  upRequired: 0x3b,
  uvBlocked: 0x3c,
  integrityFailure: 0x3d,
  invalidSubcommand: 0x3e,
  uvInvalid: 0x3f,
  unauthorizedPermission: 0x40,
  other: 0x7f,
  specLast: 0xdf,
  extensionFirst: 0xe0,
  extensionLast: 0xef,
  vendorFirst: 0xf0,
  vendorLast: 0xff,
} as const;

/** The name of a status byte in the specification's words, or `unknown(0xNN)`. */
export type CtapStatusName = keyof typeof CtapStatus | `unknown(0x${string})`;

const NAMES: ReadonlyMap<number, keyof typeof CtapStatus> = /* @__PURE__ */ new Map(
  Object.entries(CtapStatus).map(([name, status]) => [status, name as keyof typeof CtapStatus]),
);

/** Names a status byte; every byte has a name. */
export function ctapStatusName(status: number): CtapStatusName {
  return NAMES.get(status) ?? `unknown(0x${status.toString(16).padStart(2, '0')})`;
}
