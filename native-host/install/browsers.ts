import { BrowserFamily, HOST_MANIFEST_FILE } from '../../manifests/native-messaging/host-manifest.ts';
import { NATIVE_HOST_NAME } from '../../shared/wire/native.ts';
import { Platform, type System } from './system.ts';

/** Browsers that the host can be registered with. */
export const Browser = {
  chrome: 'chrome',
  chromium: 'chromium',
  edge: 'edge',
  brave: 'brave',
  vivaldi: 'vivaldi',
  firefox: 'firefox',
} as const;
export type Browser = (typeof Browser)[keyof typeof Browser];

/** Where one browser keeps what matters here, on each system. */
export interface BrowserDefinition {
  readonly id: Browser;
  readonly name: string;
  readonly family: BrowserFamily;
  readonly linux: {
    /** The folder that holds profiles and user manifests: below ~/.config, for Firefox below the home folder. */
    readonly dataFolder: string;
    readonly commands: readonly string[];
    readonly systemManifests: readonly string[];
    readonly policies: readonly string[];
    readonly snaps: readonly string[];
    readonly flatpak: string;
  };
  readonly macos: {
    /** Below ~/Library/Application Support. */
    readonly dataFolder: string;
    readonly app: string;
    readonly systemManifests: readonly string[];
    readonly preferences: string;
  };
  readonly windows: {
    /** Below Program Files (either) or %LOCALAPPDATA%. */
    readonly executable: string;
    /** Below HKCU and HKLM; Brave and Vivaldi read Chrome's. */
    readonly key: string;
    readonly policyKey: string;
  };
}

/** Manifest and policy folders of Chromium builds that do not carry Google's name and did not choose their own. */
const CHROMIUM_MANIFESTS = '/etc/chromium/native-messaging-hosts';
const CHROMIUM_POLICIES = '/etc/chromium/policies/managed';
const CHROMIUM_MAC_MANIFESTS = '/Library/Application Support/Chromium/NativeMessagingHosts';

/** Every browser, in the order in which people are told about them. */
export const BROWSERS: readonly BrowserDefinition[] = [
  {
    id: Browser.chrome,
    name: 'Google Chrome',
    family: BrowserFamily.chromium,
    linux: {
      dataFolder: 'google-chrome',
      commands: ['google-chrome', 'google-chrome-stable'],
      systemManifests: ['/etc/opt/chrome/native-messaging-hosts'],
      policies: ['/etc/opt/chrome/policies/managed'],
      snaps: [],
      flatpak: 'com.google.Chrome',
    },
    macos: {
      dataFolder: 'Google/Chrome',
      app: 'Google Chrome.app',
      systemManifests: ['/Library/Google/Chrome/NativeMessagingHosts'],
      preferences: 'com.google.Chrome',
    },
    windows: {
      executable: 'Google\\Chrome\\Application\\chrome.exe',
      key: 'Software\\Google\\Chrome',
      policyKey: 'Software\\Policies\\Google\\Chrome',
    },
  },
  {
    id: Browser.chromium,
    name: 'Chromium',
    family: BrowserFamily.chromium,
    linux: {
      dataFolder: 'chromium',
      commands: ['chromium', 'chromium-browser'],
      systemManifests: [CHROMIUM_MANIFESTS],
      policies: [CHROMIUM_POLICIES],
      snaps: ['chromium'],
      flatpak: 'org.chromium.Chromium',
    },
    macos: {
      dataFolder: 'Chromium',
      app: 'Chromium.app',
      systemManifests: [CHROMIUM_MAC_MANIFESTS],
      preferences: 'org.chromium.Chromium',
    },
    windows: {
      executable: 'Chromium\\Application\\chrome.exe',
      key: 'Software\\Chromium',
      policyKey: 'Software\\Policies\\Chromium',
    },
  },
  {
    id: Browser.edge,
    name: 'Microsoft Edge',
    family: BrowserFamily.chromium,
    linux: {
      dataFolder: 'microsoft-edge',
      commands: ['microsoft-edge', 'microsoft-edge-stable'],
      systemManifests: ['/etc/opt/edge/native-messaging-hosts'],
      policies: ['/etc/opt/edge/policies/managed'],
      snaps: [],
      flatpak: 'com.microsoft.Edge',
    },
    macos: {
      dataFolder: 'Microsoft Edge',
      app: 'Microsoft Edge.app',
      systemManifests: ['/Library/Microsoft/Edge/NativeMessagingHosts'],
      preferences: 'com.microsoft.Edge',
    },
    windows: {
      executable: 'Microsoft\\Edge\\Application\\msedge.exe',
      key: 'Software\\Microsoft\\Edge',
      policyKey: 'Software\\Policies\\Microsoft\\Edge',
    },
  },
  {
    id: Browser.brave,
    name: 'Brave',
    family: BrowserFamily.chromium,
    linux: {
      dataFolder: 'BraveSoftware/Brave-Browser',
      commands: ['brave-browser', 'brave'],
      systemManifests: [CHROMIUM_MANIFESTS],
      policies: ['/etc/brave/policies/managed'],
      snaps: ['brave'],
      flatpak: 'com.brave.Browser',
    },
    macos: {
      dataFolder: 'BraveSoftware/Brave-Browser',
      app: 'Brave Browser.app',
      systemManifests: [CHROMIUM_MAC_MANIFESTS],
      preferences: 'com.brave.Browser',
    },
    windows: {
      executable: 'BraveSoftware\\Brave-Browser\\Application\\brave.exe',
      key: 'Software\\Google\\Chrome',
      policyKey: 'Software\\Policies\\BraveSoftware\\Brave',
    },
  },
  {
    id: Browser.vivaldi,
    name: 'Vivaldi',
    family: BrowserFamily.chromium,
    linux: {
      dataFolder: 'vivaldi',
      commands: ['vivaldi', 'vivaldi-stable'],
      systemManifests: [CHROMIUM_MANIFESTS],
      policies: [CHROMIUM_POLICIES],
      snaps: ['vivaldi'],
      flatpak: 'com.vivaldi.Vivaldi',
    },
    macos: {
      dataFolder: 'Vivaldi',
      app: 'Vivaldi.app',
      systemManifests: [CHROMIUM_MAC_MANIFESTS],
      preferences: 'com.vivaldi.Vivaldi',
    },
    windows: {
      executable: 'Vivaldi\\Application\\vivaldi.exe',
      key: 'Software\\Google\\Chrome',
      policyKey: 'Software\\Policies\\Vivaldi',
    },
  },
  {
    id: Browser.firefox,
    name: 'Firefox',
    family: BrowserFamily.firefox,
    linux: {
      // Also where profiles moved to ~/.config/mozilla: the manifests did not (seen with ESR 153).
      dataFolder: '.mozilla',
      commands: ['firefox', 'firefox-esr'],
      systemManifests: ['/usr/lib/mozilla/native-messaging-hosts', '/usr/lib64/mozilla/native-messaging-hosts'],
      policies: [],
      snaps: ['firefox'],
      flatpak: 'org.mozilla.firefox',
    },
    macos: {
      dataFolder: 'Mozilla',
      app: 'Firefox.app',
      systemManifests: ['/Library/Application Support/Mozilla/NativeMessagingHosts'],
      preferences: 'org.mozilla.firefox',
    },
    windows: {
      executable: 'Mozilla Firefox\\firefox.exe',
      key: 'Software\\Mozilla',
      policyKey: 'Software\\Policies\\Mozilla\\Firefox',
    },
  },
];

/** The browser's entry in the table. */
export function browserDefinition(browser: Browser): BrowserDefinition {
  const definition = BROWSERS.find(({ id }) => id === browser);
  if (definition === undefined) throw new Error(`No browser is called ${browser}.`);
  return definition;
}

/**
 * The folder that the user's manifests lie in a subfolder of, by default. On Windows the registry says where they are.
 * Source: Chromium `docs/user_data_dir.md`.
 */
export function userDataFolder(system: System, { family, linux, macos, windows }: BrowserDefinition): string {
  const { path, home } = system;
  switch (system.platform) {
    case Platform.linux:
      return path.join(family === BrowserFamily.firefox ? home : linuxConfigFolder(system), linux.dataFolder);
    case Platform.macos:
      return path.join(home, 'Library', 'Application Support', macos.dataFolder);
    case Platform.windows:
      return path.join(localAppData(system), path.dirname(path.dirname(windows.executable)), 'User Data');
  }
}

function linuxConfigFolder({ env, path, home }: System): string {
  return env['CHROME_CONFIG_HOME'] ?? env['XDG_CONFIG_HOME'] ?? path.join(home, '.config');
}

/** Folders in which the browser looks for manifests that an administrator installed; none on Windows. */
export function systemManifestFolders(system: System, definition: BrowserDefinition): readonly string[] {
  if (system.platform === Platform.windows) return [];
  return definition[system.platform].systemManifests;
}

/** Registry key of the host, below HKCU or HKLM. */
export function hostRegistryKey({ windows }: BrowserDefinition): string {
  return `${windows.key}\\NativeMessagingHosts\\${NATIVE_HOST_NAME}`;
}

/** File of the user's manifest on Linux and macOS. `base` is the folder that the browser looks in. */
export function manifestFile(system: System, { family }: BrowserDefinition, base: string): string {
  const dashed = family === BrowserFamily.firefox && system.platform === Platform.linux;
  return system.path.join(base, dashed ? 'native-messaging-hosts' : 'NativeMessagingHosts', HOST_MANIFEST_FILE);
}

/** `%LOCALAPPDATA%`. */
export function localAppData(system: System): string {
  return system.env['LOCALAPPDATA'] ?? system.path.join(system.home, 'AppData', 'Local');
}

/** Whether the browser was used by this person or is installed outside a sandbox (snap, flatpak). */
export async function isBrowserFound(system: System, definition: BrowserDefinition): Promise<boolean> {
  const candidates = [...browserPrograms(system, definition), ...profileMarkers(system, definition)];
  const kinds = await Promise.all(candidates.map((candidate) => system.files.kind(candidate)));
  return kinds.some((kind) => kind !== undefined);
}

/** Files that exist once the browser was used. Not the folders: this installer makes some of them. */
function profileMarkers(system: System, definition: BrowserDefinition): readonly string[] {
  const { path, home, env } = system;
  if (definition.family === BrowserFamily.chromium) return [path.join(userDataFolder(system, definition), 'Local State')];
  switch (system.platform) {
    case Platform.linux:
      return [
        path.join(home, '.mozilla', 'firefox', 'profiles.ini'),
        path.join(env['XDG_CONFIG_HOME'] ?? path.join(home, '.config'), 'mozilla', 'firefox', 'profiles.ini'),
      ];
    case Platform.macos:
      return [path.join(home, 'Library', 'Application Support', 'Firefox', 'profiles.ini')];
    case Platform.windows:
      return [path.join(env['APPDATA'] ?? path.join(home, 'AppData', 'Roaming'), 'Mozilla', 'Firefox', 'profiles.ini')];
  }
}

/** Folders of the PATH whose programs start in a sandbox; `sandboxed-browsers` looks there. */
const SANDBOX_FOLDERS = ['/snap/bin', '/var/lib/snapd/snap/bin', '/var/lib/flatpak/exports/bin'];

/** Where the browser's program would be. */
function browserPrograms(system: System, { linux, macos, windows }: BrowserDefinition): readonly string[] {
  const { path, env, home } = system;
  switch (system.platform) {
    case Platform.linux: {
      const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
      return folders
        .filter((folder) => !SANDBOX_FOLDERS.includes(folder))
        .flatMap((folder) => linux.commands.map((command) => path.join(folder, command)));
    }
    case Platform.macos:
      return ['/Applications', path.join(home, 'Applications')].map((folder) => path.join(folder, macos.app));
    case Platform.windows:
      return [env['ProgramFiles'], env['ProgramFiles(x86)'], localAppData(system)]
        .filter((root) => root !== undefined)
        .map((root) => path.join(root, windows.executable));
  }
}

/** The browsers found on the machine, in the table's order. */
export async function findBrowsers(system: System): Promise<readonly BrowserDefinition[]> {
  const found = await Promise.all(BROWSERS.map((definition) => isBrowserFound(system, definition)));
  return BROWSERS.filter((_, index) => found[index]);
}
