import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type DeviceLock, acquireDeviceLock } from '../../../../native-host/transport/usb/device-lock.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keystile-lock-'));
});
afterAll(() => rm(folder, { recursive: true }));

// The way of Linux, and the one with socket files.
describe.each(['linux', 'darwin'] as const)('device lock as on %s', (platform) => {
  const device = (): string => `/dev/${Math.random().toString(36)}`;
  const acquire = (path: string, timeout = 0, signal = new AbortController().signal): Promise<DeviceLock | undefined> =>
    acquireDeviceLock(path, { platform, folder, timeout, signal });

  test('one holder at a time, each device by itself', async () => {
    const path = device();
    const lock = await acquire(path);
    expect(lock).toBeDefined();
    expect(await acquire(path)).toBeUndefined();
    const other = await acquire(device());
    expect(other).toBeDefined();
    await Promise.all([lock?.release(), lock?.release(), other?.release()]);
    const next = await acquire(path);
    expect(next).toBeDefined();
    await next?.release();
  });

  test('who waits gets it when it is given back', async () => {
    const path = device();
    const lock = await acquire(path);
    const waiting = acquire(path, 10_000);
    await lock?.release();
    const next = await waiting;
    expect(next).toBeDefined();
    await next?.release();
  });

  test('the wait ends with the caller', async () => {
    const path = device();
    const lock = await acquire(path);
    const caller = new AbortController();
    const waiting = acquire(path, 60_000, caller.signal);
    caller.abort();
    expect(await waiting).toBeUndefined();
    await lock?.release();
  });
});

test('a socket file whose process was killed is no obstacle', async () => {
  const options = { platform: 'darwin', folder, timeout: 0, signal: new AbortController().signal } as const;
  const script = `
    import { acquireDeviceLock } from ${JSON.stringify(join(import.meta.dirname, '../../../../native-host/transport/usb/device-lock.ts'))};
    const lock = await acquireDeviceLock('/dev/left-behind', {
      platform: 'darwin', folder: ${JSON.stringify(folder)}, timeout: 0, signal: new AbortController().signal,
    });
    console.log(lock === undefined ? 'taken' : 'locked');
    setInterval(() => undefined, 1000);
  `;
  const holder = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = await new Promise<string>((resolve) => holder.stdout.once('data', (data: Buffer) => resolve(data.toString())));
  expect(said.trim()).toBe('locked');
  expect(await acquireDeviceLock('/dev/left-behind', options)).toBeUndefined();
  holder.kill('SIGKILL');
  await new Promise((resolve) => holder.once('exit', resolve));
  const lock = await acquireDeviceLock('/dev/left-behind', options);
  expect(lock).toBeDefined();
  await lock?.release();
});
