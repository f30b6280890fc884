import * as v from 'valibot';

import { decodeDomain } from '../../shared/webauthn/domain.ts';
import type { ManagedStoragePort, StoragePort } from '../platform/ports.ts';
import { decodeProfileIds, decodeSiteNames } from './managed-lists.ts';
import type { SiteName } from './site-names.ts';

/** How the page's calls reach the client. */
export const Interception = { page: 'page', proxy: 'proxy' } as const;
export type Interception = (typeof Interception)[keyof typeof Interception];

/** What an administrator set; the defaults where nothing is set. */
export interface ManagedValues {
  readonly interception: Interception;
  /** Domains that are left to the browser, with everything below them. */
  readonly excludedSites: readonly string[];
  /** Site profiles that are on, by id. Absent: the user decides. */
  readonly siteProfiles?: readonly string[];
  /** Names for sites of the organisation, before those that Keystile knows. */
  readonly siteNames: readonly SiteName[];
  /** JSON of docs/POLICY.md, as text or parsed; decoded by its own reader, which lets nothing pass that it cannot read. */
  readonly policy?: unknown;
}

/** A setting of the administrator that cannot be used. */
export interface ManagedProblem {
  /** The setting, with the place within it: `excludedSites.2`. */
  readonly path: string;
  readonly detail: string;
}

/** The administrator's settings; until {@link ManagedSettings.loaded} the defaults. */
export interface ManagedSettings {
  readonly values: ManagedValues;
  readonly problems: readonly ManagedProblem[];
  readonly loaded: Promise<void>;
  onChange(listener: () => void): void;
}

const KEY = 'lastManaged';

/** Milliseconds that the browser is waited for; then what it said at an earlier start counts until it answers. */
const ANSWER_DEADLINE = 500;

const DEFAULTS: ManagedValues = { interception: Interception.page, excludedSites: [], siteNames: [] };

/**
 * Reads the administrator's settings, and again whenever they change: Chromium delivers them seconds after a first
 * installation, so that "nothing set" is never final. Every setting is decoded by itself; one that cannot be used is
 * told, and its default counts.
 *
 * A browser that has just started takes seconds to answer at all. Calls of pages do not wait for that: what was
 * answered at an earlier start is kept in `memory`, and counts until then.
 */
export function createManagedSettings(
  storage: ManagedStoragePort,
  memory: StoragePort,
  reportFault: (fault: unknown, where: string) => void,
  answerDeadline: number = ANSWER_DEADLINE,
): ManagedSettings {
  const listeners: (() => void)[] = [];
  let values = DEFAULTS;
  let problems: readonly ManagedProblem[] = [];
  let isAnswered = false;
  /** What is in `memory`, as JSON. */
  let remembered: string | undefined;

  function adopt(settings: unknown): void {
    ({ values, problems } = decodeManaged(settings));
    for (const listener of listeners) listener();
  }

  async function read(): Promise<void> {
    try {
      const settings = await storage.get();
      isAnswered = true;
      adopt(settings);
      const text = JSON.stringify(settings);
      if (text === remembered) return;
      remembered = text;
      await memory.set(KEY, settings);
    } catch (fault) {
      // What counted before goes on to count.
      reportFault(fault, 'managed settings');
    }
  }

  async function recall(): Promise<void> {
    try {
      const last = await memory.get(KEY);
      remembered = JSON.stringify(last);
      if (last !== undefined && !isAnswered) adopt(last);
    } catch (fault) {
      reportFault(fault, 'managed settings');
    }
  }

  async function load(): Promise<void> {
    const reading = recall().then(read);
    await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, answerDeadline))]);
  }

  const loaded = load();
  storage.onChange(() => void read());
  return {
    get values() {
      return values;
    },
    get problems() {
      return problems;
    },
    loaded,
    onChange: (listener) => void listeners.push(listener),
  };
}

/** Decodes the administrator's settings one by one. Unknown settings are told, because they are mostly misspelt. */
export function decodeManaged(settings: unknown): { readonly values: ManagedValues; readonly problems: readonly ManagedProblem[] } {
  const problems: ManagedProblem[] = [];
  const record = v.safeParse(v.record(v.string(), v.unknown()), settings);
  if (!record.success) return { values: DEFAULTS, problems: [{ path: '', detail: 'not an object' }] };
  const { interception, excludedSites, siteProfiles, siteNames, policy, ...unknown } = record.output;
  for (const path of Object.keys(unknown)) problems.push({ path, detail: 'unknown setting' });

  const lane = v.safeParse(v.optional(v.picklist(Object.values(Interception)), DEFAULTS.interception), interception);
  if (!lane.success) problems.push({ path: 'interception', detail: 'must be "page" or "proxy"' });

  const list = v.safeParse(v.optional(v.array(v.unknown()), []), excludedSites);
  if (!list.success) problems.push({ path: 'excludedSites', detail: 'must be a list of domains' });
  const sites = (list.success ? list.output : []).flatMap((item, index) => {
    const site = typeof item === 'string' ? decodeDomain(item) : undefined;
    if (site === undefined) problems.push({ path: `excludedSites.${index.toString()}`, detail: 'must be a domain such as "example.com"' });
    return site ?? [];
  });
  const profiles = decodeProfileIds(siteProfiles);
  const names = decodeSiteNames(siteNames);
  problems.push(...profiles.problems, ...names.problems);
  const values = {
    interception: lane.success ? lane.output : DEFAULTS.interception,
    excludedSites: sites,
    siteNames: names.values,
    ...(siteProfiles === undefined ? {} : { siteProfiles: profiles.values }),
    ...(policy === undefined ? {} : { policy }),
  };
  return { values, problems };
}
