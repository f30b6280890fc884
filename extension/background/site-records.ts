import type { StoragePort } from '../platform/ports.ts';

const MAX_SITES_IN_MEMORY = 64;

/** Records of one kind, by RP ID and credential ID; in the order in which they came. */
export interface SiteRecords<Entry> {
  /** The records of a site; later changes show in it. Rejects when the storage does not answer: nothing is known then. */
  load(rpId: string): Promise<ReadonlyMap<string, Entry>>;
  /** Changes the records of a site: first in the storage, then in memory. Without any, nothing of the site stays. */
  change(rpId: string, apply: (records: Map<string, Entry>) => void): Promise<void>;
}

/**
 * Builds records over an area of the extension's storage; sites are loaded once and then kept in memory.
 *
 * @param kind begins the names in the storage.
 * @param decode gives `undefined` for what is no record; that is passed over.
 */
export function createSiteRecords<Entry extends { readonly credentialId: string }>(
  storage: StoragePort,
  kind: string,
  decode: (value: unknown) => Entry | undefined,
): SiteRecords<Entry> {
  const sites = new Map<string, Promise<Map<string, Entry>>>();
  const nameOf = (rpId: string): string => `${kind}:${rpId}`;

  async function read(rpId: string): Promise<Map<string, Entry>> {
    const stored = await storage.get(nameOf(rpId));
    const records = (Array.isArray(stored) ? stored : []).flatMap((entry) => decode(entry) ?? []);
    return new Map(records.map((record) => [record.credentialId, record]));
  }

  function load(rpId: string): Promise<Map<string, Entry>> {
    let site = sites.get(rpId);
    if (site === undefined) {
      dropOldest(sites, MAX_SITES_IN_MEMORY);
      site = read(rpId);
      sites.set(rpId, site);
      // What cannot be read now may be read the next time, and must not be written over until then.
      site.catch(() => sites.delete(rpId));
    }
    return site;
  }

  return {
    load,
    async change(rpId, apply) {
      const records = await load(rpId);
      const changed = new Map(records);
      apply(changed);
      if (changed.size === 0) await storage.remove(nameOf(rpId));
      else await storage.set(nameOf(rpId), [...changed.values()]);
      records.clear();
      for (const [id, record] of changed) records.set(id, record);
    },
  };
}

/** Makes room for one more entry. */
export function dropOldest(map: Map<string, unknown>, most: number): void {
  if (map.size < most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
