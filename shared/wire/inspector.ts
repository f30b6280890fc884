import * as v from 'valibot';

/** What is kept of one ceremony for the popup's details. Public data only; nothing here is a secret. */

/** Characters of JSON that the details of one ceremony may take. */
export const MAX_DETAIL_SIZE = 65_536;
/** Characters of the page's options that are kept. */
export const MAX_OPTIONS_TEXT = 12_288;
/** Characters of the client data that are shown; what is exported is whole. */
export const MAX_CLIENT_DATA_TEXT = 4096;

const shortText = v.pipe(v.string(), v.maxLength(1024));
const milliseconds = v.pipe(v.number(), v.minValue(0));
const uint32 = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));

/** What happened in a ceremony, in its order: the states that ask something of the user, and our own steps between them. */
export const TimelineStep = {
  waitingForDevice: 'waitingForDevice',
  selectingDevice: 'selectingDevice',
  needsPin: 'needsPin',
  needsNewPin: 'needsNewPin',
  needsReinsert: 'needsReinsert',
  needsUv: 'needsUv',
  needsPresence: 'needsPresence',
  processing: 'processing',
  selectingCredential: 'selectingCredential',
  /** The prompt is visible, the site's name painted. */
  promptVisible: 'promptVisible',
  /** The key has answered. */
  answered: 'answered',
  /** The answer was judged. */
  judged: 'judged',
} as const;
export type TimelineStep = (typeof TimelineStep)[keyof typeof TimelineStep];

/** `at`: milliseconds since the ceremony began. */
const timeline = v.pipe(v.array(v.object({ step: v.picklist(Object.values(TimelineStep)), at: milliseconds })), v.maxLength(32));
export type Timeline = v.InferOutput<typeof timeline>;

/** A step of the verifier, or a finding of the policy (`spec` is then its place in the policy). */
const inspectedCheck = v.object({
  id: shortText,
  spec: shortText,
  state: v.picklist(['pass', 'fail', 'skip', 'policy', 'undecided']),
  detail: shortText,
});
export type InspectedCheck = v.InferOutput<typeof inspectedCheck>;

const inspection = v.object({
  /** The verifier's own, whatever the policy says. */
  verdict: v.picklist(['accepted', 'refused', 'unverifiable']),
  checks: v.pipe(v.array(inspectedCheck), v.maxLength(128)),
  /** As signed, decoded as UTF-8; cut when it is long. */
  clientData: v.pipe(v.string(), v.maxLength(MAX_CLIENT_DATA_TEXT)),
  /** Absent when it cannot be parsed. */
  authenticatorData: v.exactOptional(v.object({ flags: v.pipe(uint32, v.maxValue(255)), signCount: uint32 })),
  /** With hyphens, lower case. Of a sign-in: as at the registration, where that was seen. */
  aaguid: v.exactOptional(v.pipe(v.string(), v.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/))),
  /** From FIDO metadata, or from a list of names. */
  model: v.exactOptional(shortText),
  attestation: v.exactOptional(
    v.object({
      fmt: v.pipe(v.string(), v.maxLength(64)),
      /** `unverified`: the statement did not hold, or is of a format that is not known. */
      type: v.picklist(['none', 'self', 'certified', 'unverified']),
      isTrusted: v.boolean(),
      /** Subjects of the certificates, the signer's first. */
      certificates: v.pipe(v.array(v.pipe(v.string(), v.maxLength(256))), v.maxLength(8)),
    }),
  ),
  /** A recorded ceremony for `keystile verify` (docs/VERIFIER.md); absent where it cannot be kept. */
  recording: v.exactOptional(v.record(v.string(), v.unknown())),
});
export type CeremonyInspection = v.InferOutput<typeof inspection>;

/** The details of one ceremony. */
export const ceremonyDetailSchema = v.object({
  /** Of the summary. */
  id: shortText,
  /** The page's options as JSON: untrusted text. Inputs of extensions that are secrets are left out. */
  options: v.pipe(v.string(), v.maxLength(MAX_OPTIONS_TEXT)),
  areOptionsCut: v.boolean(),
  timeline,
  /** Absent when no key has answered. */
  inspection: v.exactOptional(inspection),
});
export type CeremonyDetail = v.InferOutput<typeof ceremonyDetailSchema>;
