import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HOST_ENTRY_POINTS, hostBundleOptions } from '../../../manifests/host-bundle.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const VERSION = '9.8.7';

let folder: string;
let home: string;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command in a home folder of its own, with a PATH that has no browser but what the test puts there. */
function keystile(args: readonly string[], build: 'development' | 'release' = 'development'): Promise<Outcome> {
  const env = { HOME: home, PATH: path.join(home, 'bin'), PCSCLITE_CSOCK_NAME: path.join(home, 'no-pcscd') };
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(folder, build, 'cli.cjs'), ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "keystile cli's "));
  // The add-ons are found from the bundle upwards, as in an installation.
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  await Promise.all(
    [false, true].map((release) =>
      build({
        ...hostBundleOptions({ release, version: VERSION }),
        entryPoints: HOST_ENTRY_POINTS,
        outdir: path.join(folder, release ? 'release' : 'development'),
        outExtension: { '.js': '.cjs' },
        logLevel: 'silent',
      }),
    ),
  );
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'keystile home '));
  mkdirSync(path.join(home, 'bin'));
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

test('--version is the product’s', async () => {
  expect(await keystile(['--version'])).toMatchObject({ code: 0, stdout: `${VERSION}\n` });
});

test('an unknown browser is refused with the names that are known', async () => {
  const { code, stderr } = await keystile(['install', '--browser', 'netscape']);
  expect(code).toBe(1);
  expect(stderr).toContain('chrome, chromium, edge, brave, vivaldi, firefox');
});

describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  test('install, a host that really starts, doctor, uninstall', async () => {
    writeFileSync(path.join(home, 'bin/chromium'), '', { mode: 0o755 });
    const installed = await keystile(['install', '--json']);
    expect(installed.code).toBe(0);
    expect(JSON.parse(installed.stdout)).toMatchObject({ ok: true, browsers: [{ browser: 'chromium', state: 'installed' }] });

    const doctor = await keystile(['doctor', '--json']);
    const { checks } = JSON.parse(doctor.stdout) as { checks: { id: string; state: string; detail: string }[] };
    const byId = new Map(checks.map((check) => [check.id, check]));
    expect(byId.get('registration.chromium')).toMatchObject({ state: 'ok' });
    expect(byId.get('host.chromium')).toMatchObject({ state: 'ok' });
    expect(byId.get('host.chromium')?.detail).toContain(`Version ${VERSION}`);
    expect(byId.get('host.chromium')?.detail).not.toContain('development');
    expect(doctor.code).toBe(checks.some(({ state }) => state === 'problem') ? 1 : 0);

    expect(await keystile(['uninstall'])).toMatchObject({ code: 0 });
    expect(readdirSync(path.join(home, '.config/chromium/NativeMessagingHosts'))).toEqual([]);
  });

  test('with --dev the host that Firefox starts has the development transport', async () => {
    expect(await keystile(['install', '--browser', 'firefox', '--dev'])).toMatchObject({ code: 0 });
    const { stdout } = await keystile(['doctor']);
    expect(stdout).toContain('Firefox: the host starts and answers');
    expect(stdout).toContain('development transport enabled');
  });

  test('several browsers, and a profile folder named relatively', async () => {
    const profile = path.join(home, 'profile');
    const relative = path.relative(process.cwd(), profile);
    const { stdout, code } = await keystile(['install', '--browser', 'chrome', '--browser', 'edge', '--user-data-dir', relative, '--json']);
    expect(code).toBe(0);
    const { browsers } = JSON.parse(stdout) as { browsers: { manifest: string; state: string }[] };
    const manifest = path.join(profile, 'NativeMessagingHosts/org.keystile.host.json');
    expect(browsers).toMatchObject([
      { manifest, state: 'installed' },
      { manifest, state: 'unchanged' },
    ]);
    expect(JSON.parse(readFileSync(manifest, 'utf8'))).toMatchObject({ path: path.join(profile, 'NativeMessagingHosts/keystile-host') });
  });

  test('a release build refuses --dev and writes nothing', async () => {
    const { code, stdout } = await keystile(['install', '--browser', 'chromium', '--dev'], 'release');
    expect(code).toBe(1);
    expect(stdout).toContain('release build');
    expect(readdirSync(home)).toEqual(['bin']);
  });

  test('a PC/SC service that hangs keeps the doctor neither from telling it nor from ending', async ({ skip }) => {
    const connections: net.Socket[] = [];
    const server = net.createServer((connection) => {
      connections.push(connection.on('error', () => connection.destroy()));
    });
    await once(server.listen(path.join(home, 'no-pcscd')), 'listening');
    const { stdout } = await keystile(['doctor', '--json']);
    for (const connection of connections) connection.destroy();
    await new Promise((resolve) => server.close(resolve));
    if (stdout.includes('libpcsclite1')) skip('libpcsclite.so.1 is not installed');
    expect(connections.length).toBeGreaterThan(0);
    expect(stdout).toContain('NFC: the PC/SC service does not answer');
  });

  test('doctor without anything tells problems and ends with 1', async () => {
    const { code, stdout } = await keystile(['doctor']);
    expect(code).toBe(1);
    expect(stdout).toContain('PROBLEM  No browser found');
    expect(stdout).toMatch(/\n\d+ problems?/);
  });
});
