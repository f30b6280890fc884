import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import { describe, expect, test } from 'vitest';

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

  test('a browser that is not there: the step fails, the report says so, the exit code too', async () => {
    const { code, output } = await runStart(['--headless', '--json', '--browser', '/nowhere/browser']);
    const report = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Report;
    expect(report.ok).toBe(false);
    expect(report.steps.at(-1)).toMatchObject({ name: 'start the browser', ok: false });
    expect(code).toBe(1);
  });
});
