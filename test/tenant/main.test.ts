import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { TenantClient } from './support/client.ts';
import { temporaryDataFile } from './support/fixture.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const START_DEADLINE_MS = 15_000;

test('prints its origin, serves, and ends on SIGTERM with its data kept', async () => {
  const dataFile = await temporaryDataFile();
  const tenant = run(['--data', dataFile, '--user', 'alice:FIRST-CODE', '--user', 'bob', '--events']);
  const lines = readLines(tenant);
  const ready = await lines.next();
  expect(ready).toEqual({ origin: expect.stringMatching(/^http:\/\/localhost:\d+$/) as string, codes: { bob: expect.any(String) as string } });

  const { origin, codes } = ready as { origin: string; codes: { bob: string } };
  expect((await new TenantClient(origin).signInWithCode('alice', 'FIRST-CODE')).status).toBe(200);
  expect(await lines.next()).toMatchObject({ event: { type: 'signed-in', userName: 'alice', method: 'access-code' } });
  expect((await new TenantClient(origin).signInWithCode('bob', codes.bob)).status).toBe(200);

  tenant.kill('SIGTERM');
  expect(await once(tenant, 'exit')).toEqual([0, null]);
  expect(JSON.parse(await readFile(dataFile, 'utf8'))).toMatchObject({ users: [{ name: 'alice' }, { name: 'bob' }] });
});

test('a corrupt data file ends it with a message and exit code 1', async () => {
  const dataFile = await temporaryDataFile();
  await writeFile(dataFile, 'not JSON');
  const tenant = run(['--data', dataFile]);
  const errors = tenant.stderr?.toArray();
  expect(await once(tenant, 'exit')).toEqual([1, null]);
  const text = String(await errors);
  expect(text).toContain(`The data file ${dataFile} does not hold tenant data (it is not JSON). It was left as it is.`);
  expect(text).not.toContain('    at ');
});

test.each([
  [['--port', '1'], 'Name the data file'],
  [['--data', 'x', '--port', 'many'], '--port must be a whole number'],
  [['--data', 'x', '--cert', 'c.pem'], 'both --cert and --key'],
  [['--data', 'x', '--accept-origin', 'https://a.example/path=a.example'], '--accept-origin must look like'],
])('%j is refused with "%s"', async (args, message) => {
  const tenant = run(args);
  const errors = tenant.stderr?.toArray();
  expect(await once(tenant, 'exit')).toEqual([1, null]);
  expect(String(await errors)).toContain(message);
});

test('speaks https with a certificate, and the cookie is then Secure', async (context) => {
  const dataFile = await temporaryDataFile();
  const [cert, key] = [path.join(path.dirname(dataFile), 'cert.pem'), path.join(path.dirname(dataFile), 'key.pem')];
  const isMade = await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=login.example.test', '-addext', 'subjectAltName=DNS:login.example.test', '-keyout', key, '-out', cert],
  ]).then(
    () => true,
    () => false,
  );
  context.skip(!isMade, 'needs the openssl command to make a certificate');

  const tenant = run(['--data', dataFile, '--cert', cert, '--key', key, '--host-name', 'login.example.test']);
  const { origin } = (await readLines(tenant).next()) as { origin: string };
  expect(origin).toMatch(/^https:\/\/login\.example\.test:\d+$/);
  const ca = await readFile(cert, 'utf8');
  const cookie = await new Promise<string | undefined>((resolve, reject) => {
    const { host, hostname, port } = new URL(origin);
    get({ host: '127.0.0.1', port, servername: hostname, headers: { host }, path: '/sign-in', ca, timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.headers['set-cookie']?.[0]);
    }).on('error', reject);
  });
  expect(cookie).toMatch(/; HttpOnly; SameSite=Lax; Secure$/);
});

function run(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

/** Reads JSON lines from a process, each within a deadline. */
function readLines({ stdout }: ChildProcess): { next(): Promise<unknown> } {
  if (!stdout) throw new Error('The process has no output to read.');
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    next: async () => {
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error('The tenant printed no line in time.')), START_DEADLINE_MS);
      });
      const line = await Promise.race([lines.next(), deadline]).finally(() => clearTimeout(timer));
      return JSON.parse(String(line.value)) as unknown;
    },
  };
}
