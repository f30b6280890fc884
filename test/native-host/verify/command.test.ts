import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { Command } from 'commander';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { addVerifyCommand } from '../../../native-host/verify/command.ts';

let folder: string;
let printed: string;
let exitCode: number | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keystile-verify-'));
  printed = '';
  exitCode = undefined;
});
afterEach(() => rm(folder, { recursive: true }));

async function run(args: readonly string[], input: Uint8Array = new Uint8Array()): Promise<void> {
  const program = new Command();
  addVerifyCommand(program, { input: Readable.from([input]), print: (text) => (printed += text), exit: (code) => (exitCode = code) });
  await program.parseAsync(['verify', ...args], { from: 'user' });
}

const RECORD = JSON.stringify({ name: 'ä', kind: 'registration', expected: { challenge: 'AAAA', origin: 'https://a.example', rpId: 'a.example' }, response: {} });
const EMPTY = { results: [], totals: { entries: 0, accepted: 0, refused: 0, unverifiable: 0, notJudged: 0 }, notJudged: [] };
const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

test.each([
  ['UTF-8', Buffer.from(RECORD)],
  ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${RECORD}`)],
  ['UTF-16, little endian', Buffer.from(`\uFEFF${RECORD}`, 'utf16le')],
  ['UTF-16, big endian', swapped(`\uFEFF${RECORD}`)],
])('reads %s, from a file and from standard input', async (_, bytes) => {
  const file = join(folder, 'record.json');
  await writeFile(file, bytes);
  await run([file]);
  expect(exitCode).toBe(0);
  expect(printed).toMatch(/^refused +ä: response.form\n1 entries: 0 accepted, 1 refused/);
  const fromFile = printed;
  printed = '';
  await run(['-'], bytes);
  expect(printed).toBe(fromFile);
});

test.each([
  ['an empty file', '', 'The file is not JSON.'],
  ['a word', 'hello', 'The file is not JSON.'],
  ['one record a line', `${RECORD}\n${RECORD}\n`, 'The file is not JSON.'],
])('%s: says why, in the same form as ever', async (_, text, error) => {
  const file = join(folder, 'record.json');
  await writeFile(file, text);
  await run([file, '--json']);
  expect(JSON.parse(printed)).toEqual({ ...EMPTY, error });
  expect(exitCode).toBe(1);
});

test.each([
  ['missing.json', 'There is no such file (ENOENT).'],
  ['.', 'This is a folder, not a file (EISDIR).'],
])('a file that cannot be read (%s): says why', async (name, error) => {
  await run([join(folder, name)]);
  expect(printed).toBe(`${error}\n`);
  expect(exitCode).toBe(1);
  printed = '';
  await run([join(folder, name), '--json']);
  expect(JSON.parse(printed)).toEqual({ ...EMPTY, error });
});

test.skipIf(process.platform === 'win32')('a file without end is given up', async () => {
  await run(['/dev/zero']);
  expect(printed).toBe('The file is too large.\n');
  expect(exitCode).toBe(1);
});

test('a name in a file cannot make the terminal show something else', async () => {
  const file = join(folder, 'record.json');
  await writeFile(file, JSON.stringify({ name: 'good\u001b[2K\rrecord', kind: 'neither' }));
  await run([file]);
  expect(exitCode).toBe(1);
  expect(printed).toContain('not judged');
  expect(printed).not.toMatch(/[\u001b\r]/);
});
