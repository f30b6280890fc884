import {
  evaluateRequest,
  keyRequirements,
  type PolicyFinding,
  type PolicyJudgement,
} from '../../../shared/policy/evaluate.ts';
import { PolicyMode, type SiteRule } from '../../../shared/policy/policy.ts';
import { type VerificationReport, Verdict } from '../../../shared/verifier/report.ts';
import { Requirement } from '../../../shared/webauthn/options.ts';
import { type CeremonyKind, CeremonyReason } from '../../../shared/wire/ceremony-state.ts';
import type { ParamsOf } from '../../../shared/wire/hop.ts';
import type { NativeHop } from '../../../shared/wire/native.ts';
import type { RequestFailure } from '../../../shared/wire/requester.ts';
import type { FailedCheck } from '../../../shared/wire/ui.ts';
import { reasonOfHostFailure } from './host-failure.ts';
import { type Judgement, type Performed, summarise } from './prepared.ts';

/** What the policy makes of a request before any key is asked. Without a rule, or with one that only warns, nothing. */
export interface SitePolicy {
  readonly mode: PolicyMode;
  readonly rule: SiteRule | undefined;
  /** The request is refused whatever the key. */
  readonly refusal: Performed | undefined;
  /** For the host, to be spread into the request. */
  readonly requirements: Pick<ParamsOf<NativeHop, 'registration.start'>, 'requirements'>;
  /** At least what the policy asks for. */
  userVerification(requested: Requirement): Requirement;
  /** Those that the policy allows. */
  algorithms(offered: readonly number[]): readonly number[];
}

/** Applies a rule to one request. */
export function applyRule(rule: SiteRule | undefined, kind: CeremonyKind): SitePolicy {
  const enforced = rule?.mode === PolicyMode.enforce ? rule : undefined;
  const judged = enforced && evaluateRequest(enforced, kind);
  const { aaguids = [], residentKey = false, hmacSecret = false } = enforced === undefined ? {} : keyRequirements(enforced, kind);
  const allowed = enforced?.algorithms;
  return {
    mode: rule?.mode ?? PolicyMode.enforce,
    rule: rule?.mode === PolicyMode.off ? undefined : rule,
    refusal: judged?.decision === 'refused' ? refusedByPolicy(failedOf(judged.findings)) : undefined,
    requirements: aaguids.length > 0 || residentKey || hmacSecret ? { requirements: { aaguids, residentKey, hmacSecret } } : {},
    userVerification: (requested) => (enforced?.requireUserVerification === true ? Requirement.required : requested),
    algorithms: (offered) => (allowed === undefined ? offered : offered.filter((algorithm) => allowed.includes(algorithm))),
  };
}

/** How a request that the host did not fulfil ended. */
export function performedOfHostFailure(failure: RequestFailure<NativeHop>, { rule }: SitePolicy): Performed {
  const reason = reasonOfHostFailure(failure);
  if (reason !== CeremonyReason.refusedByPolicy || failure.kind !== 'error') return { outcome: 'failed', reason };
  return refusedByPolicy([{ id: 'policy.keyRestrictions', spec: rule?.path ?? 'policy', detail: failure.error.message }]);
}

/** No key may be used at all. */
export function refusedByPolicy(failedChecks: readonly FailedCheck[]): Performed {
  return { outcome: 'refused', reason: CeremonyReason.refusedByPolicy, judgement: { verdict: Verdict.refused, failedChecks } };
}

type HeldReason = Extract<Performed, { outcome: 'refused' }>['reason'];

/** The verifier's report and the policy's judgement in one. `held`: it does not go to the page. */
export function judgeTogether(
  report: VerificationReport,
  judged: PolicyJudgement | undefined,
  mode: PolicyMode,
): { readonly judgement: Judgement; readonly held: HeldReason | undefined } {
  const verified = summarise(report);
  const failedChecks = [...verified.failedChecks, ...failedOf(judged?.findings ?? [])].slice(0, 64);
  const isRefused = verified.verdict === Verdict.refused || judged?.decision === 'refused';
  const isOpen = verified.verdict === Verdict.unverifiable || judged?.decision === 'undecided';
  const judgement = { verdict: isRefused ? Verdict.refused : isOpen ? Verdict.unverifiable : Verdict.accepted, failedChecks };
  if (!isRefused || mode !== PolicyMode.enforce) return { judgement, held: undefined };
  return { judgement, held: verified.verdict === Verdict.refused ? CeremonyReason.refused : CeremonyReason.refusedByPolicy };
}

function failedOf(findings: readonly PolicyFinding[]): readonly FailedCheck[] {
  return findings
    .filter(({ state }) => state === 'fail')
    .map(({ id, path, detail }) => ({ id, spec: path.slice(0, 1024), detail: detail.slice(0, 1024) }));
}
