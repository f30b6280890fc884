import * as v from 'valibot';

const word = v.pipe(v.string(), v.maxLength(256));
const words = v.pipe(v.array(word), v.maxLength(256), v.readonly());
const text = v.pipe(v.string(), v.maxLength(2048));
const certificate = v.pipe(v.string(), v.maxLength(16_384), v.regex(/^[A-Za-z0-9_-]*$/));
const date = v.pipe(v.number(), v.integer());

/** An entry of the FIDO metadata: `MetadataEntry` of `shared/verifier/mds/entry.ts` on the wire. */
const metadataEntry = v.object({
  description: text,
  icon: v.exactOptional(v.pipe(v.string(), v.maxLength(65_536))),
  protocolFamily: word,
  attestationTypes: words,
  /** DER, base64url. */
  anchors: v.pipe(v.array(certificate), v.maxLength(256), v.readonly()),
  statusReports: v.pipe(
    v.array(
      v.object({
        status: word,
        effectiveDate: v.optional(word),
        sunsetDate: v.optional(word),
        certificate: v.optional(certificate),
        batchCertificate: v.optional(certificate),
        url: v.optional(text),
      }),
    ),
    v.maxLength(512),
    v.readonly(),
  ),
  userVerificationMethods: words,
  getInfo: v.exactOptional(v.object({ versions: words, extensions: words, options: v.record(word, v.boolean()) })),
});

/** Parameters and result of `metadata.lookup`. */
export const metadataLookup = {
  params: v.object({
    /** Hexadecimal digits in lower case, as metadata has it. */
    aaguid: v.exactOptional(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))),
    /** Of the attestation certificates; they count for keys without an AAGUID only. */
    keyIdentifiers: v.exactOptional(v.pipe(v.array(v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/))), v.maxLength(8))),
    /** The answer is worth waiting for an update that is under way, ten seconds at most, where nothing current is there. */
    waits: v.exactOptional(v.literal(true)),
  }),
  result: v.object({
    /** Of the metadata as a whole. Times in milliseconds since 1970. */
    status: v.variant('state', [
      v.object({ state: v.literal('none'), detail: text }),
      v.object({ state: v.picklist(['current', 'stale']), no: v.pipe(v.number(), v.integer()), nextUpdate: date }),
    ]),
    /** The model's name from a list that proves nothing; the entry's description is better where there is one. */
    name: v.exactOptional(text),
    entry: v.exactOptional(metadataEntry),
    /** There is an entry, but not one that can be read. */
    unusable: v.exactOptional(text),
  }),
  events: {},
} as const;

/** What the host tells of a model. */
export type MetadataLookup = v.InferOutput<typeof metadataLookup.result>;
