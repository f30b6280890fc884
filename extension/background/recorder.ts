import * as v from 'valibot';

import { ceremonySummarySchema, type CeremonySummary } from '../../shared/wire/ui.ts';
import type { StoragePort } from '../platform/ports.ts';

const KEY = 'ceremonies';
const MAX_SUMMARIES = 50;

/** The last ceremonies, for the popup: public data only, never on disk. */
export interface Recorder {
  /** Newest first. */
  readonly summaries: readonly CeremonySummary[];
  readonly loaded: Promise<void>;
  add(summary: CeremonySummary): void;
  clear(): void;
  onChange(listener: () => void): void;
}

/** Builds the recorder over storage that ends with the browser; a restarted worker goes on where the last one was. */
export function createRecorder(storage: StoragePort, reportFault: (fault: unknown, where: string) => void): Recorder {
  const listeners: (() => void)[] = [];
  let summaries: readonly CeremonySummary[] = [];
  let isCleared = false;
  let isDirty = false;
  let isWriting = false;

  function notify(): void {
    for (const listener of listeners) listener();
  }

  /** One write at a time, the latest state each: a page that calls in a loop must not fill a queue. */
  async function write(): Promise<void> {
    if (isWriting) return;
    isWriting = true;
    await loaded;
    while (isDirty) {
      isDirty = false;
      try {
        await storage.set(KEY, summaries);
      } catch (fault) {
        // The list is in memory all the same.
        reportFault(fault, 'recorder');
      }
    }
    isWriting = false;
  }

  function change(next: readonly CeremonySummary[]): void {
    summaries = next;
    isDirty = true;
    void write();
    notify();
  }

  const loaded = storage
    .get(KEY)
    .then((stored) => {
      const parsed = v.safeParse(v.array(ceremonySummarySchema), stored ?? []);
      if (!parsed.success || isCleared) return;
      summaries = [...summaries, ...parsed.output].slice(0, MAX_SUMMARIES);
    })
    .catch((fault: unknown) => reportFault(fault, 'recorder'))
    .then(notify);

  return {
    get summaries() {
      return summaries;
    },
    loaded,
    add: (summary) => change([summary, ...summaries].slice(0, MAX_SUMMARIES)),
    clear() {
      isCleared = true;
      change([]);
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
