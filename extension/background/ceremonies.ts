import { type CeremonyOutcome, type CeremonyServices, runCeremony } from './ceremony.ts';
import type { PreparedCeremony } from './client/prepared.ts';

/** Requests that may wait or run at once; a page with more frames than that is up to something. */
const MAX_PENDING = 16;

/** Every ceremony of the browser: one per document, one at a time over all. */
export interface Ceremonies {
  /** Runs a ceremony when its turn comes. Never rejects. */
  run(prepared: PreparedCeremony, signal: AbortSignal): Promise<CeremonyOutcome>;
}

/** Builds the table of pending ceremonies. */
export function createCeremonies(services: CeremonyServices): Ceremonies {
  const pending = new Set<string>();
  return {
    async run(prepared, signal) {
      const { documentId } = prepared.caller;
      if (pending.has(documentId) || pending.size >= MAX_PENDING) return { outcome: 'busy' };
      pending.add(documentId);
      try {
        return await runCeremony(services, prepared, signal);
      } finally {
        pending.delete(documentId);
      }
    },
  };
}
