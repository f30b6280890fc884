import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { hostManifestText } from '../../manifests/native-messaging/host-manifest.ts';
import { Browser, browserDefinition, type BrowserDefinition, findBrowsers } from './browsers.ts';
import { buildLauncher, type HostProgram, type Launcher, programFile } from './launcher.ts';
import { registrationPlace } from './registration.ts';
import { readRegistryKey, writeDefaultValue } from './registry.ts';
import type { System } from './system.ts';

/** What to register. */
export interface InstallOptions {
  /** Browsers by name; empty: every browser that is found, or with `userDataDir` Chromium and its kin. */
  readonly browsers: readonly Browser[];
  /** Registers for one profile folder only (for Firefox: a folder that serves as its home). Absolute. */
  readonly userDataDir?: string;
  /** The host may use the development transport. */
  readonly development: boolean;
}

/** What the command itself is. */
export interface InstallContext {
  readonly system: System;
  readonly program: HostProgram;
  /** A release build has no development transport. */
  readonly release: boolean;
}

/** What was done for one browser. `updated`: there was a registration, and it was wrong or another. */
export interface InstallOutcome {
  readonly browser: Browser;
  readonly name: string;
  readonly state: 'installed' | 'updated' | 'unchanged' | 'failed';
  readonly manifest: string;
  readonly registryKey?: string;
  /** What the browser will start. */
  readonly starts: string;
  /** Why it failed, in the system's words. */
  readonly detail?: string;
}

/** The command cannot be carried out at all. */
export interface InstallRefused {
  readonly kind: 'installRefused';
  readonly reason: 'developmentInRelease' | 'noBrowser' | 'programMissing';
  readonly message: string;
}

/**
 * Registers the host with browsers for the current person; needs no administrator rights. Running it again changes
 * nothing, and mends what is wrong.
 *
 * @returns one outcome for each browser, or why nothing was tried.
 */
export async function installHost(
  { system, program, release }: InstallContext,
  { browsers, userDataDir, development }: InstallOptions,
): Promise<Result<readonly InstallOutcome[], InstallRefused>> {
  if (development && release) {
    return refuse('developmentInRelease', 'This is a release build: it has no development transport. Build from a checkout (npm run build) to use --dev.');
  }
  const file = programFile(program);
  if ((await system.files.kind(file)) !== 'file') {
    return refuse('programMissing', `The host is not at ${file}. Build it first: npm run build.`);
  }
  const definitions = await chooseBrowsers(system, browsers, userDataDir);
  if (definitions.length === 0) {
    return refuse('noBrowser', 'No browser was found for this account. Name one: keystile install --browser chrome.');
  }
  const outcomes: InstallOutcome[] = [];
  // One after the other: browsers share the launcher, and on Windows the registry key.
  for (const definition of definitions) {
    outcomes.push(await register(system, program, definition, userDataDir, development));
  }
  return success(outcomes);
}

async function chooseBrowsers(
  system: System,
  browsers: readonly Browser[],
  userDataDir: string | undefined,
): Promise<readonly BrowserDefinition[]> {
  if (browsers.length > 0) return [...new Set(browsers)].map(browserDefinition);
  // In a profile folder all Chromium browsers look in the same place.
  return userDataDir === undefined ? findBrowsers(system) : [browserDefinition(Browser.chromium)];
}

async function register(
  system: System,
  program: HostProgram,
  definition: BrowserDefinition,
  userDataDir: string | undefined,
  development: boolean,
): Promise<InstallOutcome> {
  const place = registrationPlace(system, definition, userDataDir);
  const launcher = buildLauncher(system, program, place.launcherFolder, development);
  const starts = launcher?.file ?? programFile(program);
  const { manifest, registryKey } = place;
  const facts = { browser: definition.id, name: definition.name, manifest, starts };
  const common = registryKey === undefined ? facts : { ...facts, registryKey };

  const existed = (await system.files.kind(manifest)) !== undefined;
  const steps = [
    () => writeLauncher(system, launcher),
    () => writeIfDifferent(system, manifest, hostManifestText(definition.family, starts), 0o644),
    () => pointRegistryTo(system, registryKey, manifest),
  ];
  let changed = false;
  for (const step of steps) {
    const result = await step();
    if (!result.ok) return { ...common, state: 'failed', detail: result.error.detail };
    changed ||= result.value;
  }
  if (!changed) return { ...common, state: 'unchanged' };
  return { ...common, state: existed ? 'updated' : 'installed' };
}

type Step = Promise<Result<boolean, { readonly detail: string }>>;

async function writeLauncher(system: System, launcher: Launcher | undefined): Step {
  if (launcher === undefined) return success(false);
  const { file, content, mode } = launcher;
  const executable = mode === 0o644 || (await system.files.isAllowed(file, 'execute'));
  return writeIfDifferent(system, file, content, mode, !executable);
}

async function writeIfDifferent(system: System, file: string, content: string, mode: number, force = false): Step {
  const expected = new TextEncoder().encode(content);
  const current = await system.files.read(file, expected.length);
  if (!force && current.ok && Buffer.compare(current.value, expected) === 0) return success(false);
  const written = await system.files.write(file, content, mode);
  return written.ok ? success(true) : written;
}

async function pointRegistryTo(system: System, key: string | undefined, manifest: string): Step {
  if (key === undefined) return success(false);
  const current = await readRegistryKey(system, key);
  if (!current.ok) return current;
  if (current.value?.values.get('') === manifest) return success(false);
  const written = await writeDefaultValue(system, key, manifest);
  return written.ok ? success(true) : written;
}

function refuse(reason: InstallRefused['reason'], message: string): Result<never, InstallRefused> {
  return failure({ kind: 'installRefused', reason, message });
}
