import { randomUUID } from 'node:crypto';

import { failure, success, type Result } from '../../shared/bytes/result.ts';
import type { System } from './system.ts';

/** The registry could not be used; `detail` is what `reg.exe` said. */
export interface RegistryError {
  readonly kind: 'registry';
  readonly key: string;
  readonly detail: string;
}

/** A value: text for REG_SZ, a number for REG_DWORD. Other types are of no use here and left out. */
type RegistryValue = string | number;

/** Values of a key and of its subkeys. Names in lower case, as the registry ignores case; the default value is `''`. */
export interface RegistryKey {
  readonly values: ReadonlyMap<string, RegistryValue>;
  readonly subkeys: ReadonlyMap<string, ReadonlyMap<string, RegistryValue>>;
}

/** A 64-bit Windows keeps two views of HKLM\Software; `32` is what 32-bit programs see. HKCU has one. */
export type RegistryView = '32' | '64';

const EXPORT_LIMIT = 1024 * 1024;

/**
 * Reads a key with all below it. By `reg export`, not `reg query`: the exported file is UTF-16 and the same in every
 * language of Windows, while the query prints in the console's code page and translates "(Default)".
 *
 * @param key as `HKCU\Software\...`.
 * @returns `undefined` when there is no such key.
 */
export async function readRegistryKey(
  system: System,
  key: string,
  view?: RegistryView,
): Promise<Result<RegistryKey | undefined, RegistryError>> {
  const file = system.path.join(system.temporaryFolder, `keystile-${randomUUID()}.reg`);
  const viewArgs = view === undefined ? [] : [`/reg:${view}`];
  const result = await system.run(regExe(system), ['export', key, file, '/y', ...viewArgs]);
  if (!result.started) return failure({ kind: 'registry', key, detail: result.detail });
  // Windows has one exit code for "no such key" and for a refusal, and a translated text: absent is the common case.
  if (result.exitCode !== 0) return success(undefined);
  const content = await system.files.read(file, EXPORT_LIMIT);
  await system.files.remove(file);
  if (!content.ok) return failure({ kind: 'registry', key, detail: content.error.detail });
  return success(parseRegistryExport(new TextDecoder('utf-16le').decode(content.value)));
}

/** Sets the default value of a key, creating the key. */
export function writeDefaultValue(system: System, key: string, value: string): Promise<Result<void, RegistryError>> {
  return change(system, key, ['add', key, '/ve', '/t', 'REG_SZ', '/d', value, '/f']);
}

/** Removes a key with all below it. */
export function removeRegistryKey(system: System, key: string): Promise<Result<void, RegistryError>> {
  return change(system, key, ['delete', key, '/f']);
}

async function change(system: System, key: string, args: readonly string[]): Promise<Result<void, RegistryError>> {
  const result = await system.run(regExe(system), args);
  if (result.started && result.exitCode === 0) return success(undefined);
  const detail = result.started ? result.stderr.trim() || `reg.exe ended with ${result.exitCode.toString()}` : result.detail;
  return failure({ kind: 'registry', key, detail });
}

/** By its full path, so that no other program of that name on the PATH is started. */
function regExe(system: System): string {
  return system.path.join(system.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'reg.exe');
}

const SECTION = /^\[([^\]]+)\]$/;
const VALUE = /^(?:@|"((?:[^"\\]|\\.)*)")=(?:"((?:[^"\\]|\\.)*)"|dword:([0-9a-fA-F]{8}))$/;

/** Parses the text of a `.reg` file of one key; the first section is the key itself, the others its subkeys. */
export function parseRegistryExport(text: string): RegistryKey {
  const values = new Map<string, RegistryValue>();
  const subkeys = new Map<string, Map<string, RegistryValue>>();
  let root: string | undefined;
  let current = values;
  for (const line of text.split(/\r?\n/)) {
    const section = SECTION.exec(line)?.[1];
    if (section !== undefined) {
      if (root === undefined) {
        root = section;
        continue;
      }
      current = new Map();
      subkeys.set(section.slice(root.length + 1).toLowerCase(), current);
      continue;
    }
    const value = VALUE.exec(line);
    if (value === null) continue;
    const [, name = '', string, dword] = value;
    current.set(unescape(name).toLowerCase(), dword === undefined ? unescape(string ?? '') : Number.parseInt(dword, 16));
  }
  return { values, subkeys };
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}
