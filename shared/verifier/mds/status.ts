import { decodeBase64url } from '../../bytes/base64url.ts';
import { type Bytes, equalBytes } from '../../bytes/bytes.ts';
import type { StatusReport } from './entry.ts';

/** Certification levels, the lowest first; `FIDO_CERTIFIED` is level 1 from before there were levels. */
export const CERTIFICATION_LEVELS = [
  'FIDO_CERTIFIED',
  'FIDO_CERTIFIED_L1',
  'FIDO_CERTIFIED_L1plus',
  'FIDO_CERTIFIED_L2',
  'FIDO_CERTIFIED_L2plus',
  'FIDO_CERTIFIED_L3',
  'FIDO_CERTIFIED_L3plus',
] as const;
export type CertificationLevel = (typeof CERTIFICATION_LEVELS)[number];

/** Reports after which keys of the model are not to be trusted. */
export const DENYING_STATUSES = [
  'REVOKED',
  'ATTESTATION_KEY_COMPROMISE',
  'USER_KEY_REMOTE_COMPROMISE',
  'USER_KEY_PHYSICAL_COMPROMISE',
  'USER_VERIFICATION_BYPASS',
] as const;
export type DenyingStatus = (typeof DENYING_STATUSES)[number];

/** What the reports on a model come to. */
export interface StatusJudgement {
  /** In force, for this key. Empty: nothing speaks against the model. */
  readonly denied: readonly DenyingStatus[];
  /** The highest certification in force; absent for a model that is not certified. */
  readonly certification?: CertificationLevel;
  /** Other reports in force that a person may want to know of: UPDATE_AVAILABLE, RETIRED, and whatever is not known here. */
  readonly notices: readonly string[];
}

/** Reports that say nothing by themselves. */
const SILENT: readonly string[] = ['SELF_ASSERTION_SUBMITTED', 'NOT_FIDO_CERTIFIED'];

/**
 * Judges the status reports of a model by the date from which they are in force.
 *
 * A compromise or bypass counts until the model is certified anew at a strictly later date; REVOKED counts for ever. A
 * compromise of keys that names a batch, or of attestation keys that names a certificate, counts only for keys whose
 * path has that certificate. A report without a date is in force while it is there: it denies, and certifies, but is no
 * later than any other. One with a date that cannot be read denies, but certifies nothing. A certification may end by
 * its `sunsetDate`; what speaks against a model does not.
 *
 * Source: FIDO Metadata Service v3.1.1 §3.1.3, §3.1.4.
 *
 * @param now milliseconds since 1970.
 * @param trustPath the certificates of the key's attestation with their root, DER; without any, every report counts.
 */
export function judgeStatus(reports: readonly StatusReport[], now: number, trustPath: readonly Bytes[] = []): StatusJudgement {
  const inForce = reports.map((report) => ({ ...report, since: readDate(report.effectiveDate) })).filter(({ since }) => (since ?? 0) <= now);
  const certifications = inForce.flatMap(({ status, effectiveDate, since, sunsetDate }) => {
    const level = CERTIFICATION_LEVELS.find((each) => each === status);
    const isUnreadable = effectiveDate !== undefined && since === undefined;
    const hasEnded = sunsetDate !== undefined && (readDate(sunsetDate) ?? -Infinity) <= now;
    return level === undefined || isUnreadable || hasEnded ? [] : [{ level, since }];
  });
  const latestCertification = Math.max(...certifications.map(({ since }) => since ?? -Infinity), -Infinity);
  const uncertified = Math.max(...inForce.filter(({ status }) => status === 'NOT_FIDO_CERTIFIED').map(({ since }) => since ?? 0), -Infinity);

  const denied = new Set<DenyingStatus>();
  const notices = new Set<string>();
  for (const report of inForce) {
    const denying = DENYING_STATUSES.find((each) => each === report.status);
    if (denying === undefined) {
      if (!SILENT.includes(report.status) && !CERTIFICATION_LEVELS.some((each) => each === report.status)) notices.add(report.status);
    } else if (denying === 'REVOKED' || ((report.since ?? Infinity) >= latestCertification && concerns(report, trustPath))) {
      denied.add(denying);
    }
  }
  const current = denied.has('REVOKED') ? [] : certifications.filter(({ since }) => (since ?? Infinity) >= uncertified).map(({ level }) => level);
  const certification = CERTIFICATION_LEVELS.findLast((level) => current.includes(level));
  return { denied: [...denied], notices: [...notices], ...(certification === undefined ? {} : { certification }) };
}

/** Milliseconds since 1970. */
function readDate(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** Reports that may be limited to the keys of one batch. */
const OF_KEYS: readonly string[] = ['ATTESTATION_KEY_COMPROMISE', 'USER_KEY_REMOTE_COMPROMISE', 'USER_KEY_PHYSICAL_COMPROMISE'];

function concerns({ status, certificate, batchCertificate }: StatusReport, trustPath: readonly Bytes[]): boolean {
  const named = batchCertificate ?? (status === 'ATTESTATION_KEY_COMPROMISE' ? certificate : undefined);
  if (!OF_KEYS.includes(status) || named === undefined || trustPath.length === 0) return true;
  const bytes = decodeBase64url(named);
  return bytes === undefined || trustPath.some((each) => equalBytes(each, bytes));
}
