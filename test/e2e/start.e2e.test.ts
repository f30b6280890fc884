import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import { defaultExecutable } from '../support/keystile-browser.ts';

const root = path.resolve(import.meta.dirname, '../..');

interface Report {
  readonly ok: boolean;
  readonly steps: readonly { readonly name: string; readonly ok: boolean; readonly ms: number; readonly detail: string }[];
}

/** Runs the demonstration as `npm start` does after it has installed and built. */
async function runStart(args: readonly string[]): Promise<{ code: unknown; output: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/start/main.ts', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as unknown[];
  return { code, output };
}

describe('npm start', () => {
  let folder: string | undefined;

  afterEach(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    folder = undefined;
  });

  test('headless: performs the scenario, and its last line is the report', async () => {
    const { code, output } = await runStart(['--headless', '--json']);
    const report = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Report;
    expect(report).toMatchObject({ ok: true });
    expect(report.steps.every(({ ok, ms, detail }) => ok && ms >= 0 && detail !== '')).toBe(true);
    expect(report.steps.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['register', 'verified-by-extension', 'verified-by-tenant', 'sign-in']),
    );
    expect(code).toBe(0);
  });

  test('a branded browser, which ignores --load-extension, gets the extension through the DevTools protocol', async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'keystile-branded-'));
    // What counts as branded is known by the program's name.
    const program = path.join(folder, 'google-chrome');
    writeFileSync(program, `#!/bin/sh\nexec "${defaultExecutable()}" "$@"\n`, { mode: 0o755 });
    const { code, output } = await runStart(['--headless', '--json', '--browser', program]);
    expect(JSON.parse(output.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ ok: true });
    expect(code).toBe(0);
  });

  test('a browser that is not there: the step fails, the report says so, the exit code too', async () => {
    const { code, output } = await runStart(['--headless', '--json', '--browser', '/nowhere/browser']);
    const report = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Report;
    expect(report.ok).toBe(false);
    expect(report.steps.at(-1)).toMatchObject({ name: 'start the browser', ok: false });
    expect(code).toBe(1);
  });
});
