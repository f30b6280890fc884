import { type CeremonyOutcome, type CeremonyServices, runCeremony } from './ceremony.ts';
import type { PreparedCeremony } from './client/prepared.ts';

/** Requests of one tab that may wait or run at once; a page with more frames than that is up to something. */
const MAX_PENDING_OF_TAB = 16;

/** Every ceremony of the browser: one per document, one at a time over all. */
export interface Ceremonies {
  /** Runs a ceremony when its turn comes. Never rejects. */
  run(prepared: PreparedCeremony, signal: AbortSignal): Promise<CeremonyOutcome>;
}

/** Builds the table of pending ceremonies. */
export function createCeremonies(services: CeremonyServices): Ceremonies {
  /** Tab of each document that has a request. */
  const pending = new Map<string, number | undefined>();
  return {
    async run(prepared, signal) {
      const { documentId, tabId } = prepared.caller;
      // Where the browser does not tell the tab, it allows a page one request only.
      const ofTab = tabId === undefined ? 0 : [...pending.values()].filter((tab) => tab === tabId).length;
      if (pending.has(documentId) || ofTab >= MAX_PENDING_OF_TAB) return { outcome: 'busy' };
      pending.set(documentId, tabId);
      try {
        return await runCeremony(services, prepared, signal);
      } finally {
        pending.delete(documentId);
      }
    },
  };
}
