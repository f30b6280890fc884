import { success, type Result } from '../../shared/bytes/result.ts';
import { type Browser, browserDefinition, type BrowserDefinition, BROWSERS } from './browsers.ts';
import { type HostProgram, launcherFiles, programFile } from './launcher.ts';
import { readManifest, registrationPlace, type RegistrationPlace } from './registration.ts';
import { readRegistryKey, removeRegistryKey } from './registry.ts';
import type { System } from './system.ts';

/** What to remove. */
export interface UninstallOptions {
  /** Browsers by name; empty: all. */
  readonly browsers: readonly Browser[];
  /** As given to the installation. Absolute. */
  readonly userDataDir?: string;
}

/** What was done for one browser. `foreign`: a registration that another installation wrote; it was left alone. */
export interface UninstallOutcome {
  readonly browser: Browser;
  readonly name: string;
  readonly state: 'removed' | 'absent' | 'foreign' | 'failed';
  readonly manifest: string;
  readonly registryKey?: string;
  readonly detail?: string;
}

/** Removes what {@link installHost} wrote for the current person, and nothing else. */
export async function uninstallHost(
  system: System,
  program: HostProgram,
  { browsers, userDataDir }: UninstallOptions,
): Promise<readonly UninstallOutcome[]> {
  const definitions = browsers.length > 0 ? browsers.map(browserDefinition) : BROWSERS;
  const outcomes: UninstallOutcome[] = [];
  for (const definition of definitions) {
    const place = registrationPlace(system, definition, userDataDir);
    const facts = { browser: definition.id, name: definition.name, manifest: place.manifest };
    const common = place.registryKey === undefined ? facts : { ...facts, registryKey: place.registryKey };
    outcomes.push({ ...common, ...(await unregister(system, program, place)) });
  }
  await removeLaunchers(system, definitions, userDataDir);
  return outcomes;
}

type Removal = Pick<UninstallOutcome, 'state' | 'detail'>;

async function unregister(system: System, program: HostProgram, place: RegistrationPlace): Promise<Removal> {
  const manifest = await readManifest(system, place.manifest);
  const exists = manifest.ok || manifest.error.problem !== 'missing';
  if (manifest.ok && !ownPaths(system, program, place).includes(manifest.value.path)) {
    return { state: 'foreign', detail: `It starts ${manifest.value.path}, which is of another installation.` };
  }
  const unlinked = await clearRegistry(system, place);
  if (!unlinked.ok) return { state: 'failed', detail: unlinked.error.detail };
  const removed = await system.files.remove(place.manifest);
  if (!removed.ok) return { state: 'failed', detail: removed.error.detail };
  return { state: exists || unlinked.value ? 'removed' : 'absent' };
}

/** Removes the key if it points to our manifest; tells whether it did. */
async function clearRegistry(
  system: System,
  { registryKey, manifest }: RegistrationPlace,
): Promise<Result<boolean, { readonly detail: string }>> {
  if (registryKey === undefined) return success(false);
  const key = await readRegistryKey(system, registryKey);
  if (!key.ok) return key;
  if (key.value?.values.get('') !== manifest) return success(false);
  const removed = await removeRegistryKey(system, registryKey);
  return removed.ok ? success(true) : removed;
}

function ownPaths(system: System, program: HostProgram, { launcherFolder }: RegistrationPlace): readonly string[] {
  const { normal, development } = launcherFiles(system, launcherFolder);
  return [normal, development, programFile(program)];
}

/** Removes launchers that no registration starts any more, and folders that are empty then. */
async function removeLaunchers(
  system: System,
  definitions: readonly BrowserDefinition[],
  userDataDir: string | undefined,
): Promise<void> {
  const everyPlace = BROWSERS.map((definition) => registrationPlace(system, definition, userDataDir));
  const manifests = await Promise.all(everyPlace.map(({ manifest }) => readManifest(system, manifest)));
  const started = new Set(manifests.map((manifest) => (manifest.ok ? manifest.value.path : undefined)));
  const folders = new Set(
    definitions.map((definition) => registrationPlace(system, definition, userDataDir).launcherFolder),
  );
  for (const folder of folders) {
    for (const file of Object.values(launcherFiles(system, folder))) {
      // A launcher that cannot be removed starts nothing without a registration: not worth failing for.
      if (!started.has(file)) await system.files.remove(file);
    }
    await system.files.removeEmptyFolder(system.path.join(folder, 'NativeMessagingHosts'));
    await system.files.removeEmptyFolder(folder);
  }
}
