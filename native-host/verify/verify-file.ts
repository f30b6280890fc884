import { failure, success, type Result } from '../../shared/bytes/result.ts';
import type { KeyImporter, KeySource, VerificationKey } from '../../shared/cose/signature.ts';
import { importByWebCrypto } from '../../shared/cose/web-crypto.ts';
import { CheckState, type VerificationReport, Verdict } from '../../shared/verifier/report.ts';
import { verifyAuthentication } from '../../shared/verifier/verify-authentication.ts';
import { verifyRegistration } from '../../shared/verifier/verify-registration.ts';
import { decodeRecordedCeremony, type EntryProblem, type RecordedCeremony } from './entry.ts';

/** The judgement on one entry. */
export interface EntryResult {
  readonly name: string;
  readonly verdict: Verdict;
  /** IDs of the checks that failed. */
  readonly failed: readonly string[];
  /** Milliseconds that the verification took. */
  readonly ms: number;
}

/** The judgement on a file. */
export interface FileResult {
  readonly results: readonly EntryResult[];
  readonly totals: Readonly<Record<'entries' | Verdict | 'notJudged', number>>;
  /** Entries that are no recorded ceremony, and why. */
  readonly notJudged: readonly EntryProblem[];
}

/** Of a file without entries. */
export const NOTHING_JUDGED: FileResult = {
  results: [],
  totals: { entries: 0, accepted: 0, refused: 0, unverifiable: 0, notJudged: 0 },
  notJudged: [],
};

/**
 * Judges the recorded ceremonies of a file: one JSON object, or an array of them.
 *
 * @returns an error, in plain words, when the text is not JSON.
 */
export async function verifyFile(text: string, now: number, importKey: KeyImporter = importByWebCrypto): Promise<Result<FileResult, string>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return failure('The file is not JSON.');
  }
  const keys: KeySource = { importKey, keyCache: new Map<string, VerificationKey>() };
  const results: EntryResult[] = [];
  const notJudged: EntryProblem[] = [];
  for (const [index, value] of (Array.isArray(parsed) ? (parsed as unknown[]) : [parsed]).entries()) {
    const ceremony = decodeRecordedCeremony(value, `entry ${(index + 1).toString()}`, now);
    if (ceremony.ok) results.push(await judge(ceremony.value, keys));
    else notJudged.push(ceremony.error);
  }
  const count = (verdict: Verdict): number => results.filter((result) => result.verdict === verdict).length;
  return success({
    results,
    totals: {
      entries: results.length + notJudged.length,
      accepted: count(Verdict.accepted),
      refused: count(Verdict.refused),
      unverifiable: count(Verdict.unverifiable),
      notJudged: notJudged.length,
    },
    notJudged,
  });
}

async function judge(ceremony: RecordedCeremony, keys: KeySource): Promise<EntryResult> {
  const start = performance.now();
  const { verdict, checks } = await verify(ceremony, keys);
  const failed = checks.filter(({ state }) => state === CheckState.fail).map(({ id }) => id);
  return { name: ceremony.name, verdict, failed: [...new Set(failed)], ms: Number((performance.now() - start).toFixed(3)) };
}

async function verify(ceremony: RecordedCeremony, keys: KeySource): Promise<VerificationReport> {
  const { report } =
    ceremony.kind === 'registration'
      ? await verifyRegistration({ ...ceremony.input, ...keys })
      : await verifyAuthentication({ ...ceremony.input, ...keys });
  return report;
}
