import { failure, type Result } from '../../shared/bytes/result.ts';
import type { RunningCeremony } from '../ceremony/runner.ts';
import type { CeremonyFailure, CeremonyOutcome, CeremonyRequest, StateListener, UserInput } from '../ceremony/request.ts';

/** Begins a ceremony. */
export type CeremonyStarter = (
  request: CeremonyRequest,
  options: { readonly promptVisible: boolean; readonly onState: StateListener },
) => RunningCeremony;

/** The ceremonies of the connection, by the ID of their request. One runs at a time: there is one person. */
export interface LiveCeremonies {
  /** Runs a ceremony to its end; `undefined` when another one runs. */
  run(
    id: string,
    request: CeremonyRequest,
    options: { readonly promptVisible: boolean; readonly onState: StateListener; readonly signal: AbortSignal },
  ): Promise<Result<CeremonyOutcome, CeremonyFailure> | undefined>;
  /** False when no such ceremony runs, or when it does not want the input now. */
  input(id: string, input: UserInput): boolean;
  /** Ends all, as after a fault of the host's own. */
  abortAll(failure: CeremonyFailure): void;
  /** Resolves when the keys of all ceremonies so far are closed. */
  released(): Promise<void>;
}

/** Builds the table. */
export function createLiveCeremonies(start: CeremonyStarter): LiveCeremonies {
  const live = new Map<string, RunningCeremony>();
  const releasing = new Set<Promise<void>>();

  return {
    async run(id, request, { promptVisible, onState, signal }) {
      if (live.size > 0) return undefined;
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

    input(id, input) {
      return live.get(id)?.input(input) ?? false;
    },

    abortAll(reason) {
      for (const ceremony of live.values()) ceremony.abort(reason);
    },

    async released() {
      await Promise.all(releasing);
    },
  };
}

const CANCELLED: CeremonyFailure = { reason: 'cancelled', message: 'The request was cancelled.' };
