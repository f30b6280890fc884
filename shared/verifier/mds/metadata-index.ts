import { failure, success, type Result } from '../../bytes/result.ts';
import { type MetadataEntry, decodeMetadataEntry } from './entry.ts';

/** By what a model is found. */
export type MetadataKey =
  /** 32 hexadecimal digits, lower case. */
  | { readonly aaguid: string }
  /** SHA-1 of the public key of an attestation certificate, 40 hexadecimal digits, lower case (U2F). */
  | { readonly keyIdentifier: string };

/** Why nothing usable was found. `unusable`: there is an entry, but it has not the form that it should have. */
export interface LookupProblem {
  readonly problem: 'unknown' | 'unusable';
  readonly detail: string;
}

/**
 * The entries of a BLOB, found in constant time. They are decoded when they are asked for: most never are. Where two
 * entries name the same model, their status reports count together.
 */
export class MetadataIndex {
  readonly #byAaguid = new Map<string, unknown[]>();
  readonly #byKeyIdentifier = new Map<string, unknown[]>();
  readonly #decoded = new Map<string, Result<MetadataEntry, LookupProblem>>();

  constructor(entries: readonly unknown[]) {
    for (const entry of entries) {
      const { aaguid, attestationCertificateKeyIdentifiers: identifiers } = (entry ?? {}) as Readonly<Record<string, unknown>>;
      if (typeof aaguid === 'string') addTo(this.#byAaguid, normaliseAaguid(aaguid), entry);
      if (!Array.isArray(identifiers)) continue;
      for (const identifier of identifiers as readonly unknown[]) {
        if (typeof identifier === 'string') addTo(this.#byKeyIdentifier, identifier.toLowerCase(), entry);
      }
    }
  }

  /** Models that are found by AAGUID. */
  get aaguids(): readonly string[] {
    return [...this.#byAaguid.keys()];
  }

  /** Looks up a model. */
  find(key: MetadataKey): Result<MetadataEntry, LookupProblem> {
    const id = 'aaguid' in key ? key.aaguid : key.keyIdentifier;
    const known = this.#decoded.get(id);
    if (known !== undefined) return known;
    const entries = 'aaguid' in key ? this.#byAaguid.get(id) : this.#byKeyIdentifier.get(id);
    if (entries === undefined) return failure({ problem: 'unknown', detail: 'The metadata has no entry for it.' });
    const decoded = decodeAll(entries);
    this.#decoded.set(id, decoded);
    return decoded;
  }
}

/** An AAGUID with or without hyphens as 32 hexadecimal digits in lower case. */
export function normaliseAaguid(text: string): string {
  return text.replaceAll('-', '').toLowerCase();
}

function addTo(map: Map<string, unknown[]>, key: string, entry: unknown): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else list.push(entry);
}

function decodeAll(values: readonly unknown[]): Result<MetadataEntry, LookupProblem> {
  const entries: MetadataEntry[] = [];
  for (const value of values) {
    const decoded = decodeMetadataEntry(value);
    if (!decoded.ok) return failure({ problem: 'unusable', detail: decoded.error });
    entries.push(decoded.value);
  }
  const [first] = entries;
  if (first === undefined) return failure({ problem: 'unknown', detail: 'The metadata has no entry for it.' });
  return success({
    ...first,
    anchors: [...new Set(entries.flatMap(({ anchors }) => anchors))],
    statusReports: entries.flatMap(({ statusReports }) => statusReports),
  });
}
