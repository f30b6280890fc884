import { isWithinLimits, type SizeLimits } from '../../../shared/wire/envelope.ts';
import { MAX_CREDENTIALS_PART } from '../../../shared/wire/ui.ts';

/** Far above what anybody has; the rest of a larger file is left out. */
const MAX_ENTRIES = 4096;
/** Any record of a credential is within these. */
const ENTRY_LIMITS: SizeLimits = { maxDepth: 4, maxSize: 65_536 };

/** A part of an export. */
export interface ImportPart {
  readonly registered: unknown[];
  readonly learned: unknown[];
}

/** An export, cut so that each part fits into one message. */
export interface ImportParts {
  readonly parts: readonly ImportPart[];
  /** Entries of the whole. */
  readonly given: number;
}

/**
 * Reads an export of known credentials from text. Entries that are too large or too deep for a record are left out.
 *
 * @returns `undefined` when it is no export.
 */
export function readImport(text: string): ImportParts | undefined {
  let parsed: unknown;
  try {
    // What comes from a file may begin with a byte order mark, which is white space here.
    parsed = JSON.parse(text.trim());
  } catch {
    return undefined;
  }
  const { registered, learned } = (parsed ?? {}) as { readonly registered?: unknown; readonly learned?: unknown };
  if (!Array.isArray(registered) || !Array.isArray(learned)) return undefined;
  const parts: ImportPart[] = [];
  let room = 0;
  for (const [kind, entries] of [['registered', registered], ['learned', learned]] as const) {
    const usable = (entries as unknown[]).slice(0, MAX_ENTRIES).filter((entry) => isWithinLimits(entry, ENTRY_LIMITS));
    for (const entry of bySite(usable)) {
      const size = JSON.stringify(entry).length;
      let part = parts.at(-1);
      if (part === undefined || room < size) {
        part = { registered: [], learned: [] };
        parts.push(part);
        room = MAX_CREDENTIALS_PART;
      }
      part[kind].push(entry);
      room -= size;
    }
  }
  return { parts, given: registered.length + learned.length };
}

/** Those of one site together: the fewer parts a site is in, the less is written. */
function bySite(entries: readonly unknown[]): unknown[] {
  const sites = new Map<unknown, unknown[]>();
  for (const entry of entries) {
    const { rpId } = (entry ?? {}) as { readonly rpId?: unknown };
    const ofSite = sites.get(rpId);
    if (ofSite === undefined) sites.set(rpId, [entry]);
    else ofSite.push(entry);
  }
  return [...sites.values()].flat();
}
