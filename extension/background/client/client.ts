import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import { toPageError, type WebauthnError, webauthnError, WebauthnErrorName } from '../../../shared/webauthn/errors.ts';
import type { OptionLimits } from '../../../shared/webauthn/options.ts';
import { CeremonyKind } from '../../../shared/wire/ceremony-state.ts';
import { type PageError, StandAsideReason } from '../../../shared/wire/page.ts';
import type { FrameFacts } from '../../../shared/wire/runtime.ts';
import type { CeremonySummary } from '../../../shared/wire/ui.ts';
import type { Ceremonies } from '../ceremonies.ts';
import type { CeremonyOutcome } from '../ceremony.ts';
import type { CredentialStore } from '../credential-store.ts';
import type { ManagedSettings } from '../managed-settings.ts';
import type { NativeHost } from '../native-port.ts';
import type { PolicySource } from '../policy.ts';
import { randomId } from '../random-id.ts';
import type { Recorder } from '../recorder.ts';
import { type Caller, narrowCaller, type SenderProblem } from '../sender.ts';
import type { Settings } from '../settings.ts';
import { findSite } from '../site-patterns.ts';
import { prepareCreate } from './create.ts';
import { describeCeremony } from './detail.ts';
import { prepareGet } from './get.ts';
import { pageErrorOf } from './host-failure.ts';
import type { PreparedCeremony } from './prepared.ts';
import type { RelatedOrigins } from './related-origins.ts';
import { resolveRpId } from './rp-id.ts';

/** A call of `create()` or `get()`, from whatever source. */
export interface ClientCall {
  readonly kind: CeremonyKind;
  /** Options in JSON form, undecoded. */
  readonly options: unknown;
  readonly frame: FrameFacts;
  readonly caller: Promise<Result<Caller, SenderProblem>>;
  /** Aborted when the page no longer waits. */
  readonly signal: AbortSignal;
}

/** What the page gets. */
export type ClientAnswer = Result<
  | { outcome: 'credential'; credential: unknown }
  | { outcome: 'standAside'; reason: StandAsideReason },
  PageError
>;

/** The WebAuthn client. Sources of requests call it; it never rejects but for a fault of its own. */
export interface Client {
  call(call: ClientCall): Promise<ClientAnswer>;
}

/** What the client works with. */
export interface ClientServices {
  readonly host: NativeHost;
  readonly ceremonies: Ceremonies;
  readonly store: CredentialStore;
  readonly settings: Settings;
  readonly managed: ManagedSettings;
  readonly recorder: Recorder;
  readonly limits: OptionLimits;
  readonly relatedOrigins: RelatedOrigins;
  readonly policy: Pick<PolicySource, 'current' | 'loaded' | 'delivered'>;
  readonly reportFault: (fault: unknown, where: string) => void;
}

type Decision = CeremonyOutcome | { readonly outcome: 'error'; readonly error: WebauthnError };

/** Builds the client. Source: WebAuthn L3 §5.1.3, §5.1.4.2. */
export function createClient(services: ClientServices): Client {
  const { host, ceremonies, store, settings, managed, recorder } = services;

  async function decide({ kind, options, frame, signal }: ClientCall, caller: Result<Caller, SenderProblem>): Promise<Decision> {
    if (settings.values.paused) return standAside(StandAsideReason.paused);
    if (caller.ok && isExcluded(caller.value)) return standAside(StandAsideReason.excluded);
    // Started before anything else is looked at, so that the host is up when it is needed.
    const connecting = host.connect();
    const prepared = await check(kind, options, frame, caller, signal);
    if (!prepared.ok && prepared.error.outcome === 'error') {
      // Without a host the browser's own function finds its own errors.
      return (await connecting).ok ? prepared.error : standAside(StandAsideReason.hostUnavailable);
    }
    return prepared.ok ? ceremonies.run(prepared.value, signal) : prepared.error;
  }

  /** Every check that needs no authenticator. */
  async function check(
    kind: CeremonyKind,
    options: unknown,
    frame: FrameFacts,
    resolved: Result<Caller, SenderProblem>,
    signal: AbortSignal,
  ): Promise<Result<PreparedCeremony, Decision>> {
    // The browser's own function knows the frame better.
    if (!resolved.ok) return failure(standAside(StandAsideReason.notApplicable));
    const caller = narrowCaller(resolved.value, frame.ancestorOrigins);
    if (frame.allowedByPolicy === false) {
      return failure(refuse(WebauthnErrorName.notAllowed, 'The permissions policy does not allow it in this frame.'));
    }
    const isForeignFrame = !caller.sameOriginWithAncestors && caller.origin !== 'null';
    // The browser knows the policy where it does not tell it.
    const isUnclear = isForeignFrame && frame.allowedByPolicy === undefined;
    // What the browser refuses for the document's certificate, it shall refuse in its own words.
    const isBrowsers = isUnclear || !frame.visible || frame.certificateRefused === true;
    if (isBrowsers) return failure(standAside(StandAsideReason.notApplicable));
    if (isForeignFrame && kind === CeremonyKind.registration && frame.activated !== true) {
      return failure(refuse(WebauthnErrorName.notAllowed, 'A registration in a frame of another site needs a click in that frame.'));
    }
    const prepare = kind === CeremonyKind.registration ? prepareCreate : prepareGet;
    const prepared = await prepare(caller, options, store, limits(await isDevelopment(options)), (requested) =>
      resolveRpId(caller.origin, requested, services.relatedOrigins, signal),
      services.policy.current,
    );
    return prepared.ok ? prepared : failure({ outcome: 'error', error: prepared.error });
  }

  /** Asked only where it counts: no call waits for a host that starts. */
  async function isDevelopment(options: unknown): Promise<boolean> {
    const { timeout } = (options ?? {}) as { timeout?: unknown };
    if (typeof timeout !== 'number' || timeout >= services.limits.timeout.least || !(await host.connect()).ok) return false;
    return host.status.status === 'ready' && host.status.development;
  }

  /** Left to the browser by the user or the administrator. */
  function isExcluded({ origin }: Caller): boolean {
    return findSite(origin, [...managed.values.excludedSites, ...settings.values.excludedSites]) !== undefined;
  }

  /** As browsers do for their own virtual authenticators, a development host has the page's timeouts as they are. */
  function limits(isDevelopment: boolean): OptionLimits {
    const { timeout } = services.limits;
    const least = isDevelopment ? 1 : (settings.values.minimumTimeout ?? timeout.least);
    return { ...services.limits, timeout: { ...timeout, least: Math.min(timeout.least, least) } };
  }

  async function keepDetail(id: string, options: unknown, decision: Decision): Promise<void> {
    // Left to the browser at once: what such a site asks for is not looked at.
    if (decision.outcome === 'standAside' && decision.timeline === undefined) return;
    const judgement = 'judgement' in decision ? decision.judgement : undefined;
    const timeline = 'timeline' in decision ? decision.timeline : undefined;
    recorder.addDetail(describeCeremony(id, options, timeline ?? [], await judgement?.inspect?.()));
  }

  return {
    async call(call) {
      const startedAt = Date.now();
      const start = performance.now();
      const { policy } = services;
      const policyReady = call.kind === CeremonyKind.registration ? policy.delivered : policy.loaded;
      const [caller] = await Promise.all([call.caller, settings.loaded, policyReady, managed.loaded]);
      const decision = await decide(call, caller);
      // Recorded after the answer, which must not wait for it.
      setTimeout(() => {
        if (!caller.ok || caller.value.isPrivate) return;
        const id = randomId();
        recorder.add({
          id,
          kind: call.kind,
          origin: caller.value.origin.slice(0, 1024),
          rpId: rpIdForRecord(call, caller.value),
          startedAt,
          duration: performance.now() - start,
          ...outcomeForRecord(decision),
        });
        keepDetail(id, call.options, decision).catch((fault: unknown) => services.reportFault(fault, 'details'));
      }, 0);
      return answer(decision);
    },
  };
}

function standAside(reason: StandAsideReason): Decision {
  return { outcome: 'standAside', reason };
}

function refuse(name: WebauthnErrorName, detail: string): Decision {
  return { outcome: 'error', error: webauthnError(name, detail) };
}

function answer(decision: Decision): ClientAnswer {
  switch (decision.outcome) {
    case 'credential':
      return success({ outcome: 'credential', credential: decision.credential });
    case 'standAside':
      return success(decision);
    case 'failed':
      return failure(toPageError(pageErrorOf(decision.reason)));
    case 'busy':
      return failure(toPageError(WebauthnErrorName.operation));
    case 'error':
      return failure(toPageError(decision.error.name));
  }
}

function outcomeForRecord(
  decision: Decision,
): Pick<CeremonySummary, 'outcome' | 'reason' | 'verdict' | 'failedChecks' | 'enterpriseAttestation'> {
  switch (decision.outcome) {
    case 'credential': {
      const { verdict, failedChecks, enterpriseAttestation } = decision.judgement;
      const checks = failedChecks.length === 0 ? {} : { failedChecks: [...failedChecks] };
      return { outcome: 'succeeded', verdict, ...checks, ...(enterpriseAttestation === undefined ? {} : { enterpriseAttestation }) };
    }
    case 'standAside':
      return { outcome: 'standAside', reason: decision.reason };
    case 'failed': {
      const { reason, judgement } = decision;
      if (judgement === undefined) return { outcome: 'failed', reason };
      return { outcome: 'failed', reason, verdict: judgement.verdict, failedChecks: [...judgement.failedChecks] };
    }
    case 'busy':
      return { outcome: 'failed', reason: 'Another request of the page is pending.' };
    case 'error':
      return { outcome: 'failed', reason: `${decision.error.name}: ${decision.error.detail}`.slice(0, 1024) };
  }
}

/** What the page asked for, valid or not; else the host of its origin. */
function rpIdForRecord({ kind, options }: ClientCall, { origin }: Caller): string {
  const { rp, rpId } = (options ?? {}) as { rp?: { id?: unknown }; rpId?: unknown };
  const requested = kind === CeremonyKind.registration ? rp?.id : rpId;
  if (typeof requested === 'string') return requested.slice(0, 253);
  return URL.canParse(origin) ? new URL(origin).hostname : origin.slice(0, 253);
}
