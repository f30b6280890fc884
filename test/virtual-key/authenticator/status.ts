/** CTAP status bytes that the virtual key answers. Source: CTAP 2.1 §8.2 "Status codes". */
export const CtapStatus = {
  ok: 0x00,
  invalidCommand: 0x01,
  invalidParameter: 0x02,
  invalidLength: 0x03,
  cborUnexpectedType: 0x11,
  invalidCbor: 0x12,
  missingParameter: 0x14,
  limitExceeded: 0x15,
  fpDatabaseFull: 0x17,
  credentialExcluded: 0x19,
  invalidCredential: 0x22,
  unsupportedAlgorithm: 0x26,
  operationDenied: 0x27,
  keyStoreFull: 0x28,
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
  /** CTAP 2.0 calls it PIN_REQUIRED. */
  puatRequired: 0x36,
  pinPolicyViolation: 0x37,
  requestTooLarge: 0x39,
  uvBlocked: 0x3c,
  integrityFailure: 0x3d,
  invalidSubcommand: 0x3e,
  uvInvalid: 0x3f,
  unauthorizedPermission: 0x40,
  other: 0x7f,
} as const;
export type CtapStatus = (typeof CtapStatus)[keyof typeof CtapStatus];

/**
 * Ends a command with a status byte. Thrown anywhere below the command processor, which alone catches it: a refusal
 * ends the whole command from whatever depth, and no step after it may run.
 */
export class CtapFailure extends Error {
  override readonly name = 'CtapFailure';
  readonly status: number;

  constructor(status: number) {
    super(`CTAP status 0x${status.toString(16).padStart(2, '0')}`);
    this.status = status;
  }
}
