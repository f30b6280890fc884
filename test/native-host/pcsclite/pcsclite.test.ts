import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { createKeyAccess } from '../../../native-host/ceremony/key-access.ts';
import { listReaders } from '../../../native-host/pcsclite/list-readers.ts';
import type { Nfc } from '../../../native-host/transport/nfc/nfc-library.ts';
import { PcscTransport } from '../../../native-host/transport/nfc/pcsc.ts';
import { UdpTransport } from '../../../native-host/transport/udp/udp.ts';
import { startHostProcess } from '../../support/host-process.ts';

// The library asks for the socket once for each process: one path for all tests of this file, served or not.
const folder = mkdtempSync(path.join(os.tmpdir(), 'keystile-pcsc-'));
const socket = path.join(folder, 'pcscd.comm');
let missing: string | undefined;

beforeAll(async () => {
  process.env['PCSCLITE_CSOCK_NAME'] = socket;
  const probe = await listReaders();
  if (!probe.ok && probe.error.problem === 'libraryMissing') missing = 'libpcsclite.so.1 is not installed';
  if (process.platform !== 'linux') missing = 'the service can be replaced on Linux only';
});
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
});
afterAll(() => {
  delete process.env['PCSCLITE_CSOCK_NAME'];
  rmSync(folder, { recursive: true });
});

/** nfc-pcsc as the transport loads it. */
async function startNfc(): Promise<Nfc> {
  const { NFC } = await import('nfc-pcsc');
  return new NFC();
}

/** Resolves when a timer has fired that often: a blocked event loop would keep it from that. */
function turns(count: number, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    let fired = 0;
    const timer = setInterval(() => {
      fired += 1;
      if (fired < count) return;
      clearInterval(timer);
      resolve();
    }, milliseconds);
  });
}

/** A service that takes connections and says nothing. */
class MuteService {
  readonly #connections: net.Socket[] = [];
  readonly #server = net.createServer((connection) => {
    this.#connections.push(connection.on('error', () => connection.destroy()));
  });

  static async start(): Promise<MuteService> {
    const service = new MuteService();
    await once(service.#server.listen(socket), 'listening');
    return service;
  }

  /** Hanging up lets the library's threads go. */
  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe('without a service', () => {
  test('nfc-pcsc starts, tells it once, keeps the event loop free, and ends', async () => {
    const nfc = await startNfc();
    const errors: unknown[] = [];
    nfc.on('error', (error) => errors.push(error));
    const before = performance.now();
    // Goes on over several tries to reach the service.
    await turns(230, 10);
    expect(performance.now() - before).toBeLessThan(6000);
    expect(errors).toEqual([expect.objectContaining({ code: 0x8010001d })]);
    nfc.close();
    await nfc.pcsc.closed;
  });

  test('the transport is unavailable, and can be watched all the same', async () => {
    const transport = new PcscTransport();
    expect(await transport.status()).toMatchObject({ available: false, problem: 'unavailable' });
    const told: unknown[] = [];
    const stop = transport.watch({
      added: (descriptor) => told.push(descriptor),
      removed: (id) => told.push(id),
      denied: (descriptor) => told.push(descriptor),
    });
    stop();
    expect(await transport.end(1000)).toBe(true);
    expect(told).toEqual([]);
  });

  test('without the package there are no cards', async () => {
    const transport = new PcscTransport({ load: () => Promise.reject(new Error('Cannot find module')) });
    const unexpected = (): never => {
      throw new Error('There is nothing to tell.');
    };
    transport.watch({ added: unexpected, removed: unexpected, denied: unexpected });
    expect(await transport.end(1000)).toBe(true);
  });
});

describe('with a service that hangs', () => {
  test('the event loop stays free, and no more than one call waits for a status', async () => {
    const service = await MuteService.start();
    const transport = new PcscTransport();
    let fired = 0;
    const timer = setInterval(() => (fired += 1), 10);
    expect(await transport.status()).toMatchObject({ available: false });
    const before = performance.now();
    expect(await transport.status()).toMatchObject({ available: false, detail: 'The PC/SC service does not answer.' });
    expect(performance.now() - before).toBeLessThan(1000);
    clearInterval(timer);
    expect(fired).toBeGreaterThan(100);
    expect(await transport.end(100)).toBe(false);
    await service.stop();
    expect(await transport.end(5000)).toBe(true);
  });

  test('it is told beside a transport that works, while a missing service is not', async () => {
    const other = new UdpTransport([]);
    const missing = createKeyAccess([other, new PcscTransport()]);
    expect(await missing.summarise()).toEqual({ problems: [], usable: 1 });
    const service = await MuteService.start();
    const transport = new PcscTransport();
    const { problems, usable } = await createKeyAccess([other, transport]).summarise();
    await service.stop();
    expect(usable).toBe(1);
    expect(problems).toEqual([{ problem: 'unavailable', transport: 'nfc', detail: expect.stringContaining('did not answer within') as string }]);
    expect(await transport.end(5000)).toBe(true);
  });

  test('a host process answers, and ends with its browser', async () => {
    const service = await MuteService.start();
    const host = await startHostProcess({ keys: '127.0.0.1:9' });
    const answer = await host.requester.request('host.hello', { protocol: 1, client: { version: '1' } });
    expect(answer.ok && answer.value.transports).toContainEqual(expect.objectContaining({ kind: 'nfc', available: false }));
    await host.stop();
    await service.stop();
    // Node itself would wait for the thread.
    expect(await host.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });
});
