import { decodeBase64url, encodeBase64url } from '../../shared/bytes/base64url.ts';
import type { Bytes } from '../../shared/bytes/bytes.ts';
import { decodeCoseKey } from '../../shared/cose/cose-key.ts';
import { importCoseKey, type VerificationKey, type VerificationKeyCache } from '../../shared/cose/signature.ts';
import { importByWebCrypto } from '../../shared/cose/web-crypto.ts';
import { type CredentialRecord, decodeCredentialRecord } from '../../shared/verifier/credential-record.ts';
import { decodeLearnedCredential, learn, type LearnedCredential, type Observation } from '../../shared/verifier/learned-key.ts';
import type { StoragePort } from '../platform/ports.ts';

/** Credentials kept for one site; the oldest goes first. Far above what one person registers. */
const MAX_RECORDS_PER_SITE = 256;
const MAX_SITES_IN_MEMORY = 64;
const MAX_KEYS_IN_MEMORY = 256;
/** Keys imported ahead of an authentication that names no credentials. */
const MAX_WARMED_KEYS = 16;
const MAX_IMPORT = 4096;
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
  /** Forgets one credential. */
  remove(rpId: string, credentialId: string): Promise<void>;
  /**
   * Takes up what {@link CredentialStore.all} gave, here or elsewhere. What is known already stays as it is.
   *
   * @returns how many were new, or `undefined` when the value has another form.
   */
  import(value: unknown): Promise<number | undefined>;
}

/** Everything that is kept of credentials: public data. */
export interface KnownCredentials {
  readonly registered: readonly CredentialRecord[];
  readonly learned: readonly LearnedCredential[];
}

/** Builds the store over an area of the extension's storage; sites are loaded once and then kept in memory. */
export function createCredentialStore(
  storage: StoragePort,
  reportFault: (fault: unknown, where: string) => void,
): CredentialStore {
  const sites = new Map<string, Promise<Map<string, CredentialRecord>>>();
  /** One change after the other: each reads what the one before wrote. */
  let changing: Promise<unknown> = Promise.resolve();
  const keys = new Map<string, VerificationKey>();

  async function read(rpId: string): Promise<Map<string, CredentialRecord>> {
    try {
      const stored = await storage.get(storageKey(rpId));
      const records = (Array.isArray(stored) ? stored : []).flatMap((entry) => decodeCredentialRecord(entry) ?? []);
      return new Map(records.map((record) => [record.credentialId, record]));
    } catch (fault) {
      reportFault(fault, 'credential store');
      return new Map();
    }
  }

  async function readLearned(rpId: string): Promise<Map<string, LearnedCredential>> {
    try {
      const stored = await storage.get(learnedKey(rpId));
      const records = (Array.isArray(stored) ? stored : []).flatMap((entry) => decodeLearnedCredential(entry) ?? []);
      return new Map(records.map((record) => [record.credentialId, record]));
    } catch (fault) {
      reportFault(fault, 'credential store');
      return new Map();
    }
  }

  async function knownSites(): Promise<readonly string[]> {
    const stored = await storage.get(SITES_KEY);
    return (Array.isArray(stored) ? stored : []).filter((entry): entry is string => typeof entry === 'string');
  }

  /** Remembers that something is kept for the site: storage cannot be listed. */
  async function noteSite(rpId: string): Promise<void> {
    const known = await knownSites();
    if (!known.includes(rpId)) await storage.set(SITES_KEY, [...known, rpId]);
  }

  function inTurn<Value>(change: () => Promise<Value>): Promise<Value> {
    const done = changing.then(change);
    changing = done.catch(() => undefined);
    return done;
  }

  async function put(record: CredentialRecord): Promise<void> {
    const records = await load(record.rpId);
    records.delete(record.credentialId);
    dropOldest(records, MAX_RECORDS_PER_SITE);
    records.set(record.credentialId, record);
    await storage.set(storageKey(record.rpId), [...records.values()]);
    await noteSite(record.rpId);
  }

  async function putLearned(record: LearnedCredential): Promise<void> {
    const records = await readLearned(record.rpId);
    records.delete(record.credentialId);
    dropOldest(records, MAX_RECORDS_PER_SITE);
    records.set(record.credentialId, record);
    await storage.set(learnedKey(record.rpId), [...records.values()]);
    await noteSite(record.rpId);
  }

  async function all(): Promise<KnownCredentials> {
    const registered: CredentialRecord[] = [];
    const learned: LearnedCredential[] = [];
    for (const rpId of await knownSites()) {
      registered.push(...(await load(rpId)).values());
      learned.push(...(await readLearned(rpId)).values());
    }
    return { registered, learned };
  }

  function load(rpId: string): Promise<Map<string, CredentialRecord>> {
    let site = sites.get(rpId);
    if (site === undefined) {
      dropOldest(sites, MAX_SITES_IN_MEMORY);
      site = read(rpId);
      sites.set(rpId, site);
    }
    return site;
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
    load,
    warm(rpId, credentialIds) {
      load(rpId)
        .then((records) => {
          const wanted =
            credentialIds.length === 0
              ? [...records.values()].slice(-MAX_WARMED_KEYS)
              : credentialIds.flatMap((id) => records.get(encodeBase64url(id)) ?? []);
          return Promise.all(wanted.map((record) => importRecord(record)));
        })
        .catch((fault: unknown) => reportFault(fault, 'credential store'));
    },
    add: (record) => inTurn(() => put(record)),
    loadLearned: readLearned,
    learn: (seen) =>
      inTurn(async () => {
        const known = (await readLearned(seen.rpId)).get(seen.credentialId);
        const next = await learn(known, seen);
        if (next !== undefined) await putLearned(next);
      }),
    all: () => inTurn(all),
    remove: (rpId, credentialId) =>
      inTurn(async () => {
        const records = await load(rpId);
        if (records.delete(credentialId)) await storage.set(storageKey(rpId), [...records.values()]);
        const learned = await readLearned(rpId);
        if (learned.delete(credentialId)) await storage.set(learnedKey(rpId), [...learned.values()]);
      }),
    import: (value) =>
      inTurn(async () => {
        const { registered, learned } = (value ?? {}) as { registered?: unknown; learned?: unknown };
        if (!Array.isArray(registered) || !Array.isArray(learned)) return undefined;
        let added = 0;
        for (const entry of (registered as unknown[]).slice(0, MAX_IMPORT)) {
          const record = decodeCredentialRecord(entry);
          if (record === undefined || (await load(record.rpId)).has(record.credentialId)) continue;
          await put(record);
          added += 1;
        }
        for (const entry of (learned as unknown[]).slice(0, MAX_IMPORT)) {
          const record = decodeLearnedCredential(entry);
          if (record === undefined || (await readLearned(record.rpId)).has(record.credentialId)) continue;
          await putLearned(record);
          added += 1;
        }
        return added;
      }),
  };
}

function learnedKey(rpId: string): string {
  return `learned:${rpId}`;
}

function storageKey(rpId: string): string {
  return `credentials:${rpId}`;
}

/** Makes room for one more entry. */
function dropOldest(map: Map<string, unknown>, most: number): void {
  if (map.size < most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
