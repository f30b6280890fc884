import * as v from 'valibot';

import type { BrowserDefinition } from '../browsers.ts';
import { parseJson } from '../registration.ts';
import { readRegistryKey, type RegistryKey } from '../registry.ts';
import { Platform, type System } from '../system.ts';

const names = v.pipe(v.array(v.string()), v.maxLength(10_000));
const policySchema = v.object({
  NativeMessagingBlocklist: v.optional(names),
  NativeMessagingAllowlist: v.optional(names),
  NativeMessagingUserLevelHosts: v.optional(v.boolean()),
  NativeHostsExecutablesLaunchDirectly: v.optional(v.boolean()),
});

/** The administrator's policies about native messaging, under the names that Chromium gives them. */
type NativeMessagingPolicy = v.InferOutput<typeof policySchema>;

/** What was found of policies. */
export interface FoundPolicy {
  readonly policy: NativeMessagingPolicy;
  /** Files and keys that set one of the policies. */
  readonly sources: readonly string[];
  /** Files that are there and could not be understood. */
  readonly unreadable: readonly string[];
}

const FILE_LIMIT = 1024 * 1024;

/** Reads the policies of a Chromium browser: JSON files on Linux, the registry on Windows, managed preferences on macOS. */
export async function readPolicy(system: System, definition: BrowserDefinition): Promise<FoundPolicy> {
  switch (system.platform) {
    case Platform.linux:
      return merge(await readPolicyFiles(system, definition.linux.policies));
    case Platform.windows:
      return merge(await readPolicyKeys(system, definition.windows.policyKey));
    case Platform.macos:
      return merge(await readManagedPreferences(system, definition.macos.preferences));
  }
}

interface Source {
  readonly name: string;
  /** `undefined`: there, and not understood. */
  readonly value: unknown;
}

/** Where two sources set one policy the first wins, as the machine does over the person. */
function merge(sources: readonly Source[]): FoundPolicy {
  let policy: NativeMessagingPolicy = {};
  const used: string[] = [];
  const unreadable: string[] = [];
  for (const { name, value } of sources) {
    const parsed = v.safeParse(policySchema, value);
    if (!parsed.success) {
      unreadable.push(name);
    } else if (Object.keys(parsed.output).length > 0) {
      policy = { ...parsed.output, ...policy };
      used.push(name);
    }
  }
  return { policy, sources: used, unreadable };
}

async function readPolicyFiles(system: System, folders: readonly string[]): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for (const folder of folders) {
    const files = (await system.files.list(folder)).filter((name) => name.endsWith('.json'));
    for (const name of files) {
      const file = system.path.join(folder, name);
      const content = await system.files.read(file, FILE_LIMIT);
      sources.push({ name: file, value: content.ok ? parseJson(new TextDecoder().decode(content.value)) : undefined });
    }
  }
  return sources;
}

async function readPolicyKeys(system: System, policyKey: string): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for (const name of [`HKLM\\${policyKey}`, `HKCU\\${policyKey}`]) {
    const key = await readRegistryKey(system, name);
    if (!key.ok) sources.push({ name, value: undefined });
    else if (key.value !== undefined) sources.push({ name, value: fromRegistry(key.value) });
  }
  return sources;
}

/** Lists are subkeys with values "1", "2"; booleans are DWORDs. */
function fromRegistry({ values, subkeys }: RegistryKey): Record<string, unknown> {
  const entries = Object.keys(policySchema.entries).flatMap((name): [string, unknown][] => {
    const list = subkeys.get(name.toLowerCase());
    if (list !== undefined) return [[name, [...list.values()].map(String)]];
    const value = values.get(name.toLowerCase());
    return value === undefined ? [] : [[name, value === 0 ? false : value === 1 ? true : value]];
  });
  return Object.fromEntries(entries);
}

async function readManagedPreferences(system: System, domain: string): Promise<readonly Source[]> {
  const user = system.env['USER'];
  const folders = ['/Library/Managed Preferences'];
  if (user !== undefined) folders.push(`/Library/Managed Preferences/${user}`);
  const sources: Source[] = [];
  for (const folder of folders) {
    const file = system.path.join(folder, `${domain}.plist`);
    if ((await system.files.kind(file)) !== 'file') continue;
    const converted = await system.run('/usr/bin/plutil', ['-convert', 'json', '-o', '-', file]);
    const readable = converted.started && converted.exitCode === 0;
    sources.push({ name: file, value: readable ? parseJson(converted.stdout) : undefined });
  }
  return sources;
}
