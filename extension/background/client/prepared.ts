import type { CeremonyKind, CeremonyReason, CeremonyState } from '../../../shared/wire/ceremony-state.ts';
import type { CeremonyInspection } from '../../../shared/wire/inspector.ts';
import type { FailedCheck } from '../../../shared/wire/ui.ts';
import type { VerificationReport, Verdict } from '../../../shared/verifier/report.ts';
import type { HostSession } from '../native-port.ts';
import type { Caller } from '../sender.ts';

/** What a ceremony gets for its one run. */
export interface CeremonyRun {
  /** The id by which inputs name the ceremony to the host. */
  readonly id: string;
  /** Milliseconds that are left. */
  readonly timeout: number;
  readonly promptVisible: boolean;
  /** Aborted when nobody waits for the result any more. */
  readonly signal: AbortSignal;
  readonly onState: (state: CeremonyState) => void;
  /** The host has answered; what follows is judging. */
  readonly onAnswer: () => void;
  /** The user has not withheld the attestation; asked when there is one. */
  readonly isAttestationShared: () => boolean;
}

/** The verifier's judgement in short. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly failedChecks: readonly FailedCheck[];
  /** The key said that it gave an enterprise attestation. */
  readonly enterpriseAttestation?: true;
  /** All that there is to show; put together only when it is kept, after the page's answer. Absent when no key has answered. */
  readonly inspect?: () => Promise<CeremonyInspection>;
}

/** How a run ended. */
export type Performed =
  | {
      readonly outcome: 'credential';
      /** RegistrationResponseJSON or AuthenticationResponseJSON, for the page. */
      readonly credential: unknown;
      readonly judgement: Judgement;
      /** Stores what must be kept; to be called when the page has its answer. */
      readonly keep: () => Promise<void>;
    }
  | {
      readonly outcome: 'refused';
      readonly reason: typeof CeremonyReason.refused | typeof CeremonyReason.refusedByPolicy;
      readonly judgement: Judgement;
      /** Registration: the credential may be on the key; its ID (base64url), where the key has told it. */
      readonly orphan?: { readonly credentialId?: string };
    }
  | { readonly outcome: 'failed'; readonly reason: CeremonyReason };

/** A request that passed every check that needs no authenticator. */
export interface PreparedCeremony {
  readonly kind: CeremonyKind;
  readonly caller: Caller;
  readonly rpId: string;
  /** Registration: the account that the site names. Untrusted text. */
  readonly userName?: string;
  /** Registration: the site wants an attestation of this kind; the user may withhold it. */
  readonly attestation?: 'direct' | 'enterprise';
  /** Milliseconds, clamped. */
  readonly timeout: number;
  /**
   * Asks the host for an authenticator's answer and verifies it. Never rejects. The request is on its way when this
   * returns its promise, so that inputs can follow at once.
   */
  perform(session: HostSession, run: CeremonyRun): Promise<Performed>;
}

/** Shortens a report to what the prompt and the popup show. */
export function summarise({ verdict, checks }: VerificationReport): Judgement {
  const failedChecks = checks
    .filter(({ state }) => state === 'fail')
    .slice(0, 64)
    .map(({ id, spec, detail }) => ({ id, spec, detail: detail.slice(0, 1024) }));
  return { verdict, failedChecks };
}
