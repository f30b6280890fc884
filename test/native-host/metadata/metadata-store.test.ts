import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { downloadBlob, type Downloader } from '../../../native-host/metadata/download.ts';
import { createMetadataStore, type MetadataStore } from '../../../native-host/metadata/metadata-store.ts';
import { modelName } from '../../../native-host/metadata/names.ts';
import { fidoRoots } from '../../../native-host/metadata/root.ts';
import { AAGUID, NOW, ROOT_DER, blob, entry, payload } from '../../shared/verifier/mds/fixture.ts';
import { createSandbox, type Sandbox } from '../install/sandbox-system.ts';

const SETTINGS = '/etc/keystile/host.json';
const ROOT_FILE = '/etc/keystile/root.der';
const FILE = '/srv/metadata.jwt';
const CACHE = '/home/ada/.cache/keystile/metadata.jwt';
const MODEL = { aaguid: AAGUID.replaceAll('-', '') };

let machine: Sandbox;
let log: string[];
let now: number;
const stores: MetadataStore[] = [];

beforeEach(async () => {
  machine = await createSandbox('linux');
  log = [];
  now = NOW;
  await machine.put(ROOT_FILE, ROOT_DER);
});
afterEach(async () => {
  for (const store of stores.splice(0)) store.end();
  await machine[Symbol.asyncDispose]();
});

function store(download: Downloader = () => Promise.reject(new Error('Nothing is to be fetched.')), patience?: number): MetadataStore {
  const made = createMetadataStore({ system: machine.system, download, now: () => now, log: (text) => log.push(text), ...(patience === undefined ? {} : { patience }) });
  stores.push(made);
  return made;
}

const setUp = (metadata: unknown): Promise<void> => machine.put(SETTINGS, JSON.stringify({ metadata }));

describe('metadata from a file', () => {
  it('is found by AAGUID, and kept', async () => {
    await setUp({ file: FILE, root: ROOT_FILE });
    await machine.put(FILE, blob());
    const made = store();
    expect(await made.find(MODEL)).toMatchObject({ ok: true, value: { description: 'Test key' } });
    expect(await made.find({ aaguid: 'ff'.repeat(16) })).toMatchObject({ ok: false, error: { problem: 'unknown' } });
    expect(await made.status()).toEqual({ state: 'current', no: 7, nextUpdate: Date.UTC(2026, 11, 1) });
    expect(await machine.text(CACHE)).toBe(await machine.text(FILE));
  });

  it('is stale, not invalid, when the next one is due', async () => {
    await setUp({ file: FILE, root: ROOT_FILE });
    await machine.put(FILE, blob());
    now = Date.UTC(2026, 11, 2);
    expect(await store().status()).toMatchObject({ state: 'stale', no: 7 });
  });

  it.each([
    ['broken', 'nothing of the kind'],
    ['older', blob({ payload: payload({ no: 6, entries: [] }) })],
  ])('that is %s leaves the last good one in place', async (_what, content) => {
    await setUp({ file: FILE, root: ROOT_FILE });
    await machine.put(FILE, blob());
    await store().status();
    await machine.put(FILE, content);
    const again = store();
    expect(await again.status()).toMatchObject({ state: 'current', no: 7 });
    expect(log.join()).toContain(FILE);
  });

  it('is verified again when it comes from the cache', async () => {
    await setUp({ file: FILE, root: ROOT_FILE });
    const good = blob();
    await machine.put(CACHE, `${good.slice(0, -4)}AAAA`);
    expect(await store().status()).toMatchObject({ state: 'none' });
  });

  it.each([
    ['not JSON', '{'],
    ['an address without TLS', JSON.stringify({ metadata: { url: 'http://example.org/blob' } })],
    ['an address with a password', JSON.stringify({ metadata: { url: 'https://ada:secret@example.org/blob' } })],
    ['a file that is no text', JSON.stringify({ metadata: { file: 7 } })],
    ['neither file nor address', JSON.stringify({ metadata: {} })],
    ['a root that is not there', JSON.stringify({ metadata: { file: FILE, root: '/nowhere' } })],
  ])('says what is wrong with settings that have %s', async (_what, content) => {
    await machine.put(SETTINGS, content);
    const status = await store().status();
    expect(status.state).toBe('none');
    expect(log).toHaveLength(1);
    expect(log.join()).not.toContain('secret');
  });

  it.each([
    ['metadata.rooot', { metadata: { file: FILE, rooot: ROOT_FILE } }],
    ['metaData', { metaData: { file: FILE } }],
    ['proxy', { metadata: { file: FILE, root: ROOT_FILE }, proxy: 'http://127.0.0.1' }],
  ])('names the member %s of the settings, which does not exist', async (place, content) => {
    await machine.put(SETTINGS, JSON.stringify(content));
    expect(await store().status()).toEqual({ state: 'none', detail: `${SETTINGS}: ${place}: there is no such setting.` });
  });

  it('is none without settings, and nothing is complained about', async () => {
    expect(await store().find(MODEL)).toBeUndefined();
    expect(log).toEqual([]);
  });
});

describe('metadata from an address', () => {
  let server: Server;
  let answers: { status: number; body: string; etag?: string }[];
  let requests: (string | undefined)[];
  let url: string;

  beforeEach(async () => {
    answers = [];
    requests = [];
    server = createServer((request, response) => {
      requests.push(request.headers['if-none-match']);
      const { status, body, etag } = answers.shift() ?? { status: 500, body: '' };
      response.writeHead(status, etag === undefined ? {} : { etag });
      response.end(body);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port.toString()}/blob`;
    await setUp({ url, root: ROOT_FILE });
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
  });

  async function updated(): Promise<MetadataStore> {
    const made = store(downloadBlob);
    await made.settled();
    return made;
  }

  it('is fetched, kept, and not fetched again before its time', async () => {
    answers = [{ status: 200, body: blob(), etag: '"7"' }];
    expect(await (await updated()).status()).toMatchObject({ state: 'current', no: 7 });
    expect(await (await updated()).status()).toMatchObject({ state: 'current', no: 7 });
    expect(requests).toHaveLength(1);
  });

  it('is asked for again a day later, with the mark that it had', async () => {
    answers = [{ status: 200, body: blob(), etag: '"7"' }, { status: 304, body: '' }];
    await updated();
    now += 25 * 3_600_000;
    expect(await (await updated()).status()).toMatchObject({ no: 7 });
    expect(requests).toEqual([undefined, '"7"']);
  });

  // Two hosts may write in any order, and a full disk takes the small file only.
  it('is fetched anew when what lies here is not what the mark is of', async () => {
    answers = [{ status: 200, body: blob({ payload: payload({ no: 8 }) }), etag: '"8"' }, { status: 304, body: '' }];
    await updated();
    await machine.put(CACHE, blob());
    now += 25 * 3_600_000;
    await updated();
    expect(requests).toEqual([undefined, undefined]);
  });

  it('that is said to be unchanged before there is any is a failure, and not asked for again at once', async () => {
    answers = [{ status: 304, body: '' }, { status: 304, body: '' }, { status: 304, body: '' }];
    expect(await (await updated()).status()).toMatchObject({ state: 'none', detail: expect.stringContaining('304') as string });
    await updated();
    expect(requests).toHaveLength(1);
  });

  describe('and is not here yet', () => {
    let respond: (text: string) => void;
    let asked: Promise<void>;

    beforeEach(() => {
      asked = new Promise((resolve) => {
        server.removeAllListeners('request');
        server.on('request', (_request, response: ServerResponse) => {
          respond = (text) => response.end(text);
          resolve();
        });
      });
    });

    it('is waited for by those that need it, and only by them', async () => {
      const made = store(downloadBlob);
      const ready = made.ready();
      await asked;
      expect(await made.find(MODEL)).toBeUndefined();
      respond(blob());
      await ready;
      expect(await made.find(MODEL)).toMatchObject({ ok: true });
    });

    it('is waited for when the one that is here is stale', async () => {
      await machine.put(CACHE, blob({ payload: payload({ nextUpdate: '2026-11-01', entries: [] }) }));
      const made = store(downloadBlob);
      const ready = made.ready();
      await asked;
      respond(blob({ payload: payload({ no: 8 }) }));
      await ready;
      expect(await made.find(MODEL)).toMatchObject({ ok: true });
    });

    it('is not waited for when the one that is here is current', async () => {
      await machine.put(CACHE, blob());
      const made = store(downloadBlob);
      await made.ready();
      expect(await made.status()).toMatchObject({ state: 'current', no: 7 });
      made.end();
    });

    it('is waited for a short time only', async () => {
      const made = store(downloadBlob, 10);
      await made.ready();
      expect(await made.status()).toMatchObject({ state: 'none' });
      expect(await made.find(MODEL)).toBeUndefined();
      made.end();
    });
  });

  it.each([
    ['does not verify', blob().slice(0, -6)],
    ['is older', blob({ payload: payload({ no: 3, entries: [entry({ statusReports: [] })] }) })],
  ])('that %s changes nothing, and is asked for again only after a while', async (_what, body) => {
    answers = [{ status: 200, body: blob() }, { status: 200, body }];
    await updated();
    now += 25 * 3_600_000;
    const made = await updated();
    expect(await made.status()).toMatchObject({ no: 7 });
    await updated();
    expect(requests).toHaveLength(2);
    now += 16 * 60_000;
    answers = [{ status: 200, body: blob({ payload: payload({ no: 8 }) }) }];
    expect(await (await updated()).status()).toMatchObject({ no: 8 });
  });

  it('is asked for again once a clock that was ahead is right, however short hosts live', async () => {
    answers = [{ status: 200, body: blob() }, { status: 200, body: blob({ payload: payload({ no: 8 }) }) }];
    await updated();
    now -= 400 * 24 * 3_600_000;
    expect(await (await updated()).status()).toMatchObject({ no: 8 });
  });

  it('waits longer after each failure, a day at most', async () => {
    let waited = 0;
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      await updated();
      expect(requests).toHaveLength(attempt);
      const { nextAttempt } = JSON.parse(await machine.text('/home/ada/.cache/keystile/metadata-update.json')) as { nextAttempt: number };
      expect(nextAttempt - now).toBeGreaterThanOrEqual(waited);
      waited = nextAttempt - now;
      now = nextAttempt;
    }
    expect(waited).toBe(24 * 3_600_000);
  });

  it('is given up when the server is slow, though the garbage collector is at work', async () => {
    setFlagsFromString('--expose-gc');
    const collecting = setInterval(runInNewContext('gc') as () => void, 10);
    server.removeAllListeners('request');
    server.on('request', (_request, response: ServerResponse) => void response.write('a'));
    const downloaded = await downloadBlob(url, undefined, new AbortController().signal, 200);
    clearInterval(collecting);
    expect(downloaded).toEqual({ ok: false, error: 'It could not be fetched: the server is too slow.' });
  });

  it('that could not be fetched before the browser went is not put off', async () => {
    const asked = new Promise<void>((resolve) => {
      server.removeAllListeners('request');
      server.on('request', () => resolve());
    });
    const made = store(downloadBlob);
    await made.status();
    await asked;
    made.end();
    await made.settled();
    expect(await machine.system.files.kind('/home/ada/.cache/keystile/metadata-update.json')).toBeUndefined();
  });

  it('is none, and nothing is thrown, when the download has a fault', async () => {
    const made = store(() => Promise.reject(new TypeError('For the test.')));
    await made.settled();
    expect(await made.status()).toMatchObject({ state: 'none' });
    expect(log.join()).toContain('TypeError');
  });

  it('does not follow a server to another address', async () => {
    const elsewhere = createServer((_request, response) => response.end(blob()));
    await new Promise<void>((resolve) => {
      elsewhere.listen(0, '127.0.0.1', resolve);
    });
    const target = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port.toString()}/`;
    server.removeAllListeners('request');
    server.on('request', (_request, response: { writeHead: (status: number, headers: object) => void; end: () => void }) => {
      response.writeHead(302, { location: target });
      response.end();
    });
    expect(await (await updated()).status()).toMatchObject({ state: 'none' });
    await new Promise((resolve) => elsewhere.close(resolve));
  });
});

describe('what the host brings', () => {
  it('has the root that the FIDO Alliance names since August 2026, and the one before', () => {
    const roots = fidoRoots();
    if (!roots.ok) throw new Error(roots.error);
    expect(roots.value.map(({ encoded }) => createHash('sha256').update(encoded).digest('hex'))).toEqual([
      '4fa3126d8d3a11d1c4855a4f807cbad6cf919d3a5a88b03bea2c6372d93c40c9',
      'cbb522d7b7f127ad6a0113865bdf1cd4102e7d0759af635a7cf4720dc963c53b',
    ]);
  });

  it('names models of the list, and no others', () => {
    expect(modelName('ee882879721c491397753dfcce97072a')).toMatch(/YubiKey 5/);
    expect(modelName('0'.repeat(32))).toBeUndefined();
    expect(modelName('__proto__')).toBeUndefined();
  });
});
