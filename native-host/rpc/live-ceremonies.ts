import { failure, type Result } from '../../shared/bytes/result.ts';
import type { RunningCeremony } from '../ceremony/runner.ts';
import type { CeremonyFailure, CeremonyOutcome, CeremonyRequest, StateListener, UserInput } from '../ceremony/request.ts';

/** Begins a ceremony. */
export type CeremonyStarter = (
  request: CeremonyRequest,
  options: { readonly promptVisible: boolean; readonly onState: StateListener },
) => RunningCeremony;

/** The ceremonies of the connection, by the ID of their request, and what else uses keys. One runs at a time: there is one person. */
export interface LiveCeremonies {
  /** Runs a ceremony to its end; `undefined` when another one runs. */
  run(
    id: string,
    request: CeremonyRequest,
    options: { readonly promptVisible: boolean; readonly onState: StateListener; readonly signal: AbortSignal },
  ): Promise<Result<CeremonyOutcome, CeremonyFailure> | undefined>;
  /**
   * Lets other work have the keys, in the place of a ceremony; `undefined` when something else has them. The work is over,
   * its keys closed, when its promise settles; that has to be soon after the signal.
   */
  runAlone<Value>(work: (signal: AbortSignal) => Promise<Value>, signal: EndSignal): Promise<Value | undefined>;
  /** False when no such ceremony runs, or when it does not want the input now. */
  input(id: string, input: UserInput): boolean;
  /** Ends all of it, as after a fault of the host's own. */
  abortAll(failure: CeremonyFailure): void;
  /** Resolves when the keys of all that has run so far are closed. */
  released(): Promise<void>;
}

/** A request's signal, which is smaller than Node's. */
type EndSignal = Pick<AbortSignal, 'aborted' | 'addEventListener' | 'removeEventListener'>;

/** Builds the table. */
export function createLiveCeremonies(start: CeremonyStarter): LiveCeremonies {
  const live = new Map<string, RunningCeremony>();
  const releasing = new Set<Promise<unknown>>();
  /** Other work that has the keys. */
  let alone: AbortController | undefined;

  return {
    async run(id, request, { promptVisible, onState, signal }) {
      if (live.size > 0 || alone !== undefined) return undefined;
      if (signal.aborted) return failure(CANCELLED);
      const ceremony = start(request, { promptVisible, onState });
      live.set(id, ceremony);
      const released = ceremony.released.finally(() => releasing.delete(released));
      releasing.add(released);
      const cancel = (): void => ceremony.abort(CANCELLED);
      signal.addEventListener('abort', cancel, { once: true });
      const outcome = await ceremony.outcome;
      signal.removeEventListener('abort', cancel);
      live.delete(id);
      return outcome;
    },

    async runAlone(work, signal) {
      if (live.size > 0 || alone !== undefined) return undefined;
      const controller = new AbortController();
      const cancel = (): void => controller.abort();
      if (signal.aborted) cancel();
      signal.addEventListener('abort', cancel, { once: true });
      alone = controller;
      const working = work(controller.signal);
      releasing.add(working);
      try {
        return await working;
      } finally {
        releasing.delete(working);
        alone = undefined;
        signal.removeEventListener('abort', cancel);
      }
    },

    input(id, input) {
      return live.get(id)?.input(input) ?? false;
    },

    abortAll(reason) {
      for (const ceremony of live.values()) ceremony.abort(reason);
      alone?.abort();
    },

    async released() {
      // Work that failed is over, too; whoever began it tells of it.
      await Promise.allSettled(releasing);
    },
  };
}

const CANCELLED: CeremonyFailure = { reason: 'cancelled', message: 'The request was cancelled.' };
