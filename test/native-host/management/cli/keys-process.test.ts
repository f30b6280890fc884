import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { HOST_ENTRY_POINTS, hostBundleOptions } from '../../../../manifests/host-bundle.ts';
import { type ManagementBench, startBench } from '../fixture.ts';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const PIN = 'p4ssw0rd-of-the-key';

let folder: string;
let bench: ManagementBench;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  readonly pid: number;
  readonly ended: Promise<Outcome>;
  readonly interrupt: () => void;
  /** Resolves when that was said to the person. The test's own time limit bounds it. */
  readonly said: (text: string) => Promise<void>;
}

/** Starts the built command with PINs on its standard input. */
function start(args: readonly string[], input = '', kind: 'development' | 'release' = 'development'): Running {
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    PCSCLITE_CSOCK_NAME: path.join(folder, 'no-pcscd'),
    KEYSTILE_DEV_HID_UDP: bench.virtualKey.udpPorts.map((port) => `127.0.0.1:${port.toString()}`).join(),
  };
  const child = spawn(process.execPath, [path.join(folder, kind, 'cli.cjs'), 'keys', ...args], { env });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  child.stdin.end(input);
  return {
    pid: child.pid ?? 0,
    ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, ...output }))),
    interrupt: () => void child.kill('SIGINT'),
    said: async (text) => {
      while (!output.stderr.includes(text)) await once(child.stderr, 'data');
    },
  };
}

function keys(args: readonly string[], input?: string): Promise<Outcome> {
  return start([...args, '--dev'], input).ended;
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'keystile keys '));
  // The add-ons are found from the bundle upwards, as in an installation.
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  await Promise.all(
    [false, true].map((release) =>
      build({
        ...hostBundleOptions({ release, version: '1.0.0' }),
        entryPoints: { cli: HOST_ENTRY_POINTS.cli },
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
beforeEach(async () => {
  bench = await startBench(2);
});
afterEach(() => bench.close());

test('a PIN on standard input is used and never told', async () => {
  await bench.plugIn();
  const outcomes = [
    await keys(['pin', 'set', '--pin-stdin'], `${PIN}\n`),
    await keys(['credentials', 'list', '--pin-stdin', '--json'], `${PIN}\n`),
    await keys(['credentials', 'list', '--pin-stdin'], `${PIN}x\n`),
    await keys(['pin', 'change', '--pin-stdin', '--json'], `${PIN}\n${PIN}2\n`),
    await keys(['info'], ''),
  ];
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 1, 0, 0]);
  expect(outcomes[0]?.stdout).toBe('The PIN is set.\n');
  expect(JSON.parse(outcomes[1]?.stdout ?? '')).toEqual({ ok: true, existing: 0, maxRemaining: 25, credentials: [] });
  expect(outcomes[2]?.stderr).toContain('The PIN is wrong. 7 tries are left.');
  for (const { stdout, stderr } of outcomes) expect(stdout + stderr).not.toContain(PIN);
});

test.skipIf(process.platform !== 'linux')('no argument and no variable of the process has the PIN', async () => {
  const key = await bench.plugIn({ pin: PIN, bioEnrollment: 'standard', touch: { mode: 'manual' } });
  const running = start(['fingerprints', 'enrol', '--pin-stdin', '--dev'], `${PIN}\n`);
  await bench.virtualKey.client.waitFor(key, 'waitingForTouch');
  for (const file of ['cmdline', 'environ']) {
    expect(readFileSync(`/proc/${running.pid.toString()}/${file}`, 'utf8')).not.toContain(PIN);
  }
  running.interrupt();
  const { code, stderr, stdout } = await running.ended;
  expect(code).toBe(130);
  expect(stdout).toBe('');
  expect(stderr).toContain('Put the finger on the sensor');
  expect(stderr).toContain('Cancelled.');
  const { log } = await bench.virtualKey.client.state(key);
  expect(log.at(-1)?.command).toBe('bioEnrollment.cancelCurrentEnrollment');
});

test('of two keys the one that is named blinks', async () => {
  const [first, second] = [await bench.plugIn(), await bench.plugIn({}, 'ctap1/u2f')];
  const winks = async (): Promise<readonly number[]> =>
    Promise.all([first, second].map(async (key) => (await bench.virtualKey.client.state(key)).winks));
  const unclear = await keys(['wink', '--json']);
  expect(unclear.code).toBe(1);
  expect(JSON.parse(unclear.stdout)).toMatchObject({ ok: false, reason: 'severalKeys' });
  expect(await winks()).toEqual([0, 0]);
  const { address } = await bench.virtualKey.client.state(second);
  expect(await keys(['wink', '--device', `udp:${address}`])).toEqual({ code: 0, stdout: 'The key blinks now.\n', stderr: '' });
  expect(await winks()).toEqual([0, 1]);
});

test('credentials are listed, renamed and deleted', async () => {
  const key = await bench.plugIn();
  await bench.register('example.org', 'ada');
  await bench.register('other.example', 'grace\x1b[2J');
  await bench.virtualKey.client.configure(key, { pin: PIN });
  const human = await keys(['credentials', 'list', '--pin-stdin'], PIN);
  expect(human.stdout).toMatch(/^example\.org\n {2}ada, The ada\n {4}ID [0-9a-f]{64}\n\nother\.example\n {2}grace\ufffd\[2J, .*\n {4}ID [0-9a-f]{64}\n\n2 credentials, room for 23 more\n$/);

  const listed = await keys(['credentials', 'list', '--pin-stdin', '--json'], PIN);
  const [ada] = (JSON.parse(listed.stdout) as { credentials: { id: string; rpId: string }[] }).credentials;
  const id = ada?.id ?? '';
  const renamed = await keys(['credentials', 'rename', id, '--name', 'lovelace', '--pin-stdin'], PIN);
  expect(renamed.stdout).toBe(`Renamed: ${id} for example.org (lovelace)\n`);

  const unconfirmed = await keys(['credentials', 'delete', id, '--pin-stdin'], PIN);
  expect(unconfirmed).toMatchObject({ code: 1, stdout: '' });
  expect(unconfirmed.stderr).toContain(`This deletes the credential ${id} for example.org (lovelace).`);
  expect(unconfirmed.stderr).toContain('--yes');
  expect((await bench.virtualKey.client.state(key)).credentials).toBe(2);

  const deleted = await keys(['credentials', 'delete', id, '--pin-stdin', '--yes', '--json'], PIN);
  expect(JSON.parse(deleted.stdout)).toMatchObject({ ok: true, deleted: { id, rpId: 'example.org', user: { name: 'lovelace' } } });
  expect((await bench.virtualKey.client.state(key)).credentials).toBe(1);
});

test('several keys: one must be chosen', async () => {
  await bench.plugIn();
  await bench.plugIn({ pin: PIN });
  const list = await keys(['list', '--json']);
  expect(JSON.parse(list.stdout)).toMatchObject({
    ok: true,
    keys: [
      { id: bench.idOf(0), state: 'ready', pin: 'notSet', versions: ['U2F_V2', 'FIDO_2_0', 'FIDO_2_1'] },
      { id: bench.idOf(1), state: 'ready', pin: 'set' },
    ],
  });
  expect((await keys(['info'])).stderr).toContain(`Several keys are there (${bench.idOf(0)}, ${bench.idOf(1)}).`);
  const chosen = await keys(['info', '--device', bench.idOf(1), '--json']);
  expect(JSON.parse(chosen.stdout)).toMatchObject({ ok: true, key: { id: bench.idOf(1), pin: 'set', pinRetries: 8 } });
});

test('a reset is guided, step by step', async () => {
  const key = await bench.plugIn({ pin: PIN });
  const { client } = bench.virtualKey;
  const running = start(['reset', '--yes', '--dev']);
  await running.said('1. Remove the key');
  await client.unplug(key);
  await running.said('2. Insert the same key');
  await client.plug(key);
  await client.waitFor(key, 'command:reset');
  const { code, stdout, stderr } = await running.ended;
  expect(stderr).toContain('3. Touch the key NOW.');
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'The key was erased and is as new.\n' });
  expect((await client.state(key)).pinSet).toBe(false);
});

test.skipIf(process.platform !== 'linux')('a PC/SC service that hangs is told, and holds up neither the command nor its exit code', async ({ skip }) => {
  const connections: net.Socket[] = [];
  const server = net.createServer((connection) => {
    connections.push(connection.on('error', () => connection.destroy()));
  });
  await once(server.listen(path.join(folder, 'no-pcscd')), 'listening');
  const before = performance.now();
  const [list, info] = await Promise.all([keys(['list']), keys(['info', '--json'])]);
  const elapsed = performance.now() - before;
  for (const connection of connections) connection.destroy();
  await new Promise((resolve) => server.close(resolve));
  if (list.stdout.includes('libpcsclite')) skip('libpcsclite.so.1 is not installed');
  expect(connections.length).toBeGreaterThan(0);
  expect(list).toMatchObject({ code: 0, stderr: '' });
  expect(list.stdout).toMatch(/No security key was found[^]*cannot be used: The PC\/SC service did not answer within 3000 ms\./);
  expect(info.code).toBe(1);
  expect(JSON.parse(info.stdout)).toMatchObject({ ok: false, reason: 'noKey', detail: expect.stringContaining('did not answer') as string });
  expect(elapsed).toBeLessThan(15_000);
});

describe('refusals', () => {
  test('no key', async () => {
    expect(await keys(['info', '--json'])).toMatchObject({ code: 1 });
    const { stdout } = await keys(['list']);
    expect(stdout).toContain('No security key was found.');
  });

  test('a PIN as an argument, an ID that is none, a length out of bounds', async () => {
    expect((await keys(['pin', 'set', PIN])).code).toBe(1);
    expect((await keys(['credentials', 'delete', 'xyz'])).stderr).toContain('hexadecimal');
    expect((await keys(['config', 'min-pin-length', '3'])).stderr).toContain('from 4 to 63');
  });

  test('a release build has no development transport', async () => {
    const { code, stdout } = await start(['list', '--dev', '--json'], '', 'release').ended;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, reason: 'notSupported' });
  });
});
