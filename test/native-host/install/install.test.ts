import { mkdir, stat } from 'node:fs/promises';

import { afterEach, describe, expect, test } from 'vitest';

import { hostManifest } from '../../../manifests/native-messaging/host-manifest.ts';
import type { Browser } from '../../../native-host/install/browsers.ts';
import { installHost, type InstallOptions, type InstallOutcome } from '../../../native-host/install/install.ts';
import type { HostProgram } from '../../../native-host/install/launcher.ts';
import { uninstallHost } from '../../../native-host/install/uninstall.ts';
import { createSandbox, type Sandbox } from './sandbox-system.ts';

const open: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((sandbox) => sandbox[Symbol.asyncDispose]()));
});

const PROGRAMS = {
  linux: { kind: 'script', runtime: '/usr/bin/node', script: '/opt/keystile/main.cjs' },
  macos: { kind: 'script', runtime: '/usr/local/bin/node', script: '/opt/keystile/main.cjs' },
  windows: { kind: 'executable', path: 'C:\\Program Files\\Keystile\\keystile-host.exe' },
} as const satisfies Record<string, HostProgram>;

async function machine(platform: keyof typeof PROGRAMS, env: Record<string, string> = {}): Promise<Sandbox> {
  const sandbox = await createSandbox(platform, { env });
  open.push(sandbox);
  const program = PROGRAMS[platform];
  await sandbox.put(program.kind === 'script' ? program.script : program.path, 'x', 0o755);
  return sandbox;
}

async function install(
  { system }: Sandbox,
  browsers: readonly Browser[],
  options: Partial<InstallOptions> & { program?: HostProgram } = {},
): Promise<readonly InstallOutcome[]> {
  const { program = PROGRAMS[system.platform], ...rest } = options;
  const result = await installHost({ system, program, release: false }, { browsers, development: false, ...rest });
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

describe('on Linux', () => {
  const FOLDERS: readonly (readonly [Browser, string])[] = [
    ['chrome', '/home/ada/.config/google-chrome/NativeMessagingHosts'],
    ['chromium', '/home/ada/.config/chromium/NativeMessagingHosts'],
    ['edge', '/home/ada/.config/microsoft-edge/NativeMessagingHosts'],
    ['brave', '/home/ada/.config/BraveSoftware/Brave-Browser/NativeMessagingHosts'],
    ['vivaldi', '/home/ada/.config/vivaldi/NativeMessagingHosts'],
    ['firefox', '/home/ada/.mozilla/native-messaging-hosts'],
  ];

  test.each(FOLDERS)('%s finds a manifest and an executable launcher', async (browser, folder) => {
    const sandbox = await machine('linux');
    const [outcome] = await install(sandbox, [browser]);
    const manifest = `${folder}/org.keystile.host.json`;
    const starts = '/home/ada/.local/share/keystile/keystile-host';
    expect(outcome).toMatchObject({ browser, state: 'installed', manifest, starts });
    expect(JSON.parse(await sandbox.text(manifest))).toEqual(
      hostManifest(browser === 'firefox' ? 'firefox' : 'chromium', starts),
    );
    expect((await stat(sandbox.real(starts))).mode & 0o777).toBe(0o755);
    expect(await sandbox.text(starts)).toContain("exec '/usr/bin/node' '/opt/keystile/main.cjs' \"$@\"");
  });

  test('the folders follow the environment', async () => {
    const sandbox = await machine('linux', { XDG_CONFIG_HOME: '/cfg', XDG_DATA_HOME: '/data' });
    const [outcome] = await install(sandbox, ['chromium']);
    expect(outcome?.manifest).toBe('/cfg/chromium/NativeMessagingHosts/org.keystile.host.json');
    expect(outcome?.starts).toBe('/data/keystile/keystile-host');
  });

  test('without a name it serves every browser that is there, and those in a sandbox folder do not count', async () => {
    const sandbox = await machine('linux');
    await sandbox.put('/usr/bin/chromium', '', 0o755);
    await sandbox.put('/home/ada/.config/vivaldi/Local State', '{}');
    await sandbox.put('/home/ada/.config/mozilla/firefox/profiles.ini', '');
    await sandbox.put('/snap/bin/brave', '', 0o755);
    // Folders alone tell nothing: an earlier installation makes them.
    await mkdir(sandbox.real('/home/ada/.config/google-chrome/NativeMessagingHosts'), { recursive: true });
    expect((await install(sandbox, [])).map(({ browser }) => browser)).toEqual(['chromium', 'vivaldi', 'firefox']);
  });

  test('no browser at all is told, with what to do', async () => {
    const { system } = await machine('linux');
    const result = await installHost(
      { system, program: PROGRAMS.linux, release: false },
      { browsers: [], development: false },
    );
    expect(result).toMatchObject({ ok: false, error: { reason: 'noBrowser' } });
  });

  test('running it again changes nothing', async () => {
    const sandbox = await machine('linux');
    await install(sandbox, ['chromium']);
    const manifest = sandbox.real('/home/ada/.config/chromium/NativeMessagingHosts/org.keystile.host.json');
    const before = (await stat(manifest)).ino;
    const [again] = await install(sandbox, ['chromium']);
    expect(again?.state).toBe('unchanged');
    expect((await stat(manifest)).ino).toBe(before);
  });

  test.each([
    ['a manifest that starts something else', 'manifest', JSON.stringify(hostManifest('chromium', '/gone'))],
    ['a damaged manifest', 'manifest', '{"name":'],
    ['a launcher for another checkout', 'launcher', "#!/bin/sh\nexec '/old/node'\n"],
  ])('it mends %s', async (_, what, content) => {
    const sandbox = await machine('linux');
    const [first] = await install(sandbox, ['chromium']);
    if (first === undefined) throw new Error('no outcome');
    const file = what === 'manifest' ? first.manifest : first.starts;
    const good = await sandbox.text(file);
    await sandbox.put(file, content);
    const [second] = await install(sandbox, ['chromium']);
    expect(second?.state).toBe('updated');
    expect(await sandbox.text(file)).toBe(good);
  });

  test('it gives a launcher its permission back', async () => {
    const sandbox = await machine('linux');
    const [first] = await install(sandbox, ['chromium']);
    const launcher = first?.starts ?? '';
    await sandbox.put(launcher, await sandbox.text(launcher), 0o644);
    expect((await install(sandbox, ['chromium']))[0]?.state).toBe('updated');
    expect((await stat(sandbox.real(launcher))).mode & 0o777).toBe(0o755);
  });

  test('a profile folder gets manifest and launcher, and nothing else is touched', async () => {
    const sandbox = await machine('linux');
    const [outcome] = await install(sandbox, [], { userDataDir: '/tmp/pro file', development: true });
    expect(outcome).toMatchObject({
      browser: 'chromium',
      manifest: '/tmp/pro file/NativeMessagingHosts/org.keystile.host.json',
      starts: '/tmp/pro file/NativeMessagingHosts/keystile-host-dev',
    });
    expect(await sandbox.system.files.kind('/home/ada')).toBeUndefined();
  });

  test('for Firefox the folder serves as home', async () => {
    const sandbox = await machine('linux');
    const [outcome] = await install(sandbox, ['firefox'], { userDataDir: '/tmp/home' });
    expect(outcome?.manifest).toBe('/tmp/home/.mozilla/native-messaging-hosts/org.keystile.host.json');
  });

  test('a folder that cannot be written is a failure for that browser alone', async () => {
    const sandbox = await machine('linux');
    await sandbox.put('/home/ada/.config/chromium', 'a file where the folder should be');
    const outcomes = await install(sandbox, ['chromium', 'firefox']);
    expect(outcomes.map(({ state }) => state)).toEqual(['failed', 'installed']);
    expect(outcomes[0]?.detail).toMatch(/EEXIST|ENOTDIR/);
  });

  test('no half-written file is left behind', async () => {
    const sandbox = await machine('linux');
    await install(sandbox, ['chromium']);
    expect(await sandbox.system.files.list('/home/ada/.config/chromium/NativeMessagingHosts')).toEqual([
      'org.keystile.host.json',
    ]);
    expect(await sandbox.system.files.list('/home/ada/.local/share/keystile')).toEqual(['keystile-host']);
  });
});

describe('refusals', () => {
  test('a release build has no development transport', async () => {
    const sandbox = await machine('linux');
    const { system } = sandbox;
    const result = await installHost(
      { system, program: PROGRAMS.linux, release: true },
      { browsers: ['chromium'], development: true },
    );
    expect(result).toMatchObject({ ok: false, error: { reason: 'developmentInRelease' } });
    expect(await system.files.kind('/home/ada')).toBeUndefined();
  });

  test('a host that was not built is not registered', async () => {
    const sandbox = await createSandbox('linux');
    open.push(sandbox);
    const { system } = sandbox;
    const result = await installHost(
      { system, program: PROGRAMS.linux, release: false },
      { browsers: ['chromium'], development: false },
    );
    expect(result).toMatchObject({ ok: false, error: { reason: 'programMissing' } });
  });
});

describe('on macOS', () => {
  test.each<readonly [Browser, string]>([
    ['chrome', 'Google/Chrome'],
    ['chromium', 'Chromium'],
    ['edge', 'Microsoft Edge'],
    ['brave', 'BraveSoftware/Brave-Browser'],
    ['vivaldi', 'Vivaldi'],
    ['firefox', 'Mozilla'],
  ])('%s looks below ~/Library/Application Support', async (browser, folder) => {
    const sandbox = await machine('macos');
    const [outcome] = await install(sandbox, [browser]);
    const support = '/Users/ada/Library/Application Support';
    expect(outcome?.manifest).toBe(`${support}/${folder}/NativeMessagingHosts/org.keystile.host.json`);
    expect(outcome?.starts).toBe(`${support}/Keystile/keystile-host`);
    expect(await sandbox.system.files.isAllowed(outcome?.starts ?? '', 'execute')).toBe(true);
  });

  test('applications are found for everybody and for the person', async () => {
    const sandbox = await machine('macos');
    await sandbox.put('/Applications/Firefox.app/Contents/Info.plist', '');
    await sandbox.put('/Users/ada/Applications/Google Chrome.app/Contents/Info.plist', '');
    expect((await install(sandbox, [])).map(({ browser }) => browser)).toEqual(['chrome', 'firefox']);
  });
});

describe('on Windows', () => {
  const MANIFESTS = 'C:\\Users\\ada\\AppData\\Local\\Keystile\\NativeMessagingHosts';

  test.each<readonly [Browser, string, string]>([
    ['chrome', 'Google\\Chrome', 'chrome'],
    ['chromium', 'Chromium', 'chromium'],
    ['edge', 'Microsoft\\Edge', 'edge'],
    ['brave', 'Google\\Chrome', 'chrome'],
    ['vivaldi', 'Google\\Chrome', 'chrome'],
    ['firefox', 'Mozilla', 'mozilla'],
  ])('%s finds its manifest through HKCU\\Software\\%s', async (browser, key, file) => {
    const sandbox = await machine('windows');
    const [outcome] = await install(sandbox, [browser]);
    const manifest = `${MANIFESTS}\\${file}.json`;
    expect(outcome).toMatchObject({ state: 'installed', manifest, starts: PROGRAMS.windows.path });
    expect(JSON.parse(await sandbox.text(manifest))).toMatchObject({ path: PROGRAMS.windows.path });
    const name = `HKCU\\Software\\${key}\\NativeMessagingHosts\\org.keystile.host`;
    expect(sandbox.registry.get(name)?.get('')).toBe(manifest);
    expect(sandbox.calls.at(-1)).toEqual([
      'C:\\Windows\\System32\\reg.exe',
      'add',
      name,
      '/ve',
      '/t',
      'REG_SZ',
      '/d',
      manifest,
      '/f',
    ]);
  });

  test('running it again only reads the registry', async () => {
    const sandbox = await machine('windows');
    await install(sandbox, ['edge']);
    sandbox.calls.length = 0;
    expect((await install(sandbox, ['edge']))[0]?.state).toBe('unchanged');
    expect(sandbox.calls.map(([, verb]) => verb)).toEqual(['export']);
    expect(await sandbox.system.files.list('C:\\Temp')).toEqual([]);
  });

  test('a key that points elsewhere is set right', async () => {
    const sandbox = await machine('windows');
    const [first] = await install(sandbox, ['edge']);
    sandbox.registry.get(first?.registryKey ?? '')?.set('', 'D:\\old\\edge.json');
    expect((await install(sandbox, ['edge']))[0]?.state).toBe('updated');
    expect(sandbox.registry.get(first?.registryKey ?? '')?.get('')).toBe(first?.manifest);
  });

  test('a profile folder holds manifest and batch file, and the registry points there', async () => {
    const sandbox = await machine('windows');
    const program: HostProgram = { kind: 'script', runtime: 'C:\\node.exe', script: 'C:\\k\\main.cjs' };
    await sandbox.put(program.script, '');
    const [outcome] = await install(sandbox, ['edge'], { userDataDir: 'C:\\p', development: true, program });
    expect(outcome).toMatchObject({
      manifest: 'C:\\p\\NativeMessagingHosts\\edge.json',
      starts: 'C:\\p\\NativeMessagingHosts\\keystile-host-dev.bat',
    });
    expect(sandbox.registry.get(outcome?.registryKey ?? '')?.get('')).toBe('C:\\p\\NativeMessagingHosts\\edge.json');
  });

  test('what reg.exe says when it is forbidden reaches the person', async () => {
    const sandbox = await machine('windows');
    const system = {
      ...sandbox.system,
      run: () =>
        Promise.resolve({
          started: true,
          exitCode: 1,
          stdout: '',
          stderr: 'ERROR: Registry editing has been disabled by your administrator.\r\n',
        } as const),
    };
    const [outcome] = await install({ ...sandbox, system }, ['edge']);
    expect(outcome).toMatchObject({
      state: 'failed',
      detail: 'ERROR: Registry editing has been disabled by your administrator.',
    });
  });

  test('Chrome’s program is found below either Program Files', async () => {
    const sandbox = await machine('windows');
    await sandbox.put('C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe', '');
    await sandbox.put('C:\\Users\\ada\\AppData\\Local\\Microsoft\\Edge\\User Data\\Local State', '{}');
    expect((await install(sandbox, [])).map(({ browser }) => browser)).toEqual(['chrome', 'edge']);
  });
});

describe('uninstall', () => {
  test('removes what install wrote, and the launcher with the last registration', async () => {
    const sandbox = await machine('linux');
    const { system } = sandbox;
    await install(sandbox, ['chromium', 'firefox']);
    const launcher = '/home/ada/.local/share/keystile/keystile-host';
    await sandbox.put('/home/ada/.config/chromium/NativeMessagingHosts/other.json', '{}');

    const first = await uninstallHost(system, PROGRAMS.linux, { browsers: ['chromium'] });
    expect(first).toMatchObject([{ browser: 'chromium', state: 'removed' }]);
    expect(await system.files.kind(launcher)).toBe('file');
    expect(await system.files.list('/home/ada/.config/chromium/NativeMessagingHosts')).toEqual(['other.json']);

    const second = await uninstallHost(system, PROGRAMS.linux, { browsers: [] });
    expect(second.filter(({ state }) => state !== 'absent').map(({ browser }) => browser)).toEqual(['firefox']);
    expect(await system.files.kind('/home/ada/.local/share/keystile')).toBeUndefined();
  });

  test('leaves the registration of another installation alone', async () => {
    const sandbox = await machine('linux');
    const file = '/home/ada/.config/chromium/NativeMessagingHosts/org.keystile.host.json';
    await sandbox.put(file, JSON.stringify(hostManifest('chromium', '/usr/lib/keystile/keystile-host')));
    const [outcome] = await uninstallHost(sandbox.system, PROGRAMS.linux, { browsers: ['chromium'] });
    expect(outcome).toMatchObject({ state: 'foreign' });
    expect(outcome?.detail).toContain('/usr/lib/keystile/keystile-host');
    expect(await sandbox.system.files.kind(file)).toBe('file');
  });

  test('removes a damaged manifest of ours', async () => {
    const sandbox = await machine('linux');
    const file = '/home/ada/.config/chromium/NativeMessagingHosts/org.keystile.host.json';
    await sandbox.put(file, '{');
    const [outcome] = await uninstallHost(sandbox.system, PROGRAMS.linux, { browsers: ['chromium'] });
    expect(outcome?.state).toBe('removed');
    expect(await sandbox.system.files.kind(file)).toBeUndefined();
  });

  test('cleans a profile folder', async () => {
    const sandbox = await machine('linux');
    await sandbox.put('/tmp/p/Local State', '{}');
    await install(sandbox, ['chromium'], { userDataDir: '/tmp/p', development: true });
    await uninstallHost(sandbox.system, PROGRAMS.linux, { browsers: ['chromium'], userDataDir: '/tmp/p' });
    expect(await sandbox.system.files.list('/tmp/p')).toEqual(['Local State']);
  });

  test('on Windows takes key and manifest away, but not a key that points elsewhere', async () => {
    const sandbox = await machine('windows');
    const [edge, firefox] = await install(sandbox, ['edge', 'firefox']);
    sandbox.registry.get(firefox?.registryKey ?? '')?.set('', 'D:\\other\\firefox.json');
    const outcomes = await uninstallHost(sandbox.system, PROGRAMS.windows, { browsers: ['edge', 'firefox'] });
    expect(outcomes.map(({ state }) => state)).toEqual(['removed', 'removed']);
    expect([...sandbox.registry.keys()]).toEqual([firefox?.registryKey]);
    expect(await sandbox.system.files.kind(edge?.manifest ?? '')).toBeUndefined();
    expect(await sandbox.system.files.kind('C:\\Users\\ada\\AppData\\Local\\Keystile')).toBeUndefined();
  });
});
