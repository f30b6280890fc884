import { HOST_MANIFEST_FILE } from '../../../manifests/native-messaging/host-manifest.ts';
import type { Result } from '../../../shared/bytes/result.ts';
import { type BrowserDefinition, BROWSERS, hostRegistryKey, isBrowserFound, systemManifestFolders } from '../browsers.ts';
import { type FoundManifest, type ManifestError, readManifest, registrationPlace } from '../registration.ts';
import { readRegistryKey, type RegistryView } from '../registry.ts';
import { Platform, type System } from '../system.ts';

/** The registration that a browser would use. */
export interface FoundRegistration {
  /** Written for this person, or by an administrator for everybody. */
  readonly scope: 'user' | 'system';
  /** File of the manifest. */
  readonly manifest: string;
  readonly content: Result<FoundManifest, ManifestError>;
}

/** One browser as it is on this machine. */
export interface BrowserState {
  readonly definition: BrowserDefinition;
  /** Installed outside a sandbox, or used by this person. */
  readonly found: boolean;
  readonly registration?: FoundRegistration;
}

/** Looks at every browser of the table. */
export function lookAtBrowsers(system: System): Promise<readonly BrowserState[]> {
  return Promise.all(
    BROWSERS.map(async (definition) => {
      const [found, registration] = await Promise.all([
        isBrowserFound(system, definition),
        findRegistration(system, definition),
      ]);
      return registration === undefined ? { definition, found } : { definition, found, registration };
    }),
  );
}

async function findRegistration(system: System, definition: BrowserDefinition): Promise<FoundRegistration | undefined> {
  const candidates =
    system.platform === Platform.windows
      ? await registeredManifests(system, definition)
      : manifestCandidates(system, definition);
  for (const { scope, manifest, certain } of candidates) {
    const content = await readManifest(system, manifest);
    if (certain || content.ok || content.error.problem !== 'missing') return { scope, manifest, content };
  }
  return undefined;
}

interface Candidate {
  readonly scope: 'user' | 'system';
  readonly manifest: string;
  /** The browser stops searching here, even if there is no such file. */
  readonly certain: boolean;
}

/** In the browsers' order of search: the person's own, then the administrator's. */
function manifestCandidates(system: System, definition: BrowserDefinition): readonly Candidate[] {
  const user = { scope: 'user', manifest: registrationPlace(system, definition).manifest, certain: false } as const;
  const others = systemManifestFolders(system, definition).map((folder) => ({
    scope: 'system' as const,
    manifest: system.path.join(folder, HOST_MANIFEST_FILE),
    certain: false,
  }));
  return [user, ...others];
}

/** In the browsers' order: HKCU, then HKLM as 32-bit programs see it, then as 64-bit programs do. */
async function registeredManifests(system: System, definition: BrowserDefinition): Promise<readonly Candidate[]> {
  const key = hostRegistryKey(definition);
  const searches: readonly (readonly ['user' | 'system', string, RegistryView?])[] = [
    ['user', `HKCU\\${key}`],
    ['system', `HKLM\\${key}`, '32'],
    ['system', `HKLM\\${key}`, '64'],
  ];
  const candidates: Candidate[] = [];
  for (const [scope, name, view] of searches) {
    const found = await readRegistryKey(system, name, view);
    const manifest = found.ok ? found.value?.values.get('') : undefined;
    if (typeof manifest === 'string') candidates.push({ scope, manifest, certain: true });
  }
  return candidates;
}
