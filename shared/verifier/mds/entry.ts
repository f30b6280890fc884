import * as v from 'valibot';

import { decodeBase64 } from '../../bytes/base64.ts';
import { encodeBase64url } from '../../bytes/base64url.ts';
import { failure, success, type Result } from '../../bytes/result.ts';

const word = v.pipe(v.string(), v.maxLength(256));
const words = v.pipe(v.array(word), v.maxLength(256));
/** A certificate in base64, which vendors break into lines, becomes canonical base64url. */
const certificate = v.pipe(
  v.string(),
  v.maxLength(16_384),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const bytes = decodeBase64(dataset.value.replace(/\s+/g, ''));
    if (bytes !== undefined) return encodeBase64url(bytes);
    addIssue({ message: 'not base64' });
    return NEVER;
  }),
);

/** A date that cannot be read is one all the same: without one a report would certify. */
const date = v.optional(v.fallback(word, 'unreadable'));

// One odd member must not keep a report from counting: without the certificate it counts for every key.
const statusReport = v.object({
  status: word,
  /** ISO date. Absent: while the report is there. */
  effectiveDate: date,
  /** ISO date from which the report counts no more. */
  sunsetDate: date,
  /** The certificate that a compromise of attestation keys is limited to. */
  certificate: v.fallback(v.optional(certificate), undefined),
  /** The batch that a compromise of keys is limited to. */
  batchCertificate: v.fallback(v.optional(certificate), undefined),
  url: v.fallback(v.optional(v.pipe(v.string(), v.maxLength(2048))), undefined),
});

const entrySchema = v.object({
  statusReports: v.pipe(v.array(statusReport), v.maxLength(256)),
  metadataStatement: v.optional(
    v.object({
      // For reading only: whatever form they have, nothing depends on them.
      description: v.fallback(v.pipe(v.string(), v.transform((text) => text.slice(0, 1024))), ''),
      icon: v.fallback(v.optional(v.string()), undefined),
      userVerificationDetails: v.fallback(v.array(v.array(v.object({ userVerificationMethod: word }))), []),
      protocolFamily: v.optional(word, ''),
      attestationTypes: v.optional(words, []),
      /** Empty for one that cannot be read. */
      attestationRootCertificates: v.optional(v.pipe(v.array(v.fallback(certificate, '')), v.maxLength(256)), []),
      authenticatorGetInfo: v.optional(
        v.object({
          versions: v.optional(words, []),
          extensions: v.optional(words, []),
          options: v.optional(v.record(word, v.boolean()), {}),
        }),
      ),
    }),
  ),
});

/** A report on the status of an authenticator model. Source: FIDO Metadata Service v3.1.1 §3.1.3. */
export type StatusReport = Readonly<v.InferOutput<typeof statusReport>>;

/** What a model's getInfo answers, as far as its maker has published it. */
export interface PublishedGetInfo {
  readonly versions: readonly string[];
  readonly extensions: readonly string[];
  readonly options: Readonly<Record<string, boolean>>;
}

/** What the metadata says of a model. Certificates are DER in base64url. */
export interface MetadataEntry {
  readonly description: string;
  /** `data:` URL of a PNG. */
  readonly icon?: string;
  /** `fido2`, `u2f` or `uaf`. */
  readonly protocolFamily: string;
  readonly attestationTypes: readonly string[];
  readonly anchors: readonly string[];
  readonly statusReports: readonly StatusReport[];
  readonly userVerificationMethods: readonly string[];
  readonly getInfo?: PublishedGetInfo;
}

/** A longer icon is left out: it is decoration, and has to cross to the browser. */
const MAX_ICON = 65_536;

/**
 * Decodes an entry of the BLOB. What is not known is passed over; what is known, is judged by, and has another form makes
 * the entry unusable.
 *
 * Source: FIDO Metadata Service v3.0 §3.1.1; FIDO Metadata Statement v3.0 §4.
 */
export function decodeMetadataEntry(value: unknown): Result<MetadataEntry, string> {
  const decoded = v.safeParse(entrySchema, value, { abortEarly: true });
  if (!decoded.success) return failure(`${v.getDotPath(decoded.issues[0]) ?? 'the entry'}: ${decoded.issues[0].message}`);
  const { statusReports, metadataStatement: statement } = decoded.output;
  if (statement === undefined) return failure('metadataStatement: there is none');
  const { description, icon, protocolFamily, attestationTypes, attestationRootCertificates, authenticatorGetInfo } = statement;
  const methods = statement.userVerificationDetails.flat().map(({ userVerificationMethod }) => userVerificationMethod);
  return success({
    description,
    protocolFamily,
    attestationTypes,
    anchors: attestationRootCertificates.filter((anchor) => anchor !== ''),
    statusReports,
    userVerificationMethods: [...new Set(methods)].slice(0, 32),
    ...(icon?.startsWith('data:image/png;base64,') === true && icon.length <= MAX_ICON ? { icon } : {}),
    ...(authenticatorGetInfo === undefined ? {} : { getInfo: authenticatorGetInfo }),
  });
}
