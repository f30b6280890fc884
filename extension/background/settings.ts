import * as v from 'valibot';

import type { StoragePort } from '../platform/ports.ts';

const KEY = 'settings';

/** How many sites the user can leave to the browser. */
export const MAX_EXCLUDED_SITES = 1000;

const schema = v.object({
  /** The user paused Keystile: every call goes to the browser. */
  paused: v.fallback(v.boolean(), false),
  /** Domains that the user leaves to the browser, with everything below them. */
  excludedSites: v.fallback(v.pipe(v.array(v.string()), v.maxLength(MAX_EXCLUDED_SITES)), []),
  /** Profiles of sites that the user has turned on, by id. */
  siteProfiles: v.fallback(v.pipe(v.array(v.string()), v.maxLength(100)), []),
  /** The host answered when it was last asked, so the prompt need not wait for it. */
  hostSeen: v.fallback(v.boolean(), false),
  /** Milliseconds; shortest timeout that a page may ask for, below the recommended range. No page can set it. */
  minimumTimeout: v.fallback(v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))), undefined),
});

/** What is remembered between browser sessions, besides credential records. */
export type SettingValues = v.InferOutput<typeof schema>;

/** The settings; until {@link Settings.loaded} the defaults. */
export interface Settings {
  readonly values: SettingValues;
  readonly loaded: Promise<void>;
  /** Changes settings, in memory at once. */
  update(change: Partial<SettingValues>): void;
  /** Called when the settings were loaded, and on every change. */
  onChange(listener: () => void): void;
}

/** Loads the settings; values that are not valid become defaults one by one. */
export function createSettings(storage: StoragePort, reportFault: (fault: unknown, where: string) => void): Settings {
  const listeners: (() => void)[] = [];
  let values: SettingValues = v.parse(schema, {});
  /** Made before the stored values were there. */
  let changes: Partial<SettingValues> = {};

  function notify(): void {
    for (const listener of listeners) listener();
  }

  const loaded = storage
    .get(KEY)
    .then((stored) => {
      const parsed = v.safeParse(schema, stored ?? {});
      if (parsed.success) values = { ...parsed.output, ...changes };
    })
    .catch((fault: unknown) => reportFault(fault, 'settings'))
    .then(notify);

  return {
    get values() {
      return values;
    },
    loaded,
    update(change) {
      changes = { ...changes, ...change };
      values = { ...values, ...change };
      notify();
      loaded.then(() => storage.set(KEY, values)).catch((fault: unknown) => reportFault(fault, 'settings'));
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
