import { CHECKS, type Ceremony, type CheckId } from './checks.ts';

/** What became of one step. */
export const CheckState = {
  pass: 'pass',
  fail: 'fail',
  /** Not applicable, or not possible; `detail` says which. */
  skip: 'skip',
  /** The specification leaves the judgement to the Relying Party; `detail` says what there is to judge. */
  policy: 'policy',
} as const;
export type CheckState = (typeof CheckState)[keyof typeof CheckState];

/** The judgement on a response. */
export const Verdict = {
  accepted: 'accepted',
  /** At least one step failed. */
  refused: 'refused',
  /** No step failed, but one that matters could not be carried out (unknown key, algorithm or format). */
  unverifiable: 'unverifiable',
} as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** One step of the verification. `spec` names its place in WebAuthn Level 3. */
export interface Check {
  readonly id: CheckId;
  readonly spec: string;
  readonly state: CheckState;
  /** In plain words, without secrets; for the inspector and the prompt. */
  readonly detail: string;
}

/** The judgement with all its steps, in the order in which they were carried out. */
export interface VerificationReport {
  readonly verdict: Verdict;
  readonly checks: readonly Check[];
}

/** Collects the steps of one verification and draws the verdict from them. */
export class Checklist {
  readonly #ceremony: Ceremony;
  readonly #checks: Check[] = [];
  #isVerifiable = true;
  #hasFailed = false;

  constructor(ceremony: Ceremony) {
    this.#ceremony = ceremony;
  }

  /** Records pass or fail by `condition`, and returns it. */
  check(id: CheckId, condition: boolean, passDetail: string, failDetail: string): boolean {
    if (condition) this.pass(id, passDetail);
    else this.fail(id, failDetail);
    return condition;
  }

  pass(id: CheckId, detail: string): void {
    this.#add(id, CheckState.pass, detail);
  }

  fail(id: CheckId, detail: string): void {
    this.#hasFailed = true;
    this.#add(id, CheckState.fail, detail);
  }

  /** The step does not apply; the verdict does not depend on it. */
  skip(id: CheckId, detail: string): void {
    this.#add(id, CheckState.skip, detail);
  }

  policy(id: CheckId, detail: string): void {
    this.#add(id, CheckState.policy, detail);
  }

  /** The step matters but cannot be carried out: without a failure, the verdict becomes `unverifiable`. */
  unverifiable(id: CheckId, detail: string): void {
    this.#isVerifiable = false;
    this.#add(id, CheckState.skip, detail);
  }

  /** No step has failed, and none that matters was left out. */
  get isClean(): boolean {
    return this.#isVerifiable && !this.#hasFailed;
  }

  report(): VerificationReport {
    const undecided = this.#isVerifiable ? Verdict.accepted : Verdict.unverifiable;
    return { verdict: this.#hasFailed ? Verdict.refused : undecided, checks: [...this.#checks] };
  }

  #add(id: CheckId, state: CheckState, detail: string): void {
    this.#checks.push({ id, spec: CHECKS[id][this.#ceremony], state, detail });
  }
}
