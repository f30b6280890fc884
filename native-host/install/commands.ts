import path from 'node:path';

import { type Command, Option } from 'commander';

import { Browser } from './browsers.ts';
import type { Probes } from './doctor/check.ts';
import { runDoctor } from './doctor/doctor.ts';
import { formatReport } from './doctor/report.ts';
import { type InstallContext, installHost, type InstallOutcome } from './install.ts';
import { uninstallHost, type UninstallOutcome } from './uninstall.ts';

/** What the commands need from the composition root. */
export interface CommandContext extends InstallContext {
  readonly probes: Probes;
  readonly version: string;
  /** Writes text to standard output. */
  readonly print: (text: string) => void;
  /** Sets the exit code: 0 all well, 1 problems. */
  readonly exit: (code: 0 | 1) => void;
}

interface RegistrationFlags {
  readonly browser?: readonly Browser[];
  readonly userDataDir?: string;
  readonly json?: boolean;
}

/** Adds `install`, `uninstall` and `doctor` to the `keystile` command. */
export function addInstallCommands(program: Command, context: CommandContext): void {
  program
    .command('install')
    .description('register the host with browsers, for the current account; repeatable, mends what is wrong')
    .addOption(browserOption('every browser found; chromium with --user-data-dir'))
    .option('--user-data-dir <dir>', 'register for one profile folder only (Firefox: the folder that serves as its home)')
    .option('--dev', 'the host may use the development transport (not in release builds)')
    .option('--json', 'print the result as JSON')
    .action((flags: RegistrationFlags & { readonly dev?: boolean }) => install(context, flags, flags.dev === true));
  program
    .command('uninstall')
    .description('remove the registration of the current account')
    .addOption(browserOption('all'))
    .option('--user-data-dir <dir>', 'as given to install')
    .option('--json', 'print the result as JSON')
    .action((flags: RegistrationFlags) => uninstall(context, flags));
  program
    .command('doctor')
    .description('tell what is missing, why, and how to mend it')
    .option('--json', 'print the result as JSON')
    .action((flags: { readonly json?: boolean }) => doctor(context, flags.json === true));
}

function browserOption(defaultDescription: string): Option {
  return new Option('--browser <name...>', `browser to serve; repeatable (default: ${defaultDescription})`).choices(
    Object.values(Browser),
  );
}

async function install(context: CommandContext, flags: RegistrationFlags, development: boolean): Promise<void> {
  const { print, exit } = context;
  const result = await installHost(context, { browsers: flags.browser ?? [], development, ...profileOf(flags) });
  if (!result.ok) {
    const { reason, message } = result.error;
    print(flags.json === true ? toJson({ ok: false, reason, message }) : `${message}\n`);
    exit(1);
    return;
  }
  const ok = result.value.every(({ state }) => state !== 'failed');
  print(flags.json === true ? toJson({ ok, browsers: result.value }) : result.value.map(describeInstall).join(''));
  exit(ok ? 0 : 1);
}

async function uninstall(context: CommandContext, flags: RegistrationFlags): Promise<void> {
  const { system, program, print, exit } = context;
  const outcomes = await uninstallHost(system, program, { browsers: flags.browser ?? [], ...profileOf(flags) });
  const ok = outcomes.every(({ state }) => state !== 'failed');
  if (flags.json === true) print(toJson({ ok, browsers: outcomes }));
  else {
    const asked = flags.browser !== undefined;
    const told = outcomes.filter(({ state }) => asked || state !== 'absent').map(describeUninstall);
    print(told.length > 0 ? told.join('') : 'The host was not registered with any browser.\n');
  }
  exit(ok ? 0 : 1);
}

async function doctor({ system, probes, version, print, exit }: CommandContext, json: boolean): Promise<void> {
  const checks = await runDoctor(system, probes, version);
  const ok = checks.every(({ state }) => state !== 'problem');
  print(json ? toJson({ ok, version, checks }) : formatReport(checks));
  exit(ok ? 0 : 1);
}

function profileOf({ userDataDir }: RegistrationFlags): { readonly userDataDir?: string } {
  return userDataDir === undefined ? {} : { userDataDir: path.resolve(userDataDir) };
}

function describeInstall({ name, state, manifest, registryKey, starts, detail }: InstallOutcome): string {
  if (state === 'failed') return `${name}: failed. ${detail ?? ''}\n`;
  const words = { installed: 'registered', updated: 'registration updated', unchanged: 'already registered' };
  const key = registryKey === undefined ? '' : `  ${registryKey}\n`;
  return `${name}: ${words[state]}\n${key}  ${manifest}\n  starts ${starts}\n`;
}

function describeUninstall({ name, state, manifest, detail }: UninstallOutcome): string {
  const words = { removed: 'registration removed', absent: 'was not registered', foreign: 'left alone', failed: 'failed' };
  return `${name}: ${words[state]}${detail === undefined ? '' : `. ${detail}`}\n  ${manifest}\n`;
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
