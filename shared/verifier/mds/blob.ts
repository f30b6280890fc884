import * as v from 'valibot';

import { failure, success, type Result } from '../../bytes/result.ts';
import type { Certificate } from '../../x509/certificate.ts';
import { tryDer } from '../../x509/der.ts';
import { readHostNames } from '../../x509/general-name.ts';
import { validatePath } from '../../x509/path.ts';
import { isSignedBySigner, parseJson, parseSignedText } from './jws.ts';
import { MetadataIndex } from './metadata-index.ts';

/** A verified metadata BLOB. */
export interface MetadataBlob {
  /** Serial number; a newer BLOB has a higher one. */
  readonly no: number;
  /** Milliseconds since 1970. After it the BLOB is stale: still valid, but a newer one should be there. */
  readonly nextUpdate: number;
  readonly index: MetadataIndex;
}

/** What a BLOB is verified against. */
export interface BlobOptions {
  /** The given root (or roots). */
  readonly anchors: readonly Certificate[];
  /** Milliseconds since 1970; the certificates must be valid then. */
  readonly now: number;
  /**
   * DNS name that the signer's certificate must be for. The real root issues certificates to everybody, so without the
   * name everybody could sign. Absent only for a root that signs nothing else.
   */
  readonly signerName?: string;
  /** `no` of the BLOB before: an older one is refused, the same one is not. */
  readonly previousNo?: number;
}

/** Why a BLOB was refused. */
export interface BlobError {
  readonly kind: 'blob';
  readonly problem: 'malformed' | 'signature' | 'untrusted' | 'older';
  readonly detail: string;
}

/** The real one has three million characters. */
const MAX_TEXT = 64 * 1024 * 1024;

const payloadSchema = v.object({
  no: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  nextUpdate: v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}$/)),
  entries: v.pipe(v.array(v.unknown()), v.maxLength(100_000)),
});

/**
 * Verifies a FIDO metadata BLOB and indexes its entries. Never rejects.
 *
 * Source: FIDO Metadata Service v3.0 §3.1.6 (BLOB), §3.2 (processing rules).
 */
export async function verifyMetadataBlob(text: string, options: BlobOptions): Promise<Result<MetadataBlob, BlobError>> {
  if (text.length > MAX_TEXT) return refused('malformed', 'It is too large.');
  const parsed = parseSignedText(text.trim());
  if (!parsed.ok) return refused('malformed', parsed.error);
  const signed = parsed.value;
  const path = await validatePath(signed.certificates, { anchors: options.anchors, now: options.now });
  if (!path.ok) return refused('untrusted', path.error.detail);
  const [signer] = signed.certificates;
  const hosts = signer && tryDer(() => readHostNames(signer));
  if (options.signerName !== undefined && hosts?.includes(options.signerName.toLowerCase()) !== true) {
    return refused('untrusted', `The signer's certificate is not for ${options.signerName}.`);
  }
  if (signer?.keyUsage?.digitalSignature === false) return refused('untrusted', 'The signer may not make signatures.');
  if (!(await isSignedBySigner(signed))) return refused('signature', 'The signature is not valid.');
  const payload = v.safeParse(payloadSchema, parseJson(signed.payload), { abortEarly: true });
  if (!payload.success) return refused('malformed', `Not valid: ${v.getDotPath(payload.issues[0]) ?? 'the content'}.`);
  const { no, nextUpdate, entries } = payload.output;
  const date = Date.parse(nextUpdate);
  if (Number.isNaN(date)) return refused('malformed', 'Not valid: nextUpdate.');
  if (options.previousNo !== undefined && no < options.previousNo) {
    return refused('older', `Its number ${no.toString()} is lower than ${options.previousNo.toString()}, the last one.`);
  }
  return success({ no, nextUpdate: date, index: new MetadataIndex(entries) });
}

function refused(problem: BlobError['problem'], detail: string): Result<never, BlobError> {
  return failure({ kind: 'blob', problem, detail });
}
