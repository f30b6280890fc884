import * as v from 'valibot';

import { type CeremonyDetail, ceremonyDetailSchema } from '../../shared/wire/inspector.ts';
import { ceremonySummarySchema, type CeremonySummary } from '../../shared/wire/ui.ts';
import type { StoragePort } from '../platform/ports.ts';

const KEY = 'ceremonies';
const MAX_SUMMARIES = 50;
/** The newest that have one keep their details. */
const MAX_DETAILS = 20;

/** The last ceremonies, for the popup: public data only, never on disk. */
export interface Recorder {
  /** Newest first. */
  readonly summaries: readonly CeremonySummary[];
  readonly loaded: Promise<void>;
  add(summary: CeremonySummary): void;
  /** Keeps the details of a ceremony in the list; the oldest give way. */
  addDetail(detail: CeremonyDetail): void;
  /** The details of a ceremony, where they are kept. */
  detail(id: string): Promise<CeremonyDetail | undefined>;
  clear(): void;
  onChange(listener: () => void): void;
}

/**
 * Builds the recorder over storage that ends with the browser; a restarted worker goes on where the last one was.
 * Details have places of their own, each written by itself: the list says which is whose.
 */
export function createRecorder(storage: StoragePort, reportFault: (fault: unknown, where: string) => void): Recorder {
  const listeners: (() => void)[] = [];
  let summaries: readonly CeremonySummary[] = [];
  let pending: readonly CeremonyDetail[] = [];
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
    while (isDirty || pending.length > 0) {
      try {
        await writeDetail();
        if (!isDirty) continue;
        isDirty = false;
        await storage.set(KEY, summaries);
      } catch (fault) {
        // The list is in memory all the same.
        reportFault(fault, 'recorder');
      }
    }
    isWriting = false;
  }

  /** Puts the oldest details that wait into the place that is free, or that the oldest of the list has. */
  async function writeDetail(): Promise<void> {
    const [detail, ...others] = pending;
    pending = others;
    if (detail === undefined || !summaries.some(({ id }) => id === detail.id)) return;
    const used = summaries.flatMap(({ detail: place }) => place ?? []);
    const free = Array.from({ length: MAX_DETAILS }, (_, place) => place).find((place) => !used.includes(place));
    const place = free ?? used.at(-1) ?? 0;
    summaries = summaries.map((summary) => (summary.detail === place ? withoutDetail(summary) : summary));
    await storage.set(detailKey(place), detail);
    if (summaries.some(({ id }) => id === detail.id)) {
      change(summaries.map((summary) => (summary.id === detail.id ? { ...summary, detail: place } : summary)));
    } else {
      // Cleared meanwhile.
      await storage.set(detailKey(place), null);
    }
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
    addDetail(detail) {
      pending = [...pending, detail].slice(-MAX_DETAILS);
      void write();
    },
    async detail(id) {
      await loaded;
      const place = summaries.find((summary) => summary.id === id)?.detail;
      if (place === undefined) return undefined;
      const parsed = v.safeParse(ceremonyDetailSchema, await storage.get(detailKey(place)));
      return parsed.success && parsed.output.id === id ? parsed.output : undefined;
    },
    clear() {
      isCleared = true;
      pending = [];
      change([]);
      for (let place = 0; place < MAX_DETAILS; place += 1) {
        storage.set(detailKey(place), null).catch((fault: unknown) => reportFault(fault, 'recorder'));
      }
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

function detailKey(place: number): string {
  return `ceremonyDetail.${place.toString()}`;
}

function withoutDetail({ detail: _, ...summary }: CeremonySummary): CeremonySummary {
  return summary;
}
