import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { CHROMIUM_EXTENSION_ID, FIREFOX_ADDON_ID } from '../../../../manifests/extension-identity.ts';
import { askHello, type HelloCommand } from '../../../../native-host/install/doctor/hello.ts';
import { HELLO } from './fake-probes.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'keystile hello '));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A host in plain Node: `reply(message)` gives what to answer; `send` frames it. */
function host(body: string): HelloCommand {
  const file = path.join(folder, 'host');
  const source = `#!${process.execPath}
const send = (value) => {
  const body = Buffer.from(JSON.stringify(value));
  const header = Buffer.alloc(4);
  header.writeUInt32LE(body.length);
  process.stdout.write(Buffer.concat([header, body]));
};
const receive = (reply) => process.stdin.once('data', (data) => reply(JSON.parse(data.subarray(4))));
const hello = ${JSON.stringify(HELLO)};
${body}`;
  writeFileSync(file, source);
  chmodSync(file, 0o755);
  return { path: file, family: 'chromium', manifest: '/m.json', version: '1.2.3' };
}

test('a host that answers is what it says', async () => {
  const result = await askHello(host('receive(({ id }) => send({ v: 1, id, ok: true, result: hello }))'));
  expect(result).toEqual({ ok: true, value: HELLO });
});

test('it is asked as the extension asks, with the arguments of the browser', async () => {
  const echo = `receive(({ id, method, params }) => {
    const detail = JSON.stringify({ args: process.argv.slice(2), method, params });
    send({ v: 1, id, ok: true, result: { ...hello, transports: [{ kind: 'usb', available: true, detail }] } });
  })`;
  const chromium = await askHello(host(echo));
  const firefox = await askHello({ ...host(echo), family: 'firefox' });
  const seen = [chromium, firefox].map((result) => {
    if (!result.ok) throw new Error(result.error.detail);
    return JSON.parse(result.value.transports[0]?.detail ?? '{}') as unknown;
  });
  const asked = { method: 'host.hello', params: { protocol: 1, client: { version: '1.2.3' } } };
  expect(seen).toEqual([
    { ...asked, args: [`chrome-extension://${CHROMIUM_EXTENSION_ID}/`] },
    { ...asked, args: ['/m.json', FIREFOX_ADDON_ID] },
  ]);
});

test('a refusal keeps its reason, also when the host did not read the ID', async () => {
  const result = await askHello(
    host("send({ v: 1, id: '0', ok: false, error: { reason: 'incompatible', message: 'Update me.' } }); receive(() => {})"),
  );
  expect(result).toMatchObject({ ok: false, error: { problem: 'refused', detail: 'Update me.' } });
});

test('a host that ends tells how, with its last words', async () => {
  const result = await askHello(host("console.error('no such module'); process.exitCode = 3"));
  expect(result).toMatchObject({ ok: false, error: { problem: 'ended' } });
  expect(!result.ok && result.error.detail).toBe('It ended with exit code 3. It said: no such module');
});

test('a host that prints text is told from one that answers', async () => {
  const result = await askHello(host("receive(() => process.stdout.write('\\x05\\0\\0\\0hello'))"));
  expect(result).toMatchObject({ ok: false, error: { problem: 'malformed' } });
});

test('an answer of another shape is told', async () => {
  const result = await askHello(host("receive(({ id }) => send({ v: 1, id, ok: true, result: { name: 'org.other' } }))"));
  expect(result).toMatchObject({ ok: false, error: { problem: 'malformed' } });
});

test('a host that says nothing is waited for no longer than the deadline, and is gone afterwards', async () => {
  const command = host(`process.on('SIGTERM', () => {});
    process.stdin.resume();
    require('node:fs').writeFileSync(__filename + '.pid', String(process.pid));
    setInterval(() => {}, 1000);`);
  const result = await askHello(command, 500);
  expect(result).toMatchObject({ ok: false, error: { problem: 'noAnswer' } });
  const pid = Number(readFileSync(`${command.path}.pid`, 'utf8'));
  await expect.poll(() => isRunning(pid), { timeout: 5000 }).toBe(false);
});

test('a host that cannot be started is told', async () => {
  const result = await askHello({ ...host(''), path: path.join(folder, 'gone') });
  expect(result).toMatchObject({ ok: false, error: { problem: 'notStarted' } });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
