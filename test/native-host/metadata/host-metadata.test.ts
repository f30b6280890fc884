import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { AAGUID, ROOT_DER, blob, payload } from '../../shared/verifier/mds/fixture.ts';
import { type HostProcess, startHostProcess } from '../../support/host-process.ts';

const MODEL = { aaguid: AAGUID.replaceAll('-', ''), waits: true } as const;
const FOUND = { ok: true, value: { status: { state: 'current', no: 7 }, entry: { description: 'Test key' } } };
const GOOD = blob({ payload: payload({ nextUpdate: '2049-01-01' }) });

// The administrator's own settings would come first; elsewhere than on Linux the places cannot be chosen.
describe.skipIf(process.platform !== 'linux' || existsSync('/etc/keystile/host.json'))('the metadata of a host process', () => {
  let folder: string;
  let server: Server;
  let requests: number;
  let url: string;
  const hosts: HostProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'keystile-metadata-'));
    requests = 0;
    server = createServer((_request, response) => {
      requests += 1;
      response.end(GOOD);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port.toString()}/`;
    await writeFile(path.join(folder, 'root.der'), ROOT_DER);
    await setUp({ url });
  });
  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.stop()));
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  const cache = (file: string): string => path.join(folder, 'cache', 'keystile', file);

  async function setUp(metadata: object): Promise<void> {
    await mkdir(path.join(folder, 'config', 'keystile'), { recursive: true });
    await writeFile(path.join(folder, 'config', 'keystile', 'host.json'), JSON.stringify({ metadata: { root: path.join(folder, 'root.der'), ...metadata } }));
  }

  async function start(env: Readonly<Record<string, string>> = {}): Promise<HostProcess> {
    const host = await startHostProcess({ env: { XDG_CONFIG_HOME: path.join(folder, 'config'), XDG_CACHE_HOME: path.join(folder, 'cache'), ...env } });
    hosts.push(host);
    await host.hello();
    return host;
  }

  const lookUp = (host: HostProcess): Promise<unknown> => host.requester.request('metadata.lookup', MODEL);

  it('is fetched for the first question, and kept for the next host', async () => {
    expect(await lookUp(await start())).toMatchObject(FOUND);
    expect(await readFile(cache('metadata.jwt'), 'latin1')).toBe(GOOD);
    expect(await lookUp(await start())).toMatchObject(FOUND);
    expect(requests).toBe(1);
  });

  it('is fetched directly, whatever proxy the environment names', async () => {
    const proxy = 'http://127.0.0.1:9';
    expect(await lookUp(await start({ HTTP_PROXY: proxy, http_proxy: proxy, HTTPS_PROXY: proxy, NODE_USE_ENV_PROXY: '1' }))).toMatchObject(FOUND);
  });

  it('serves two hosts at once', async () => {
    const both = await Promise.all([start(), start()]);
    expect(await Promise.all(both.map(lookUp))).toMatchObject([FOUND, FOUND]);
    expect(await readFile(cache('metadata.jwt'), 'latin1')).toBe(GOOD);
  });

  it.each([
    ['cut off', GOOD.slice(0, 1000)],
    ['signed by another than it names', blob({ certificate: ROOT_DER })],
    ['empty', ''],
  ])('is fetched again when what was kept is %s', async (_what, content) => {
    await mkdir(cache(''), { recursive: true });
    await writeFile(cache('metadata.jwt'), content);
    expect(await lookUp(await start())).toMatchObject(FOUND);
    expect(await readFile(cache('metadata.jwt'), 'latin1')).toBe(GOOD);
  });

  it('is used although it cannot be kept', async () => {
    await writeFile(path.join(folder, 'cache'), 'a file where the folder should be');
    const host = await start();
    expect(await lookUp(host)).toMatchObject(FOUND);
    expect(host.stderr()).toContain('ENOTDIR');
  });

  it('is none without the server, which is said, and the host lives on', async () => {
    await new Promise((resolve) => server.close(resolve));
    const host = await start();
    expect(await lookUp(host)).toMatchObject({ ok: true, value: { status: { state: 'none', detail: expect.stringContaining('ECONNREFUSED') as string } } });
    expect(await lookUp(host)).toMatchObject({ ok: true });
  });
});
