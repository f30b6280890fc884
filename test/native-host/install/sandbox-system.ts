import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { createNodeFiles } from '../../../native-host/install/node-system.ts';
import type { Files, RunResult, System } from '../../../native-host/install/system.ts';

/** A machine whose files are real files below a temporary folder, whatever system it plays. */
export interface Sandbox {
  readonly system: System;
  /** Every program that was run: command and arguments. */
  readonly calls: string[][];
  /** Default values and DWORDs of the played registry: `HKCU\Software\X` -> name in lower case -> value. */
  readonly registry: Map<string, Map<string, string | number>>;
  /** Paths that this person may not open. */
  readonly denied: Set<string>;
  /** Where a file of the played machine really is. */
  real(file: string): string;
  put(file: string, content: string | Uint8Array, mode?: number): Promise<void>;
  text(file: string): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Settings of the played machine that differ from the usual ones. */
export interface SandboxOptions {
  readonly release?: string;
  readonly nodeVersion?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Answers programs other than `reg.exe`. */
  readonly run?: (command: string, args: readonly string[]) => RunResult;
}

const HOMES = { linux: '/home/ada', macos: '/Users/ada', windows: 'C:\\Users\\ada' } as const;
const ENVIRONMENTS: Record<System['platform'], Readonly<Record<string, string>>> = {
  linux: { PATH: '/usr/local/bin:/usr/bin:/snap/bin' },
  macos: { USER: 'ada' },
  windows: {
    SystemRoot: 'C:\\Windows',
    ProgramFiles: 'C:\\Program Files',
    'ProgramFiles(x86)': 'C:\\Program Files (x86)',
    LOCALAPPDATA: 'C:\\Users\\ada\\AppData\\Local',
    APPDATA: 'C:\\Users\\ada\\AppData\\Roaming',
  },
};

/** Sets up a machine of the given system, with nothing on it. */
export async function createSandbox(platform: System['platform'], options: SandboxOptions = {}): Promise<Sandbox> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'keystile-install-'));
  const calls: string[][] = [];
  const registry: Sandbox['registry'] = new Map();
  const denied = new Set<string>();
  const real = (file: string): string =>
    path.join(root, platform === 'windows' ? file.replace(':', '').replaceAll('\\', '/') : file);
  const files = mapFiles(createNodeFiles(), real, denied);

  async function run(command: string, args: readonly string[]): Promise<RunResult> {
    calls.push([command, ...args]);
    if (command.endsWith('reg.exe')) return playRegistry(registry, args, (file, text) => writeFile(real(file), text, 'utf16le'));
    return options.run?.(command, args) ?? { started: false, detail: `spawn ${command} ENOENT` };
  }

  const system: System = {
    platform,
    release: options.release ?? (platform === 'windows' ? '10.0.17763' : '6.1.0'),
    nodeVersion: options.nodeVersion ?? '22.11.0',
    home: HOMES[platform],
    temporaryFolder: platform === 'windows' ? 'C:\\Temp' : '/tmp',
    env: { ...ENVIRONMENTS[platform], ...options.env },
    path: platform === 'windows' ? path.win32 : path.posix,
    files,
    run,
  };
  await mkdir(real(system.temporaryFolder), { recursive: true });
  return {
    system,
    calls,
    registry,
    denied,
    real,
    async put(file, content, mode = 0o644) {
      await mkdir(path.dirname(real(file)), { recursive: true });
      await writeFile(real(file), content);
      await chmod(real(file), mode);
    },
    text: (file) => readFile(real(file), 'utf8'),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

function mapFiles(files: Files, real: (file: string) => string, denied: ReadonlySet<string>): Files {
  return {
    kind: (file) => files.kind(real(file)),
    read: (file, limit) => files.read(real(file), limit),
    list: (folder) => files.list(real(folder)),
    isAllowed: async (file, use) => !denied.has(file) && (await files.isAllowed(real(file), use)),
    write: (file, content, mode) => files.write(real(file), content, mode),
    remove: (file) => files.remove(real(file)),
    removeEmptyFolder: (folder) => files.removeEmptyFolder(real(folder)),
  };
}

/** What `reg.exe` does for the three uses made of it. */
async function playRegistry(
  registry: Sandbox['registry'],
  [verb = '', key = '', ...rest]: readonly string[],
  write: (file: string, text: string) => Promise<void>,
): Promise<RunResult> {
  const done: RunResult = { started: true, exitCode: 0, stdout: '', stderr: '' };
  const absent: RunResult = { started: true, exitCode: 1, stdout: '', stderr: 'ERROR: no such key' };
  const below = [...registry.keys()].filter((name) => name === key || name.startsWith(`${key}\\`)).sort();
  if (verb === 'add') {
    const values = registry.get(key) ?? new Map<string, string | number>();
    registry.set(key, values.set('', rest[rest.indexOf('/d') + 1] ?? ''));
    return done;
  }
  if (below.length === 0) return absent;
  if (verb === 'delete') {
    for (const name of below) registry.delete(name);
    return done;
  }
  if (verb !== 'export') return absent;
  const names = below.includes(key) ? below : [key, ...below];
  const sections = names.map((name) => {
    const values = [...(registry.get(name) ?? [])].map(
      ([value, data]) =>
        `${value === '' ? '@' : `"${value}"`}=${typeof data === 'number' ? `dword:${data.toString(16).padStart(8, '0')}` : `"${data.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`}`,
    );
    return `[${name}]\r\n${values.join('\r\n')}\r\n`;
  });
  await write(rest[0] ?? '', `\ufeffWindows Registry Editor Version 5.00\r\n\r\n${sections.join('\r\n')}\r\n`);
  return done;
}
