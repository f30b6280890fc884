import { decodeBase64url, encodeBase64url } from '../../shared/bytes/base64url.ts';
import type { Bytes } from '../../shared/bytes/bytes.ts';
import { decodeCoseKey } from '../../shared/cose/cose-key.ts';
import { importCoseKey, type VerificationKey, type VerificationKeyCache } from '../../shared/cose/signature.ts';
import { type CredentialRecord, decodeCredentialRecord } from '../../shared/verifier/credential-record.ts';
import type { StoragePort } from '../platform/ports.ts';

/** Credentials kept for one site; the oldest goes first. Far above what one person registers. */
const MAX_RECORDS_PER_SITE = 256;
const MAX_SITES_IN_MEMORY = 64;
const MAX_KEYS_IN_MEMORY = 256;
/** Keys imported ahead of an authentication that names no credentials. */
const MAX_WARMED_KEYS = 16;

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
}

/** Builds the store over an area of the extension's storage; sites are loaded once and then kept in memory. */
export function createCredentialStore(
  storage: StoragePort,
  reportFault: (fault: unknown, where: string) => void,
): CredentialStore {
  const sites = new Map<string, Promise<Map<string, CredentialRecord>>>();
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
    const imported = await importCoseKey(decoded.value);
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
    async add(record) {
      const records = await load(record.rpId);
      records.delete(record.credentialId);
      dropOldest(records, MAX_RECORDS_PER_SITE);
      records.set(record.credentialId, record);
      await storage.set(storageKey(record.rpId), [...records.values()]);
    },
  };
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
