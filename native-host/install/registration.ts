import * as v from 'valibot';

import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { BrowserFamily } from '../../manifests/native-messaging/host-manifest.ts';
import { type BrowserDefinition, hostRegistryKey, localAppData, manifestFile, userDataFolder } from './browsers.ts';
import { Platform, type System } from './system.ts';

/** Where the registration of one browser is kept. */
export interface RegistrationPlace {
  readonly manifest: string;
  /** Windows: the key, below HKCU, whose default value is the path of the manifest. */
  readonly registryKey?: string;
  /** Where the launcher goes. */
  readonly launcherFolder: string;
}

/** The folder of Keystile's own files for this person. */
function dataFolder(system: System): string {
  const { path, home, env } = system;
  switch (system.platform) {
    case Platform.linux:
      return path.join(env['XDG_DATA_HOME'] ?? path.join(home, '.local', 'share'), 'keystile');
    case Platform.macos:
      return path.join(home, 'Library', 'Application Support', 'Keystile');
    case Platform.windows:
      return path.join(localAppData(system), 'Keystile');
  }
}

/**
 * Where the registration of a browser goes.
 *
 * @param userDataDir a profile folder of a Chromium browser (`--user-data-dir`), for Firefox a folder that serves as
 * its home: manifest and launcher go in there. A browser on Windows reads the registry whatever its profile, so there
 * the key points into the folder.
 */
export function registrationPlace(system: System, definition: BrowserDefinition, userDataDir?: string): RegistrationPlace {
  const { path } = system;
  if (system.platform === Platform.windows) {
    const folder = userDataDir ?? dataFolder(system);
    // One file for each key: Chrome, Brave and Vivaldi share both.
    const owner = path.basename(definition.windows.key).toLowerCase();
    const manifests = path.join(folder, 'NativeMessagingHosts');
    return {
      manifest: path.join(manifests, `${owner}.json`),
      registryKey: `HKCU\\${hostRegistryKey(definition)}`,
      launcherFolder: userDataDir === undefined ? folder : manifests,
    };
  }
  if (userDataDir === undefined) {
    const manifest = manifestFile(system, definition, userDataFolder(system, definition));
    return { manifest, launcherFolder: dataFolder(system) };
  }
  const base =
    definition.family === BrowserFamily.firefox ? userDataFolder({ ...system, home: userDataDir }, definition) : userDataDir;
  const manifest = manifestFile(system, definition, base);
  return { manifest, launcherFolder: path.dirname(manifest) };
}

const textList = v.pipe(v.array(v.pipe(v.string(), v.maxLength(512))), v.maxLength(256));
const manifestSchema = v.object({
  name: v.string(),
  type: v.string(),
  path: v.pipe(v.string(), v.minLength(1)),
  allowed_origins: v.optional(textList),
  allowed_extensions: v.optional(textList),
});

/** A host manifest as found on disk, whoever wrote it. */
export type FoundManifest = v.InferOutput<typeof manifestSchema>;

/** Why there is no manifest to speak of. */
export interface ManifestError {
  readonly kind: 'manifest';
  readonly problem: 'missing' | 'unreadable' | 'malformed';
  readonly detail: string;
}

const MANIFEST_LIMIT = 64 * 1024;

/** Reads and decodes a host manifest. */
export async function readManifest(system: System, file: string): Promise<Result<FoundManifest, ManifestError>> {
  const content = await system.files.read(file, MANIFEST_LIMIT);
  if (!content.ok) {
    const problem = content.error.problem === 'missing' ? 'missing' : 'unreadable';
    return failure({ kind: 'manifest', problem, detail: content.error.detail });
  }
  const value = parseJson(new TextDecoder().decode(content.value));
  const parsed = v.safeParse(manifestSchema, value);
  if (parsed.success) return success(parsed.output);
  return failure({ kind: 'manifest', problem: 'malformed', detail: 'The file is not a host manifest.' });
}

/** Parses JSON; `undefined` when the text is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // "Not JSON" is an ordinary state of a file that somebody else wrote; callers treat it as any other wrong content.
    return undefined;
  }
}
