import { registrableDomainOf } from '../../shared/webauthn/rp-id.ts';
import { CeremonyReason, type CeremonyState } from '../../shared/wire/ceremony-state.ts';
import type { ResultOf } from '../../shared/wire/hop.ts';
import { type Timeline, TimelineStep } from '../../shared/wire/inspector.ts';
import type { NativeHop } from '../../shared/wire/native.ts';
import { StandAsideReason } from '../../shared/wire/page.ts';
import type { PromptView } from '../../shared/wire/ui.ts';
import type { WindowsPort } from '../platform/ports.ts';
import type { Judgement, Performed, PreparedCeremony } from './client/prepared.ts';
import { delay } from './delay.ts';
import type { HostSession, NativeHost } from './native-port.ts';
import type { Prompt, PromptActions, Prompts } from './prompts.ts';
import { randomId } from './random-id.ts';
import type { Turns } from './turns.ts';

/** How a ceremony ended for the page. */
export type CeremonyOutcome = (
  | { readonly outcome: 'credential'; readonly credential: unknown; readonly judgement: Judgement }
  | { readonly outcome: 'standAside'; readonly reason: StandAsideReason }
  | { readonly outcome: 'failed'; readonly reason: CeremonyReason; readonly judgement?: Judgement }
  /** The document has a request already. */
  | { readonly outcome: 'busy' }
) & { readonly timeline?: Timeline };

/** Steps of one ceremony that are kept; a key that asks again and again adds no more. */
const MAX_STEPS = 32;

/** Milliseconds. */
export interface CeremonyTimes {
  /** For the host to end a ceremony that was cancelled; then its process is ended. */
  readonly cancel: number;
  /** For the host to let go of the key before the browser takes over. */
  readonly handOver: number;
  /** For the prompt's page to load; a window that stays empty ends the ceremony. */
  readonly promptPage: number;
}

/** A cancel reaches a key within one keepalive (100 ms); ten of them are patience enough. */
export const CEREMONY_TIMES: CeremonyTimes = { cancel: 2_000, handOver: 1_000, promptPage: 10_000 };

/** What ceremonies work with. */
export interface CeremonyServices {
  readonly host: NativeHost;
  /** The host answered when it was last asked: the prompt may open before it answers again. */
  readonly isHostExpected: () => boolean;
  readonly prompts: Prompts;
  readonly windows: WindowsPort;
  /** What the site at an origin is called, where that is known. */
  readonly siteName: (origin: string) => string | undefined;
  readonly turns: Turns;
  readonly reportFault: (fault: unknown, where: string) => void;
  readonly times: CeremonyTimes;
}

/**
 * Runs one ceremony: waits for its turn, opens the prompt and asks the host at the same time, and settles as soon as
 * anything decides. The page's answer goes out before window, host and records are tidied up; the turn ends when the
 * host has let go of its keys.
 *
 * @param signal aborted when the page no longer waits.
 */
export function runCeremony(
  services: CeremonyServices,
  prepared: PreparedCeremony,
  signal: AbortSignal,
): Promise<CeremonyOutcome> {
  return new Promise((resolve) => {
    void new Ceremony(services, prepared, signal, resolve).run();
  });
}

class Ceremony {
  readonly #services: CeremonyServices;
  readonly #prepared: PreparedCeremony;
  readonly #resolve: (outcome: CeremonyOutcome) => void;
  readonly #id = randomId();
  readonly #began = performance.now();
  readonly #timeline: Timeline = [];
  readonly #deadline: number;
  /** Aborted when nobody waits any more: takes it out of the line, or cancels at the host. */
  readonly #stop = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #pageSignal: AbortSignal;
  readonly #onPageAbort = (): void => this.#fail(CeremonyReason.cancelled);
  #isSettled = false;
  #isLeaving = false;
  #isVisible = false;
  #session: HostSession | undefined;
  #performing: Promise<unknown> | undefined;
  #prompt: Prompt | undefined;
  #view: PromptView;
  /** Credential ID (base64url) that a refused registration has left on its key. */
  #orphan: string | undefined;

  constructor(
    services: CeremonyServices,
    prepared: PreparedCeremony,
    signal: AbortSignal,
    resolve: (outcome: CeremonyOutcome) => void,
  ) {
    this.#services = services;
    this.#prepared = prepared;
    this.#resolve = resolve;
    this.#pageSignal = signal;
    this.#deadline = this.#began + prepared.timeout;
    this.#timer = setTimeout(() => this.#fail(CeremonyReason.timeout), prepared.timeout);
    const { kind, rpId, caller, userName, attestation } = prepared;
    this.#view = {
      kind,
      rpId,
      origin: caller.origin,
      ...siteOf('site', caller.origin),
      ...named('siteName', services.siteName(caller.origin)),
      ...(caller.sameOriginWithAncestors || caller.topOrigin === undefined
        ? {}
        : {
            topOrigin: caller.topOrigin,
            ...siteOf('topSite', caller.topOrigin),
            ...named('topSiteName', services.siteName(caller.topOrigin)),
          }),
      ...(userName === undefined ? {} : { userName }),
      ...(attestation === undefined ? {} : { attestation: { conveyance: attestation, shared: true } }),
      ceremony: { state: 'waitingForDevice', problems: [] },
      canUseBrowser: caller.canUseBrowser,
    };
  }

  async run(): Promise<void> {
    if (this.#pageSignal.aborted) this.#onPageAbort();
    else this.#pageSignal.addEventListener('abort', this.#onPageAbort, { once: true });
    const stopUsing = this.#services.host.use();
    let endTurn: (() => void) | undefined;
    try {
      if (!this.#services.isHostExpected() && !(await this.#connect())) return;
      endTurn = await this.#services.turns.take(this.#stop.signal);
      if (endTurn === undefined || this.#stop.signal.aborted) return;
      this.#prompt = this.#services.prompts.open(this.#view, this.#actions(), this.#prepared.caller.windowId);
      const session = await this.#connect();
      if (session !== undefined) await this.#perform(session);
    } catch (fault) {
      this.#services.reportFault(fault, 'ceremony');
      this.#fail(CeremonyReason.internal);
    } finally {
      endTurn?.();
      stopUsing();
    }
  }

  /** A ready host; otherwise, or when all is over meanwhile, nothing, and the page has its answer. */
  async #connect(): Promise<HostSession | undefined> {
    const connected = await this.#services.host.connect();
    if (this.#stop.signal.aborted) return undefined;
    if (connected.ok) {
      this.#tellTransports();
      return connected.value;
    }
    this.#settle({ outcome: 'standAside', reason: StandAsideReason.hostUnavailable });
    await this.#prompt?.close();
    return undefined;
  }

  /** The prompt says "insert" or "tap" by what the host can use. */
  #tellTransports(): void {
    const { status } = this.#services.host;
    if (status.status !== 'ready') return;
    this.#show({ transports: status.transports.filter(({ available }) => available).map(({ kind }) => kind) });
  }

  async #perform(session: HostSession): Promise<void> {
    let killTimer: ReturnType<typeof setTimeout> | undefined;
    const { host, times } = this.#services;
    const onStop = (): void => {
      killTimer = setTimeout(() => host.kill(), times.cancel);
    };
    this.#stop.signal.addEventListener('abort', onStop, { once: true });
    this.#session = session;
    const performing = this.#prepared.perform(session, {
      id: this.#id,
      timeout: Math.max(1, Math.ceil(this.#deadline - performance.now())),
      promptVisible: this.#isVisible,
      signal: this.#stop.signal,
      onState: (state) => this.#onState(state),
      onAnswer: () => this.#mark(TimelineStep.answered),
      isAttestationShared: () => this.#view.attestation?.shared ?? true,
    });
    this.#performing = performing;
    const performed = await performing;
    this.#stop.signal.removeEventListener('abort', onStop);
    clearTimeout(killTimer);
    this.#session = undefined;
    if (performed.outcome !== 'failed') this.#mark(TimelineStep.judged);
    if (!this.#isLeaving) this.#conclude(performed);
  }

  #conclude(performed: Performed): void {
    switch (performed.outcome) {
      case 'credential': {
        const { credential, judgement, keep } = performed;
        this.#settle({ outcome: 'credential', credential, judgement }, keep);
        return;
      }
      case 'refused':
        this.#settle({ outcome: 'failed', reason: performed.reason, judgement: performed.judgement });
        if (performed.orphan !== undefined) this.#offerDeletion(performed.orphan.credentialId);
        return;
      case 'failed':
        // No way to a key at all (system libraries, or a system that keeps USB keys to itself): the browser may have one.
        if (performed.reason === CeremonyReason.transportUnavailable && this.#prepared.caller.canUseBrowser) this.#leave(StandAsideReason.hostUnavailable);
        else this.#fail(performed.reason);
    }
  }

  /** What has no name can only be told of. As long as the prompt is open the host stays, and with it this worker. */
  #offerDeletion(credentialId: string | undefined): void {
    this.#orphan = credentialId;
    if (credentialId !== undefined && this.#prompt !== undefined) {
      const stopUsing = this.#services.host.use();
      void this.#prompt.ended.then(stopUsing);
    }
    this.#show({ deletion: { state: credentialId === undefined ? 'unknown' : 'offered' } });
  }

  /** After the end: the prompt is open as long as its user wants, and the host free for another request. */
  async #deleteOrphan(pin: string | undefined): Promise<void> {
    const credentialId = this.#orphan;
    if (credentialId === undefined || this.#view.deletion?.state === 'working') return;
    this.#show({ deletion: { state: 'working' } });
    const stopUsing = this.#services.host.use();
    try {
      const session = await this.#services.host.connect();
      const answer = session.ok ? await session.value.request('credential.delete', { credentialId, ...(pin === undefined ? {} : { pin }) }) : session;
      this.#show({ deletion: answer.ok ? deletionOf(answer.value) : { state: 'failed' } });
    } finally {
      stopUsing();
    }
  }

  #fail(reason: CeremonyReason): void {
    this.#settle({ outcome: 'failed', reason });
  }

  /** Answers the page, once; `keep` is called after the answer, if this was it. */
  #settle(outcome: CeremonyOutcome, keep?: () => Promise<void>): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    clearTimeout(this.#timer);
    this.#pageSignal.removeEventListener('abort', this.#onPageAbort);
    this.#resolve({ ...outcome, timeline: [...this.#timeline] });
    this.#stop.abort();
    // A turn of the event loop later the answer is on its way.
    setTimeout(() => {
      keep?.().catch((fault: unknown) => this.#services.reportFault(fault, 'credential store'));
      this.#tidyUp(outcome);
    }, 0);
  }

  #tidyUp(outcome: CeremonyOutcome): void {
    if (outcome.outcome === 'credential') {
      void this.#prompt?.close().then(() => this.#focusPage());
    } else if (outcome.outcome === 'failed') {
      const failedChecks = outcome.judgement?.failedChecks;
      this.#show({
        ceremony: { state: 'failed', reason: outcome.reason },
        canUseBrowser: false,
        ...(failedChecks === undefined ? {} : { failedChecks: [...failedChecks] }),
      });
    }
  }

  #onState(state: CeremonyState): void {
    // How it ends is decided here, after verification, not by the host.
    if (this.#isSettled || state.state === 'succeeded' || state.state === 'failed') return;
    this.#mark(state.state);
    this.#show({ ceremony: state });
  }

  /** A state that is told again (another key, one try less) is no new step. */
  #mark(step: TimelineStep): void {
    if (this.#timeline.at(-1)?.step === step || this.#timeline.length >= MAX_STEPS) return;
    this.#timeline.push({ step, at: Math.round(performance.now() - this.#began) });
  }

  #show(change: Partial<PromptView>): void {
    this.#view = { ...this.#view, ...change };
    this.#prompt?.update(this.#view);
  }

  async #focusPage(): Promise<void> {
    const { windowId } = this.#prepared.caller;
    if (windowId !== undefined) await this.#services.windows.focus(windowId);
  }

  #leave(reason: StandAsideReason): void {
    this.#handOver(reason).catch((fault: unknown) => {
      this.#services.reportFault(fault, 'hand-over');
      this.#fail(CeremonyReason.internal);
    });
  }

  /** The browser takes over: the host must have let go of the key, and the page have the focus, before the answer. */
  async #handOver(reason: StandAsideReason): Promise<void> {
    if (this.#isSettled || this.#isLeaving || !this.#prepared.caller.canUseBrowser) return;
    this.#isLeaving = true;
    this.#stop.abort();
    const { windows, times } = this.#services;
    const { tabId } = this.#prepared.caller;
    await Promise.race([Promise.all([this.#performing, this.#prompt?.close()]), delay(times.handOver)]);
    await Promise.race([
      Promise.all([tabId === undefined ? undefined : windows.activateTab(tabId), this.#focusPage()]),
      delay(times.handOver),
    ]);
    this.#settle({ outcome: 'standAside', reason });
  }

  #actions(): PromptActions {
    const ceremonyId = this.#id;
    return {
      visible: () => {
        this.#isVisible = true;
        this.#mark(TimelineStep.promptVisible);
        void this.#session?.request('ceremony.promptVisible', { ceremonyId });
      },
      submitPin: async (pin) => (await this.#session?.request('ceremony.submitPin', { ceremonyId, pin }))?.ok === true,
      submitNewPin: async (pin) =>
        (await this.#session?.request('ceremony.submitNewPin', { ceremonyId, pin }))?.ok === true,
      selectCredential: async (index) =>
        (await this.#session?.request('ceremony.selectCredential', { ceremonyId, index }))?.ok === true,
      useCard: async (readerName) =>
        (await this.#session?.request('ceremony.useCard', { ceremonyId, readerName }))?.ok === true,
      shareAttestation: (shared) => {
        const { attestation } = this.#view;
        if (attestation !== undefined) this.#show({ attestation: { ...attestation, shared } });
      },
      deleteCredential: (pin) => {
        this.#deleteOrphan(pin).catch((fault: unknown) => {
          this.#services.reportFault(fault, 'deletion');
          this.#show({ deletion: { state: 'failed' } });
        });
      },
      cancel: () => {
        this.#fail(CeremonyReason.cancelledByUser);
        void this.#prompt?.close().then(() => this.#focusPage());
      },
      useBrowser: () => this.#leave(StandAsideReason.chosenByUser),
      closed: () => this.#fail(CeremonyReason.cancelledByUser),
      failedToOpen: (fault) => {
        this.#services.reportFault(fault, 'prompt window');
        this.#fail(CeremonyReason.internal);
      },
    };
  }
}

/** The registrable domain as a member of the view, where there is one. */
function siteOf<Name extends 'site' | 'topSite'>(name: Name, origin: string): Partial<Record<Name, string>> {
  return named(name, registrableDomainOf(origin));
}

/** A text as a member of the view, where there is one. */
function named<Name extends string>(name: Name, text: string | undefined): Partial<Record<Name, string>> {
  return (text === undefined ? {} : { [name]: text }) as Partial<Record<Name, string>>;
}

function deletionOf({ outcome, pinRetries }: ResultOf<NativeHop, 'credential.delete'>): NonNullable<PromptView['deletion']> {
  if (outcome !== 'pinNeeded' && outcome !== 'pinInvalid') return { state: outcome };
  return {
    state: 'needsPin',
    ...(outcome === 'pinInvalid' ? { isPinWrong: true } : {}),
    ...(pinRetries === undefined ? {} : { pinRetries }),
  };
}
