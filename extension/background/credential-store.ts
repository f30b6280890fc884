import { decodeBase64url, encodeBase64url } from '../../shared/bytes/base64url.ts';
import type { Bytes } from '../../shared/bytes/bytes.ts';
import { CoseKeyProblem, decodeCoseKey } from '../../shared/cose/cose-key.ts';
import { importCoseKey, type VerificationKey, type VerificationKeyCache } from '../../shared/cose/signature.ts';
import { importByWebCrypto } from '../../shared/cose/web-crypto.ts';
import { type CredentialRecord, decodeCredentialRecord } from '../../shared/verifier/credential-record.ts';
import { decodeLearnedCredential, learn, type LearnedCredential, type Observation } from '../../shared/verifier/learned-key.ts';
import type { StoragePort } from '../platform/ports.ts';
import { createSiteRecords, dropOldest, type SiteRecords } from './site-records.ts';

/** Credentials of each kind kept for one site; the oldest goes first. Far above what one person registers. */
const MAX_RECORDS_PER_SITE = 256;
const MAX_KEYS_IN_MEMORY = 256;
/** Keys imported ahead of an authentication that names no credentials. */
const MAX_WARMED_KEYS = 16;
const SITES_KEY = 'credentialSites';

/** Records of the credentials that were seen being registered, by site: public data only. */
export interface CredentialStore {
  /** Imported keys by the record's `publicKey`. */
  readonly keyCache: VerificationKeyCache;
  /** The records of an RP ID by credential ID (base64url). Never rejects: what cannot be read is not known. */
  load(rpId: string): Promise<ReadonlyMap<string, CredentialRecord>>;
  /** Imports the keys that the next authentication may need: those named, or the latest ones. */
  warm(rpId: string, credentialIds: readonly Bytes[]): void;
  /** Adds a record, or replaces the one of the same credential. */
  add(record: CredentialRecord): Promise<void>;
  /** What was learned of an RP ID's other credentials, by credential ID (base64url). Never rejects. */
  loadLearned(rpId: string): Promise<ReadonlyMap<string, LearnedCredential>>;
  /** Learns from an assertion of a credential without a record. */
  learn(seen: Observation): Promise<void>;
  /** Everything that is kept, for the user to see and to take along. */
  all(): Promise<KnownCredentials>;
  /** Forgets one credential, and with a site's last one the site. */
  remove(rpId: string, credentialId: string): Promise<void>;
  /**
   * Takes up what {@link CredentialStore.all} gave, here or elsewhere, as far as there is room. What is known already
   * stays as it is.
   *
   * @returns what came of it, or `undefined` when the value has another form.
   */
  import(value: unknown): Promise<ImportResult | undefined>;
}

/** Everything that is kept of credentials: public data. */
export interface KnownCredentials {
  readonly registered: readonly CredentialRecord[];
  readonly learned: readonly LearnedCredential[];
}

/** What came of an import. */
export interface ImportResult {
  /** How many credentials were new. */
  readonly added: number;
  /** The storage did not take the rest. */
  readonly isUnsaved?: true;
}

/** Builds the store over an area of the extension's storage. */
export function createCredentialStore(
  storage: StoragePort,
  reportFault: (fault: unknown, where: string) => void,
): CredentialStore {
  const registered = createSiteRecords(storage, 'credentials', decodeCredentialRecord);
  const learned = createSiteRecords(storage, 'learned', decodeLearnedCredential);
  /** One change after the other: each reads what the one before wrote. */
  let changing: Promise<unknown> = Promise.resolve();
  const keys = new Map<string, VerificationKey>();

  async function loadOrNothing<Entry>(records: SiteRecords<Entry>, rpId: string): Promise<ReadonlyMap<string, Entry>> {
    try {
      return await records.load(rpId);
    } catch (fault) {
      reportFault(fault, 'credential store');
      return new Map();
    }
  }

  async function knownSites(): Promise<readonly string[]> {
    const stored = await storage.get(SITES_KEY);
    return (Array.isArray(stored) ? stored : []).filter((entry): entry is string => typeof entry === 'string');
  }

  /** Remembers that something is kept for these sites, before it is: storage cannot be listed. */
  async function noteSites(rpIds: readonly string[]): Promise<void> {
    const known = await knownSites();
    const all = new Set([...known, ...rpIds]);
    if (all.size > known.length) await storage.set(SITES_KEY, [...all]);
  }

  async function forgetSite(rpId: string): Promise<void> {
    const others = (await knownSites()).filter((site) => site !== rpId);
    if (others.length === 0) await storage.remove(SITES_KEY);
    else await storage.set(SITES_KEY, others);
  }

  function inTurn<Value>(change: () => Promise<Value>): Promise<Value> {
    const done = changing.then(change);
    changing = done.catch(() => undefined);
    return done;
  }

  /** The latest comes last; for it the oldest goes. */
  async function put<Entry extends { readonly rpId: string; readonly credentialId: string }>(
    records: SiteRecords<Entry>,
    record: Entry,
  ): Promise<void> {
    await noteSites([record.rpId]);
    await records.change(record.rpId, (entries) => {
      entries.delete(record.credentialId);
      dropOldest(entries, MAX_RECORDS_PER_SITE);
      entries.set(record.credentialId, record);
    });
  }

  /** Of what has a record nothing need be learned. */
  async function dropLearned(rpId: string): Promise<void> {
    const [seen, heard] = [await registered.load(rpId), await learned.load(rpId)];
    const needless = [...heard.keys()].filter((id) => seen.has(id));
    if (needless.length === 0) return;
    await learned.change(rpId, (entries) => {
      for (const id of needless) entries.delete(id);
    });
  }

  /** Signatures have shown another key. */
  async function isDisproved({ rpId, credentialId, publicKey }: CredentialRecord): Promise<boolean> {
    const heard = (await learned.load(rpId)).get(credentialId);
    return heard?.isConfirmed === true && !heard.candidates.includes(publicKey);
  }

  async function all(): Promise<KnownCredentials> {
    const everything: { registered: CredentialRecord[]; learned: LearnedCredential[] } = { registered: [], learned: [] };
    for (const rpId of await knownSites()) {
      everything.registered.push(...(await registered.load(rpId)).values());
      everything.learned.push(...(await learned.load(rpId)).values());
    }
    return everything;
  }

  /** Adds those that are not known, site by site, as far as there is room. `count` is told what was stored. */
  async function addUnknown<Entry extends { readonly rpId: string; readonly credentialId: string }>(
    records: SiteRecords<Entry>,
    candidates: readonly Entry[],
    count: (added: number) => void,
  ): Promise<void> {
    const additions: (readonly [rpId: string, taken: readonly (readonly [id: string, entry: Entry])[]])[] = [];
    for (const [rpId, ofSite] of groupBySite(candidates)) {
      const [known, seen] = [await records.load(rpId), await registered.load(rpId)];
      const fresh = new Map(ofSite.map((entry) => [entry.credentialId, entry]));
      for (const id of fresh.keys()) if (known.has(id) || seen.has(id)) fresh.delete(id);
      const taken = [...fresh].slice(0, Math.max(0, MAX_RECORDS_PER_SITE - known.size));
      if (taken.length > 0) additions.push([rpId, taken]);
    }
    await noteSites(additions.map(([rpId]) => rpId));
    for (const [rpId, taken] of additions) {
      await records.change(rpId, (entries) => {
        for (const [id, entry] of taken) entries.set(id, entry);
      });
      count(taken.length);
    }
  }

  async function importRecord({ publicKey }: CredentialRecord): Promise<void> {
    const bytes = keys.has(publicKey) ? undefined : decodeBase64url(publicKey);
    const decoded = bytes && decodeCoseKey(bytes);
    if (decoded?.ok !== true) return;
    const imported = await importCoseKey(decoded.value, importByWebCrypto);
    if (imported.ok) keyCache.set(publicKey, imported.value);
  }

  const keyCache: VerificationKeyCache = {
    get: (publicKey) => keys.get(publicKey),
    set(publicKey, key) {
      dropOldest(keys, MAX_KEYS_IN_MEMORY);
      keys.set(publicKey, key);
    },
  };

  return {
    keyCache,
    load: (rpId) => loadOrNothing(registered, rpId),
    warm(rpId, credentialIds) {
      loadOrNothing(registered, rpId)
        .then((records) => {
          const wanted =
            credentialIds.length === 0
              ? [...records.values()].slice(-MAX_WARMED_KEYS)
              : credentialIds.flatMap((id) => records.get(encodeBase64url(id)) ?? []);
          return Promise.all(wanted.map((record) => importRecord(record)));
        })
        .catch((fault: unknown) => reportFault(fault, 'credential store'));
    },
    add: (record) =>
      inTurn(async () => {
        await put(registered, record);
        await dropLearned(record.rpId);
      }),
    loadLearned: (rpId) => loadOrNothing(learned, rpId),
    learn: (seen) =>
      inTurn(async () => {
        const known = (await learned.load(seen.rpId)).get(seen.credentialId);
        const next = decodeLearnedCredential(await learn(known, seen));
        if (next !== undefined) await put(learned, next);
      }),
    all: () => inTurn(all),
    remove: (rpId, credentialId) =>
      inTurn(async () => {
        let left = 0;
        for (const records of [registered, learned]) {
          await records.change(rpId, (entries) => entries.delete(credentialId));
          left += (await records.load(rpId)).size;
        }
        if (left === 0) await forgetSite(rpId);
      }),
    import: (value) =>
      inTurn(async () => {
        const given = (value ?? {}) as { registered?: unknown; learned?: unknown };
        if (!Array.isArray(given.registered) || !Array.isArray(given.learned)) return undefined;
        const seen: CredentialRecord[] = [];
        for (const entry of given.registered as unknown[]) {
          const record = decodeCredentialRecord(entry);
          if (record !== undefined && isSoundKey(record.publicKey) && !(await isDisproved(record))) seen.push(record);
        }
        const heard = (given.learned as unknown[])
          .flatMap((entry) => decodeLearnedCredential(entry) ?? [])
          .filter(({ candidates }) => candidates.every(isSoundKey));
        let added = 0;
        const count = (more: number): void => void (added += more);
        try {
          await addUnknown(registered, seen, count);
          for (const rpId of groupBySite(seen).keys()) await dropLearned(rpId);
          await addUnknown(learned, heard, count);
        } catch (fault) {
          reportFault(fault, 'credential store');
          return { added, isUnsaved: true };
        }
        return { added };
      }),
  };
}

/** With another one every signature would be refused. Of an algorithm that is not known here, nothing is. */
function isSoundKey(publicKey: string): boolean {
  const decoded = decodeCoseKey(decodeBase64url(publicKey) ?? new Uint8Array());
  return decoded.ok || decoded.error.problem === CoseKeyProblem.unsupported;
}

function groupBySite<Entry extends { readonly rpId: string }>(entries: readonly Entry[]): ReadonlyMap<string, Entry[]> {
  const sites = new Map<string, Entry[]>();
  for (const entry of entries) {
    const ofSite = sites.get(entry.rpId);
    if (ofSite === undefined) sites.set(entry.rpId, [entry]);
    else ofSite.push(entry);
  }
  return sites;
}
