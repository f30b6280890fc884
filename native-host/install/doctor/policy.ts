import { BrowserFamily } from '../../../manifests/native-messaging/host-manifest.ts';
import { NATIVE_HOST_NAME } from '../../../shared/wire/native.ts';
import { readRegistryKey } from '../registry.ts';
import { Platform, type System } from '../system.ts';
import type { BrowserState } from './browser-state.ts';
import type { Check, CheckRunner } from './check.ts';
import { type FoundPolicy, readPolicy } from './policy-source.ts';

/** Whether an administrator's policy keeps a browser from starting the host. Firefox has no such policy. */
export const checkPolicy: CheckRunner = async ({ system, browsers }) => {
  const relevant = browsers.filter(
    ({ definition, found, registration }) =>
      definition.family === BrowserFamily.chromium && (found || registration !== undefined),
  );
  const shellDisabled = await isShellDisabled(system);
  return Promise.all(relevant.map(async (state) => judge(state, await readPolicy(system, state.definition), shellDisabled)));
};

function judge(state: BrowserState, found: FoundPolicy, shellDisabled: boolean): Check {
  const { id: browser, name } = state.definition;
  const id = `policy.${browser}`;
  const fault = findFault(state, found, shellDisabled);
  if (fault !== undefined) {
    const [detail, remedy] = fault;
    const where = found.sources.length > 0 ? ` Set in ${found.sources.join(', ')}.` : '';
    return { id, state: 'problem', title: `${name}: a policy blocks the host`, detail: `${detail}${where}`, remedy };
  }
  if (found.unreadable.length > 0) {
    return {
      id,
      state: 'warning',
      title: `${name}: policies could not be read`,
      detail: found.unreadable.join(', '),
      remedy: `Look at chrome://policy in the browser: NativeMessagingBlocklist must not name ${NATIVE_HOST_NAME}.`,
    };
  }
  const detail = found.sources.length > 0 ? `Policies on native messaging: ${found.sources.join(', ')}.` : 'No policy on native messaging.';
  return { id, state: 'ok', title: `${name}: no policy blocks the host`, detail };
}

type Fault = readonly [detail: string, remedy: string];

function findFault({ registration }: BrowserState, { policy }: FoundPolicy, shellDisabled: boolean): Fault | undefined {
  const blocked = (policy.NativeMessagingBlocklist ?? []).some((entry) => entry === '*' || entry === NATIVE_HOST_NAME);
  const allowed = (policy.NativeMessagingAllowlist ?? []).includes(NATIVE_HOST_NAME);
  if (blocked && !allowed) {
    return [
      'NativeMessagingBlocklist names the host, or all hosts, and NativeMessagingAllowlist does not name it.',
      `Ask the administrator to add ${NATIVE_HOST_NAME} to NativeMessagingAllowlist.`,
    ];
  }
  if (policy.NativeMessagingUserLevelHosts === false && registration?.scope !== 'system') {
    return [
      'NativeMessagingUserLevelHosts is off: hosts that a person registered are ignored.',
      'Ask the administrator to install Keystile for everybody on the machine.',
    ];
  }
  const path = registration?.content.ok === true ? registration.content.value.path : undefined;
  if (shellDisabled && path !== undefined) {
    const program = path.toLowerCase().endsWith('.exe');
    if (!program) {
      return [
        'DisableCMD forbids batch files, and this installation starts the host by one.',
        'Install the packaged Keystile: its host is a program and needs no batch file.',
      ];
    }
    if (policy.NativeHostsExecutablesLaunchDirectly !== true) {
      return [
        'DisableCMD forbids cmd.exe, by which the browser starts hosts unless it is told otherwise.',
        'Ask the administrator to switch on NativeHostsExecutablesLaunchDirectly.',
      ];
    }
  }
  return undefined;
}

/** Group policy "Prevent access to the command prompt", with script processing disabled too (value 1). */
async function isShellDisabled(system: System): Promise<boolean> {
  if (system.platform !== Platform.windows) return false;
  const key = await readRegistryKey(system, 'HKCU\\Software\\Policies\\Microsoft\\Windows\\System');
  return key.ok && key.value?.values.get('disablecmd') === 1;
}
