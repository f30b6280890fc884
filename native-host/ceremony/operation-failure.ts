/**
 * How an operation on a key can fail, as far as a ceremony goes on differently. `error-map.ts` maps every status byte
 * and transport problem here.
 */
export const OperationFailure = {
  /** The key is gone. */
  disconnected: 'disconnected',
  /** The exchange was cancelled: by us, or by another program on the same key. */
  cancelled: 'cancelled',
  accessDenied: 'accessDenied',
  busy: 'busy',
  credentialExcluded: 'credentialExcluded',
  noCredentials: 'noCredentials',
  /** The user declined on the key. */
  denied: 'denied',
  /** The key's own time limit for a touch has passed. */
  userTimeout: 'userTimeout',
  pinInvalid: 'pinInvalid',
  pinBlocked: 'pinBlocked',
  /** No PIN is taken until the key's power was cut. */
  pinAuthBlocked: 'pinAuthBlocked',
  /** The token (or the proof made with it) was not accepted. */
  tokenRefused: 'tokenRefused',
  pinNotSet: 'pinNotSet',
  pinPolicyViolation: 'pinPolicyViolation',
  /** The key does nothing without user verification. */
  uvDemanded: 'uvDemanded',
  uvInvalid: 'uvInvalid',
  uvBlocked: 'uvBlocked',
  notAllowed: 'notAllowed',
  keyStoreFull: 'keyStoreFull',
  /** The request, which means its list, is longer than the key takes. */
  requestTooLong: 'requestTooLong',
  unsupportedAlgorithm: 'unsupportedAlgorithm',
  unsupportedOption: 'unsupportedOption',
  /** Everything else: an unexpected status, broken framing, a stalled key. */
  deviceError: 'deviceError',
} as const;
export type OperationFailure = (typeof OperationFailure)[keyof typeof OperationFailure];
