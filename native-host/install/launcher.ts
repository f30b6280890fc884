import { Platform, type System } from './system.ts';

/** What runs as the host: a script for a Node that is there, or a program of its own in a packaged install. */
export type HostProgram =
  | { readonly kind: 'script'; readonly runtime: string; readonly script: string }
  | { readonly kind: 'executable'; readonly path: string };

/** The facts of the running `keystile` command that tell where its host is. */
export interface OwnProcess {
  /** `keystile` is a packaged program (a single executable application), not a script. */
  readonly packaged: boolean;
  /** The Node, or the packaged program, that runs. */
  readonly execPath: string;
  /** The script that runs, links resolved. */
  readonly scriptPath: string;
}

/** Finds the host that belongs to this `keystile` command: it lies beside it. */
export function hostProgram({ platform, path }: System, { packaged, execPath, scriptPath }: OwnProcess): HostProgram {
  if (!packaged) return { kind: 'script', runtime: execPath, script: path.join(path.dirname(scriptPath), 'main.cjs') };
  const name = platform === Platform.windows ? 'keystile-host.exe' : 'keystile-host';
  return { kind: 'executable', path: path.join(path.dirname(execPath), name) };
}

/** The file of the program that must exist. */
export function programFile(program: HostProgram): string {
  return program.kind === 'script' ? program.script : program.path;
}

/** A small program that starts the host: a native messaging manifest takes no arguments. */
export interface Launcher {
  readonly file: string;
  readonly content: string;
  /** Permission bits. */
  readonly mode: number;
}

const BASE_NAME = 'keystile-host';

/** Files that a launcher in this folder may have; with the development transport it has a name of its own. */
export function launcherFiles(system: System, folder: string): { readonly normal: string; readonly development: string } {
  const suffix = system.platform === Platform.windows ? '.bat' : '';
  return {
    normal: system.path.join(folder, `${BASE_NAME}${suffix}`),
    development: system.path.join(folder, `${BASE_NAME}-dev${suffix}`),
  };
}

/**
 * Builds the launcher; `undefined` when the browser can start the host itself (a packaged program without options),
 * which on Windows spares `cmd.exe`, that an administrator may have switched off.
 *
 * @param folder where the launcher goes.
 * @param development the host may use the development transport.
 */
export function buildLauncher(
  system: System,
  program: HostProgram,
  folder: string,
  development: boolean,
): Launcher | undefined {
  if (program.kind === 'executable' && !development) return undefined;
  const files = launcherFiles(system, folder);
  const file = development ? files.development : files.normal;
  const command = program.kind === 'script' ? [program.runtime, program.script] : [program.path];
  const options = development ? ['--dev'] : [];
  return system.platform === Platform.windows
    ? { file, content: batchFile(command, options), mode: 0o644 }
    : { file, content: shellScript(command, options), mode: 0o755 };
}

function shellScript(command: readonly string[], options: readonly string[]): string {
  const words = [...command.map(quoteForShell), ...options, '"$@"'];
  return `#!/bin/sh\n# Written by \`keystile install\`: starts the Keystile host for the browser.\nexec ${words.join(' ')}\n`;
}

/** Quotes a word for a POSIX shell: everything but the single quote is literal between single quotes. */
function quoteForShell(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function batchFile(command: readonly string[], options: readonly string[]): string {
  // A path holds no quotation mark on Windows; a percent sign would begin a variable.
  const words = [...command.map((word) => `"${word.replaceAll('%', '%%')}"`), ...options, '%*'];
  const lines = [
    '@echo off',
    'rem Written by "keystile install": starts the Keystile host for the browser.',
    'setlocal DisableDelayedExpansion',
    // The file is UTF-8; without this, cmd.exe reads names beyond ASCII in the system's own code page.
    'chcp 65001 >nul',
    words.join(' '),
    '',
  ];
  return lines.join('\r\n');
}
