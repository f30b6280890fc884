import * as v from 'valibot';

/** What a ceremony is for: making a credential, or signing in with one. */
export const CeremonyKind = { registration: 'registration', authentication: 'authentication' } as const;
export type CeremonyKind = (typeof CeremonyKind)[keyof typeof CeremonyKind];

/** Why a ceremony failed. The prompt has a text for each; the page learns only what WebAuthn lets it learn. */
export const CeremonyReason = {
  /** The user cancelled in the prompt. */
  cancelledByUser: 'cancelledByUser',
  /** The page, the tab or the browser ended the request. */
  cancelled: 'cancelled',
  /** The request's time ran out. */
  timeout: 'timeout',
  /** The key (touched) already holds a credential of the exclude list. */
  credentialExcluded: 'credentialExcluded',
  /** The key (touched) holds no credential that the site accepts. */
  noCredentials: 'noCredentials',
  /** Eight wrong PINs: the key must be reset. */
  pinBlocked: 'pinBlocked',
  /** The new PIN broke a rule of the key's that it did not tell beforehand. */
  pinPolicyViolation: 'pinPolicyViolation',
  /** The key's own user verification is blocked and it has no PIN. */
  uvBlocked: 'uvBlocked',
  /** The key has no room for another credential. */
  keyStoreFull: 'keyStoreFull',
  /** The key supports none of the algorithms that the site accepts. */
  unsupportedAlgorithm: 'unsupportedAlgorithm',
  /** The site needs a discoverable credential or user verification, and the key can do neither. */
  unsupportedRequirement: 'unsupportedRequirement',
  /** The key was unplugged or taken off the reader. */
  deviceRemoved: 'deviceRemoved',
  /** The user declined on the key, or let its own time limit pass. */
  deniedOnDevice: 'deniedOnDevice',
  /** The key answered with an error or broke its protocol. */
  deviceError: 'deviceError',
  /** No transport can be used on this machine (libraries or services missing). */
  transportUnavailable: 'transportUnavailable',
  /** The native host went away in the middle of the ceremony. */
  hostLost: 'hostLost',
  /** The organisation's policy does not allow it: the request, or this key. */
  refusedByPolicy: 'refusedByPolicy',
  /** The verifier refused the response; it was not forwarded. */
  refused: 'refused',
  /** A fault of Keystile's own. */
  internal: 'internal',
} as const;
export type CeremonyReason = (typeof CeremonyReason)[keyof typeof CeremonyReason];

/** Why the PIN is asked for: at first, again after a wrong one, or after the key was inserted again. */
export const PinReason = { needed: 'needed', wrong: 'wrong', reinserted: 'reinserted' } as const;
export type PinReason = (typeof PinReason)[keyof typeof PinReason];

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const shortText = v.pipe(v.string(), v.maxLength(256));

/** A key as the prompt names it. */
export const deviceSummarySchema = v.object({
  transport: v.picklist(['usb', 'nfc', 'udp']),
  productName: shortText,
  /**
   * A card that lay on its reader before the request: it takes no part until its owner says so (`useCard` with this
   * `productName`, which is the reader's) or lays it down anew.
   */
  waitsForConsent: v.exactOptional(v.literal(true)),
});
export type DeviceSummary = v.InferOutput<typeof deviceSummarySchema>;

/** Something that keeps a key from being used, with what to do about it. */
export const deviceProblemSchema = v.object({
  problem: v.picklist(['accessDenied', 'busy', 'unavailable']),
  transport: v.picklist(['usb', 'nfc', 'udp']),
  detail: v.pipe(v.string(), v.maxLength(1024)),
});
export type DeviceProblem = v.InferOutput<typeof deviceProblemSchema>;

/** An account to choose from, when one key holds several for the site. Names may be empty: keys tell them only after user verification. */
export const accountEntrySchema = v.object({
  index: count,
  name: shortText,
  displayName: shortText,
});
export type AccountEntry = v.InferOutput<typeof accountEntrySchema>;

/**
 * The public state of a ceremony, a projection of the host's machine: everything a prompt needs, no secret.
 * `pinRetries` is absent where the key does not tell.
 */
export const ceremonyStateSchema = v.variant('state', [
  v.object({ state: v.literal('waitingForDevice'), problems: v.pipe(v.array(deviceProblemSchema), v.maxLength(16)) }),
  v.object({ state: v.literal('selectingDevice'), devices: v.pipe(v.array(deviceSummarySchema), v.maxLength(32)) }),
  v.object({
    state: v.literal('needsPin'),
    reason: v.picklist(Object.values(PinReason)),
    pinRetries: v.optional(count),
    device: deviceSummarySchema,
  }),
  v.object({
    state: v.literal('needsNewPin'),
    /** Unicode code points. */
    minLength: count,
    /** `tooShort` or `tooLong` when the one just entered was refused. */
    problem: v.optional(v.picklist(['tooShort', 'tooLong', 'policy'])),
    device: deviceSummarySchema,
  }),
  /**
   * The key has to be unplugged (lifted off the reader) and put back. `locked`: after three wrong PINs in a row it takes
   * no more before. `presentBefore`: it lay there before, so that nothing shows that its owner means this request; saying
   * so in the prompt (`useCard`) does as well.
   */
  v.object({
    state: v.literal('needsReinsert'),
    reason: v.picklist(['locked', 'presentBefore']),
    pinRetries: v.optional(count),
    device: deviceSummarySchema,
  }),
  v.object({ state: v.literal('needsUv'), uvRetries: v.optional(count), device: deviceSummarySchema }),
  v.object({ state: v.literal('needsPresence'), device: deviceSummarySchema }),
  v.object({ state: v.literal('processing'), device: v.optional(deviceSummarySchema) }),
  v.object({ state: v.literal('selectingCredential'), entries: v.pipe(v.array(accountEntrySchema), v.maxLength(256)) }),
  v.object({ state: v.literal('succeeded') }),
  v.object({ state: v.literal('failed'), reason: v.picklist(Object.values(CeremonyReason)) }),
]);
export type CeremonyState = v.InferOutput<typeof ceremonyStateSchema>;
