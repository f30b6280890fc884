import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { CHROMIUM_EXTENSION_ID } from '../../../../manifests/extension-identity.ts';
import { hostManifest } from '../../../../manifests/native-messaging/host-manifest.ts';
import type { Browser } from '../../../../native-host/install/browsers.ts';
import type { Check, Probes } from '../../../../native-host/install/doctor/check.ts';
import { runDoctor } from '../../../../native-host/install/doctor/doctor.ts';
import type { HelloCommand } from '../../../../native-host/install/doctor/hello.ts';
import { installHost } from '../../../../native-host/install/install.ts';
import type { HostProgram } from '../../../../native-host/install/launcher.ts';
import { UDEV_RULE, UDEV_RULE_PATH } from '../../../../native-host/install/udev-rule.ts';
import { createSandbox, type Sandbox, type SandboxOptions } from '../sandbox-system.ts';
import { HELLO, probesWith } from './fake-probes.ts';

const CHROMIUM_MANIFEST = '/home/ada/.config/chromium/NativeMessagingHosts/org.keystile.host.json';
const open: Sandbox[] = [];
let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await machine('linux');
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one[Symbol.asyncDispose]()));
});

async function machine(platform: 'linux' | 'macos' | 'windows', options?: SandboxOptions): Promise<Sandbox> {
  const created = await createSandbox(platform, options);
  open.push(created);
  return created;
}

async function register(on: Sandbox, ...browsers: readonly Browser[]): Promise<void> {
  const { system } = on;
  const program: HostProgram =
    system.platform === 'windows'
      ? { kind: 'executable', path: 'C:\\Program Files\\Keystile\\keystile-host.exe' }
      : { kind: 'script', runtime: '/usr/bin/node', script: '/opt/keystile/main.cjs' };
  await on.put(program.kind === 'script' ? program.script : program.path, '');
  const result = await installHost({ system, program, release: false }, { browsers, development: false });
  if (!result.ok || result.value.some(({ state }) => state === 'failed')) throw new Error('registration failed');
}

async function diagnose(on: Sandbox, probes: Partial<Probes> = {}, version = '1.2.3'): Promise<readonly Check[]> {
  return runDoctor(on.system, probesWith(probes), version);
}

async function find(id: string, on = sandbox, probes: Partial<Probes> = {}, version?: string): Promise<Check> {
  const checks = await diagnose(on, probes, version);
  const check = checks.find((candidate) => candidate.id === id);
  if (check === undefined) throw new Error(`no check ${id} among ${checks.map((one) => one.id).join(', ')}`);
  return check;
}

test('IDs are unique, and every problem and warning says what to do', async () => {
  await sandbox.put('/usr/bin/chromium', '', 0o755);
  const checks = await diagnose(sandbox, {
    usb: () => Promise.resolve({ available: false, problem: 'unavailable', detail: 'libusb-1.0.so.0: cannot open' }),
  });
  expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
  const unhelpful = checks.filter(({ state, remedy }) => (state === 'problem' || state === 'warning') && !remedy);
  expect(unhelpful).toEqual([]);
});

test('a machine in order has neither problem nor warning', async () => {
  await sandbox.put('/usr/bin/chromium', '', 0o755);
  await sandbox.put('/usr/lib/udev/rules.d/60-fido-id.rules', '');
  await register(sandbox, 'chromium');
  const states = (await diagnose(sandbox)).map(({ state }) => state);
  expect(new Set(states)).toEqual(new Set(['ok', 'skipped']));
});

describe('registration', () => {
  test('no browser at all is a problem', async () => {
    expect(await find('registration')).toMatchObject({ state: 'problem' });
    expect(await find('registration.edge')).toMatchObject({ state: 'skipped' });
  });

  test('a browser that does not know the host is a problem, beside one that does a warning', async () => {
    await sandbox.put('/usr/bin/chromium', '', 0o755);
    await sandbox.put('/usr/bin/firefox', '', 0o755);
    expect(await find('registration.chromium')).toMatchObject({
      state: 'problem',
      remedy: 'Run: keystile install --browser chromium',
    });
    await register(sandbox, 'firefox');
    expect(await find('registration.chromium')).toMatchObject({ state: 'warning' });
    expect(await find('registration.firefox')).toMatchObject({ state: 'ok' });
  });

  const FAULTS: readonly (readonly [string, string, RegExp])[] = [
    ['is not JSON', '{', /not a host manifest/],
    ['lacks its path', JSON.stringify({ name: 'org.keystile.host', type: 'stdio' }), /not a host manifest/],
    ['is of another program', JSON.stringify({ ...hostManifest('chromium', '/x'), name: 'org.other' }), /something else/],
    ['names a relative path', JSON.stringify(hostManifest('chromium', 'host')), /relative path/],
    ['starts nothing', JSON.stringify(hostManifest('chromium', '/gone/host')), /\/gone\/host, which is not there/],
    ['starts what may not be executed', JSON.stringify(hostManifest('chromium', '/opt/plain')), /may not be executed/],
    [
      'allows another extension',
      JSON.stringify({ ...hostManifest('chromium', '/opt/host'), allowed_origins: ['chrome-extension://abc/'] }),
      /does not allow the Keystile extension/,
    ],
    ['is of the other family', JSON.stringify(hostManifest('firefox', '/opt/host')), /does not allow/],
  ];

  test.each(FAULTS)('a manifest that %s is a problem', async (_, content, detail) => {
    await sandbox.put('/opt/plain', '');
    await sandbox.put('/opt/host', '', 0o755);
    await sandbox.put(CHROMIUM_MANIFEST, content);
    const check = await find('registration.chromium');
    expect(check).toMatchObject({ state: 'problem', remedy: 'Run: keystile install --browser chromium' });
    expect(check.detail).toMatch(detail);
  });

  test('what an administrator installed counts, and the person’s own comes first', async () => {
    await sandbox.put('/opt/host', '', 0o755);
    const system = '/etc/chromium/native-messaging-hosts/org.keystile.host.json';
    await sandbox.put(system, JSON.stringify(hostManifest('chromium', '/opt/host')));
    expect(await find('registration.chromium')).toMatchObject({ state: 'ok', detail: system });
    await sandbox.put(CHROMIUM_MANIFEST, '{');
    expect(await find('registration.chromium')).toMatchObject({ state: 'problem' });
  });

  test('on Windows the registry leads to the manifest, HKLM too', async () => {
    const windows = await machine('windows');
    await windows.put('C:\\K\\keystile-host.exe', '');
    await windows.put('C:\\K\\edge.json', JSON.stringify(hostManifest('chromium', 'keystile-host.exe')));
    const key = 'HKLM\\Software\\Microsoft\\Edge\\NativeMessagingHosts\\org.keystile.host';
    windows.registry.set(key, new Map([['', 'C:\\K\\edge.json']]));
    expect(await find('registration.edge', windows)).toMatchObject({ state: 'ok', detail: 'C:\\K\\edge.json' });
    windows.registry.set(key, new Map([['', 'C:\\gone.json']]));
    expect((await find('registration.edge', windows)).detail).toContain('C:\\gone.json, which is not there');
  });
});

describe('host', () => {
  test('is started as each browser would', async () => {
    await register(sandbox, 'chromium', 'firefox');
    const commands: HelloCommand[] = [];
    await diagnose(sandbox, {
      hello: (command) => {
        commands.push(command);
        return Promise.resolve({ ok: true, value: HELLO });
      },
    });
    const path = '/home/ada/.local/share/keystile/keystile-host';
    expect(commands).toEqual([
      { path, family: 'chromium', manifest: CHROMIUM_MANIFEST, version: '1.2.3' },
      {
        path,
        family: 'firefox',
        manifest: '/home/ada/.mozilla/native-messaging-hosts/org.keystile.host.json',
        version: '1.2.3',
      },
    ]);
  });

  test('tells its version and transports', async () => {
    await register(sandbox, 'chromium');
    expect(await find('host.chromium')).toMatchObject({
      state: 'ok',
      detail: 'Version 1.2.3 on linux-x64; transports: usb, nfc (not available).',
    });
  });

  test('of another version is a warning', async () => {
    await register(sandbox, 'chromium');
    const check = await find('host.chromium', sandbox, {}, '2.0.0');
    expect(check).toMatchObject({ state: 'warning' });
    expect(check.detail).toContain('another installation');
  });

  test.each(['notStarted', 'ended', 'noAnswer', 'refused', 'malformed'] as const)('%s is a problem', async (problem) => {
    await register(sandbox, 'chromium');
    const hello: Probes['hello'] = () => Promise.resolve({ ok: false, error: { kind: 'hello', problem, detail: 'so it is' } });
    expect(await find('host.chromium', sandbox, { hello })).toMatchObject({ state: 'problem', detail: 'so it is' });
  });
});

describe('policy', () => {
  const FOLDER = '/etc/chromium/policies/managed';

  test.each([
    ['all hosts', { NativeMessagingBlocklist: ['*'] }, 'problem'],
    ['the host', { NativeMessagingBlocklist: ['org.keystile.host'] }, 'problem'],
    ['other hosts', { NativeMessagingBlocklist: ['com.example'] }, 'ok'],
    ['all but the host', { NativeMessagingBlocklist: ['*'], NativeMessagingAllowlist: ['org.keystile.host'] }, 'ok'],
    ['what a person registered', { NativeMessagingUserLevelHosts: false }, 'problem'],
    ['nothing', { NativeMessagingUserLevelHosts: true }, 'ok'],
  ])('that blocks %s', async (_, policy, state) => {
    await register(sandbox, 'chromium');
    await sandbox.put(`${FOLDER}/a.json`, JSON.stringify(policy));
    const check = await find('policy.chromium');
    expect(check.state).toBe(state);
    expect(check.detail).toContain(`${FOLDER}/a.json`);
  });

  test('a host installed for everybody may be used although a person’s may not', async () => {
    await sandbox.put('/etc/chromium/native-messaging-hosts/org.keystile.host.json', JSON.stringify(hostManifest('chromium', '/x')));
    await sandbox.put(`${FOLDER}/a.json`, JSON.stringify({ NativeMessagingUserLevelHosts: false }));
    expect(await find('policy.chromium')).toMatchObject({ state: 'ok' });
  });

  test('list and exception may come from two files', async () => {
    await register(sandbox, 'chromium');
    await sandbox.put(`${FOLDER}/a.json`, JSON.stringify({ NativeMessagingBlocklist: ['*'] }));
    await sandbox.put(`${FOLDER}/b.json`, JSON.stringify({ NativeMessagingAllowlist: ['org.keystile.host'] }));
    expect(await find('policy.chromium')).toMatchObject({ state: 'ok' });
  });

  test.each(['{', JSON.stringify({ NativeMessagingBlocklist: 'all' })])('a file that is not understood is told: %s', async (text) => {
    await register(sandbox, 'chromium');
    await sandbox.put(`${FOLDER}/a.json`, text);
    expect(await find('policy.chromium')).toMatchObject({ state: 'warning', detail: `${FOLDER}/a.json` });
  });

  test('each browser has its own, and Firefox none', async () => {
    await register(sandbox, 'chrome', 'edge', 'firefox');
    await sandbox.put('/etc/opt/edge/policies/managed/a.json', JSON.stringify({ NativeMessagingBlocklist: ['*'] }));
    expect(await find('policy.chrome')).toMatchObject({ state: 'ok' });
    expect(await find('policy.edge')).toMatchObject({ state: 'problem' });
    expect((await diagnose(sandbox)).some(({ id }) => id === 'policy.firefox')).toBe(false);
  });

  test('on Windows it lies in the registry', async () => {
    const windows = await machine('windows');
    await register(windows, 'chrome');
    const key = 'HKLM\\Software\\Policies\\Google\\Chrome';
    windows.registry.set(`${key}\\NativeMessagingBlocklist`, new Map([['1', '*']]));
    expect(await find('policy.chrome', windows)).toMatchObject({ state: 'problem' });
    windows.registry.set(`${key}\\NativeMessagingAllowlist`, new Map([['1', 'org.keystile.host']]));
    expect(await find('policy.chrome', windows)).toMatchObject({ state: 'ok' });
    windows.registry.set(key, new Map([['NativeMessagingUserLevelHosts', 0]]));
    expect(await find('policy.chrome', windows)).toMatchObject({ state: 'problem' });
  });

  test('on Windows without cmd.exe, hosts must be started directly', async () => {
    const windows = await machine('windows');
    await register(windows, 'chrome');
    windows.registry.set('HKCU\\Software\\Policies\\Microsoft\\Windows\\System', new Map([['DisableCMD', 1]]));
    expect((await find('policy.chrome', windows)).remedy).toContain('NativeHostsExecutablesLaunchDirectly');
    const key = 'HKCU\\Software\\Policies\\Google\\Chrome';
    windows.registry.set(key, new Map([['NativeHostsExecutablesLaunchDirectly', 1]]));
    expect(await find('policy.chrome', windows)).toMatchObject({ state: 'ok' });
    const manifest = 'C:\\Users\\ada\\AppData\\Local\\Keystile\\NativeMessagingHosts\\chrome.json';
    await windows.put(manifest, JSON.stringify(hostManifest('chromium', 'C:\\K\\keystile-host.bat')));
    expect((await find('policy.chrome', windows)).detail).toContain('DisableCMD forbids batch files');
  });

  test('on macOS it lies in managed preferences', async () => {
    const converted: string[][] = [];
    const macos = await machine('macos', {
      run: (command, args) => {
        converted.push([command, ...args]);
        return { started: true, exitCode: 0, stdout: '{"NativeMessagingBlocklist":["*"]}', stderr: '' };
      },
    });
    await register(macos, 'chrome');
    expect(await find('policy.chrome', macos)).toMatchObject({ state: 'ok' });
    const file = '/Library/Managed Preferences/ada/com.google.Chrome.plist';
    await macos.put(file, 'bplist00');
    expect(await find('policy.chrome', macos)).toMatchObject({ state: 'problem' });
    expect(converted).toEqual([['/usr/bin/plutil', '-convert', 'json', '-o', '-', file]]);
  });
});

describe('udev', () => {
  const FIDO = Uint8Array.of(0x06, 0xd0, 0xf1, 0x09, 0x01);

  async function plugIn(name: string, descriptor: Uint8Array): Promise<void> {
    await sandbox.put(`/sys/class/hidraw/${name}/device/report_descriptor`, descriptor);
    await sandbox.put(`/dev/${name}`, '');
  }

  test('a key that can be opened', async () => {
    await plugIn('hidraw3', FIDO);
    expect(await find('udev')).toMatchObject({ state: 'ok', detail: '/dev/hidraw3' });
  });

  test('a key that may not be opened: the rule and where to put it', async () => {
    await plugIn('hidraw0', Uint8Array.of(0x05, 0x01, 0x09, 0x06));
    await plugIn('hidraw3', FIDO);
    sandbox.denied.add('/dev/hidraw0').add('/dev/hidraw3');
    const check = await find('udev');
    expect(check).toMatchObject({ state: 'problem' });
    expect(check.detail).toContain('/dev/hidraw3');
    expect(check.detail).not.toContain('/dev/hidraw0');
    expect(check.remedy).toContain(UDEV_RULE_PATH);
    expect(check.remedy).toContain(UDEV_RULE);
    expect(check.remedy).toContain('udevadm control --reload-rules');
  });

  test('a key without device file, as in a container', async () => {
    await sandbox.put('/sys/class/hidraw/hidraw3/device/report_descriptor', FIDO);
    const check = await find('udev');
    expect(check).toMatchObject({ state: 'problem' });
    expect(check.detail).toContain('container');
  });

  test('no key: whether a rule is there', async () => {
    const without = await find('udev');
    expect(without).toMatchObject({ state: 'warning' });
    expect(without.remedy).toContain(UDEV_RULE);
    await sandbox.put(UDEV_RULE_PATH, UDEV_RULE);
    expect(await find('udev')).toMatchObject({ state: 'ok' });
  });

  test('is no matter elsewhere', async () => {
    expect(await find('udev', await machine('macos'))).toMatchObject({ state: 'skipped' });
  });
});

describe('NFC readers', () => {
  test.each(['bindingMissing', 'libraryMissing', 'noService', 'noReaders', 'timeout', 'failed'] as const)(
    '%s is a warning on every system: USB keys work without',
    async (problem) => {
      const readers: Probes['readers'] = () =>
        Promise.resolve({ ok: false, error: { kind: 'pcsc', problem, detail: 'so it is' } });
      const systems = [sandbox, await machine('macos'), await machine('windows')];
      const checks = await Promise.all(systems.map((system) => find('pcsc', system, { readers })));
      expect(checks.map(({ state }) => state)).toEqual(['warning', 'warning', 'warning']);
      expect(checks.every(({ remedy }) => remedy !== undefined)).toBe(true);
    },
  );

  test('packages are named where there are packages', async () => {
    const readers: Probes['readers'] = () =>
      Promise.resolve({ ok: false, error: { kind: 'pcsc', problem: 'libraryMissing', detail: '' } });
    expect((await find('pcsc', sandbox, { readers })).remedy).toContain('libpcsclite1');
  });

  test('are listed', async () => {
    expect(await find('pcsc')).toMatchObject({ state: 'ok', detail: 'ACS ACR122U 00 00' });
  });
});

test('libraries that USB needs are named', async () => {
  const usb: Probes['usb'] = () => Promise.resolve({ available: false, problem: 'unavailable', detail: 'libudev.so.1' });
  const check = await find('node-hid', sandbox, { usb });
  expect(check).toMatchObject({ state: 'problem', detail: 'libudev.so.1' });
  expect(check.remedy).toMatch(/libudev1.*libusb-1\.0-0/);
});

test('a system that keeps USB keys to itself is no fault of the add-on', async () => {
  const usb: Probes['usb'] = () => Promise.resolve({ available: false, problem: 'accessDenied', detail: 'closed' });
  expect(await find('node-hid', await machine('windows'), { usb })).toMatchObject({ state: 'ok' });
});

test.each([
  ['10.0.17763', 'ok'],
  ['10.0.18361', 'ok'],
  ['10.0.18362', 'warning'],
  ['10.0.26100', 'warning'],
  ['ten', 'warning'],
])('Windows %s and USB keys: %s', async (release, state) => {
  expect(await find('windows-hid', await machine('windows', { release }))).toMatchObject({ state });
});

test.each([
  ['20.18.3', 'problem'],
  ['20.19.0', 'ok'],
  ['22.0.0', 'ok'],
  ['18.20.0', 'problem'],
])('Node %s: %s', async (nodeVersion, state) => {
  expect(await find('runtime', await machine('linux', { nodeVersion }))).toMatchObject({ state });
});

describe('browsers in a sandbox', () => {
  test.each([
    ['/snap/bin/chromium', 'sandbox.chromium.snap'],
    ['/var/lib/snapd/snap/bin/firefox', 'sandbox.firefox.snap'],
    ['/var/lib/flatpak/app/com.google.Chrome/current', 'sandbox.chrome.flatpak'],
    ['/home/ada/.local/share/flatpak/app/com.vivaldi.Vivaldi/x', 'sandbox.vivaldi.flatpak'],
    ['/home/ada/.var/app/org.mozilla.firefox/x', 'sandbox.firefox.flatpak'],
  ])('%s', async (file, id) => {
    await sandbox.put(file, '', 0o755);
    const check = await find(id);
    expect(check).toMatchObject({ state: 'warning' });
    expect(check.remedy?.includes('permission-set webextensions org.keystile.host')).toBe(id.includes('firefox'));
  });

  test('none is well', async () => {
    expect(await find('sandbox')).toMatchObject({ state: 'ok' });
  });
});

test('the extension’s ID is the one that the manifest names', async () => {
  await register(sandbox, 'chromium');
  expect(await sandbox.text(CHROMIUM_MANIFEST)).toContain(`chrome-extension://${CHROMIUM_EXTENSION_ID}/`);
});
