import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command } from 'commander';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { addVerifyCommand } from '../../../native-host/verify/command.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keystile-verify-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a name in a file cannot make the terminal show something else', async () => {
  const file = join(folder, 'record.json');
  await writeFile(file, JSON.stringify({ name: 'good\u001b[2K\rrecord', kind: 'neither' }));
  let printed = '';
  let exitCode: number | undefined;
  const program = new Command();
  addVerifyCommand(program, { print: (text) => (printed += text), exit: (code) => (exitCode = code) });
  await program.parseAsync(['verify', file], { from: 'user' });
  expect(exitCode).toBe(1);
  expect(printed).toContain('not judged');
  expect(printed).not.toMatch(/[\u001b\r]/);
});
