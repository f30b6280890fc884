import { allowedCallers, BrowserFamily } from '../../../manifests/native-messaging/host-manifest.ts';
import { NATIVE_HOST_NAME } from '../../../shared/wire/native.ts';
import type { FoundManifest } from '../registration.ts';
import { Platform, type System } from '../system.ts';
import type { BrowserState, FoundRegistration } from './browser-state.ts';
import type { Check, CheckRunner } from './check.ts';

/** Whether each browser knows the host: the manifest is there, starts something that exists, and names the extension. */
export const checkRegistration: CheckRunner = async ({ system, browsers }) => {
  const anyRegistered = browsers.some(({ registration }) => registration?.content.ok === true);
  const checks = await Promise.all(browsers.map((state) => checkBrowser(system, state, anyRegistered)));
  if (browsers.some(({ found, registration }) => found || registration !== undefined)) return checks;
  const none: Check = {
    id: 'registration',
    state: 'problem',
    title: 'No browser found',
    detail: 'None of the browsers that Keystile works with was found for this account.',
    remedy: 'Install one of them, or name it: keystile install --browser chrome',
  };
  return [...checks, none];
};

async function checkBrowser(system: System, state: BrowserState, anyRegistered: boolean): Promise<Check> {
  const { definition, found, registration } = state;
  const id = `registration.${definition.id}`;
  const install = `keystile install --browser ${definition.id}`;
  if (registration === undefined) {
    if (!found) return { id, state: 'skipped', title: `${definition.name}: not found on this machine`, detail: '' };
    return {
      id,
      state: anyRegistered ? 'warning' : 'problem',
      title: `${definition.name}: the host is not registered`,
      detail: 'The extension cannot start the host from this browser.',
      remedy: `Run: ${install}`,
    };
  }
  const fault = await findFault(system, definition.family, registration);
  if (fault === undefined) {
    const scope = registration.scope === 'user' ? 'for this account' : 'for everybody';
    return { id, state: 'ok', title: `${definition.name}: the host is registered ${scope}`, detail: registration.manifest };
  }
  const remedy =
    registration.scope === 'user'
      ? `Run: ${install}`
      : `It was installed for everybody: let an administrator mend that installation, or run: ${install}`;
  return { id, state: 'problem', title: `${definition.name}: the registration is broken`, detail: fault, remedy };
}

async function findFault(
  system: System,
  family: BrowserFamily,
  { manifest, content }: FoundRegistration,
): Promise<string | undefined> {
  if (!content.ok) {
    if (content.error.problem === 'missing') return `The registry names ${manifest}, which is not there.`;
    return `${manifest} cannot be used: ${content.error.detail}`;
  }
  const { name, type, path } = content.value;
  if (name !== NATIVE_HOST_NAME || type !== 'stdio') return `${manifest} is the manifest of something else.`;
  const program = await findProgramFault(system, manifest, path);
  if (program !== undefined) return program;
  const callers = callersOf(family, content.value);
  if (!allowedCallers(family).every((caller) => callers.includes(caller))) {
    return `${manifest} does not allow the Keystile extension to start the host.`;
  }
  return undefined;
}

async function findProgramFault(system: System, manifest: string, path: string): Promise<string | undefined> {
  const windows = system.platform === Platform.windows;
  if (!windows && !system.path.isAbsolute(path)) return `${manifest} names a relative path: ${path}`;
  const program = system.path.resolve(system.path.dirname(manifest), path);
  if ((await system.files.kind(program)) !== 'file') return `${manifest} starts ${program}, which is not there.`;
  if (!windows && !(await system.files.isAllowed(program, 'execute'))) return `${program} may not be executed.`;
  return undefined;
}

function callersOf(family: BrowserFamily, manifest: FoundManifest): readonly string[] {
  return (family === BrowserFamily.chromium ? manifest.allowed_origins : manifest.allowed_extensions) ?? [];
}
