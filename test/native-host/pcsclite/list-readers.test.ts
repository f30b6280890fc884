import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { listReaders } from '../../../native-host/pcsclite/list-readers.ts';

// The library asks for the socket once for each process: one path for all tests of this file, served or not.
const folder = mkdtempSync(path.join(os.tmpdir(), 'keystile-pcsc-'));
const socket = path.join(folder, 'pcscd.comm');
let library = true;

beforeAll(async () => {
  process.env['PCSCLITE_CSOCK_NAME'] = socket;
  const probe = await listReaders();
  library = probe.ok || probe.error.problem !== 'libraryMissing';
});
afterAll(() => {
  delete process.env['PCSCLITE_CSOCK_NAME'];
  rmSync(folder, { recursive: true });
});

test('without the package the answer is a value', async () => {
  const loadKoffi = (): Promise<never> => Promise.reject(new Error('Cannot find module'));
  expect(await listReaders({ loadKoffi })).toEqual({
    ok: false,
    error: { kind: 'pcsc', problem: 'bindingMissing', detail: 'Cannot find module' },
  });
});

test('without the library the answer is a value', async () => {
  const result = await listReaders({ library: path.join(folder, 'libpcsclite.so.1') });
  expect(result).toMatchObject({ ok: false, error: { problem: 'libraryMissing' } });
});

describe.skipIf(process.platform !== 'linux')('with the system’s library', () => {
  test('a service that does not run is told at once', async ({ skip }) => {
    if (!library) skip('libpcsclite.so.1 is not installed');
    const result = await listReaders();
    expect(result).toMatchObject({ ok: false, error: { problem: 'noService', code: 0x8010001d } });
  });

  test('a service that hangs leaves the event loop free and ends with the deadline', async ({ skip }) => {
    if (!library) skip('libpcsclite.so.1 is not installed');
    const connections: net.Socket[] = [];
    const server = net.createServer((connection) => {
      connections.push(connection.on('error', () => connection.destroy()));
    });
    await once(server.listen(socket), 'listening');
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 10);
    const result = await listReaders({ deadline: 400 });
    clearInterval(timer);
    // Hanging up lets the library's thread go.
    for (const connection of connections) connection.destroy();
    await new Promise((resolve) => server.close(resolve));
    expect(result).toMatchObject({ ok: false, error: { problem: 'timeout' } });
    expect(connections.length).toBeGreaterThan(0);
    expect(turns).toBeGreaterThan(10);
  });
});
