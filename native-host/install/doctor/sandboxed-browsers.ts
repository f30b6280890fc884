import { BrowserFamily } from '../../../manifests/native-messaging/host-manifest.ts';
import { NATIVE_HOST_NAME } from '../../../shared/wire/native.ts';
import type { BrowserDefinition } from '../browsers.ts';
import { Platform, type System } from '../system.ts';
import type { Check, CheckRunner } from './check.ts';

/** Whether a browser comes as snap or flatpak: such a browser usually cannot start a program outside its sandbox. */
export const checkSandboxedBrowsers: CheckRunner = async ({ system, browsers }): Promise<readonly Check[]> => {
  if (system.platform !== Platform.linux) {
    return [{ id: 'sandbox', state: 'skipped', title: 'Snap and flatpak: a matter of Linux only', detail: '' }];
  }
  const checks: Check[] = [];
  for (const { definition } of browsers) {
    const snap = await firstExisting(system, snapPaths(definition));
    if (snap !== undefined) checks.push(describe(definition, 'snap', snap));
    const flatpak = await firstExisting(system, flatpakPaths(system, definition));
    if (flatpak !== undefined) checks.push(describe(definition, 'flatpak', flatpak));
  }
  if (checks.length > 0) return checks;
  return [{ id: 'sandbox', state: 'ok', title: 'No browser is a snap or flatpak', detail: 'Browsers can start the host.' }];
};

function snapPaths({ linux }: BrowserDefinition): readonly string[] {
  return linux.snaps.flatMap((snap) => [`/snap/bin/${snap}`, `/var/lib/snapd/snap/bin/${snap}`]);
}

function flatpakPaths({ path, home }: System, { linux: { flatpak } }: BrowserDefinition): readonly string[] {
  return [
    path.join('/var/lib/flatpak/app', flatpak),
    path.join(home, '.local/share/flatpak/app', flatpak),
    path.join(home, '.var/app', flatpak),
  ];
}

async function firstExisting(system: System, paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    if ((await system.files.kind(path)) !== undefined) return path;
  }
  return undefined;
}

function describe({ id, name, family, linux }: BrowserDefinition, kind: 'snap' | 'flatpak', path: string): Check {
  const own = "Install the browser as a package of the distribution or of its maker; then run: keystile install";
  const application = kind === 'snap' ? `snap.${linux.snaps[0] ?? id}` : linux.flatpak;
  const permission = `flatpak permission-set webextensions ${NATIVE_HOST_NAME} ${application} yes`;
  return {
    id: `sandbox.${id}.${kind}`,
    state: 'warning',
    title: `${name} is installed as ${kind}`,
    detail: `${path}. A browser in this sandbox usually cannot start the host. The same browser installed otherwise is not affected.`,
    remedy:
      family === BrowserFamily.firefox
        ? `${own}. Firefox may also ask the desktop's portal, where there is one; to allow it: ${permission}`
        : own,
  };
}
