import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** Each TypeScript project sees its own platform only, proved by compiling a planted file with the project's settings. */
describe('platforms', () => {
  let folder: string | undefined;

  afterEach(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  function compile(project: string, text: string): string {
    // Inside the checkout, so that the project's types resolve.
    folder = mkdtempSync(path.join(root, 'node_modules', '.keystile-platform-'));
    writeFileSync(path.join(folder, 'planted.ts'), text);
    const include = ['planted.ts', ...(project === 'shared' ? [path.join(root, 'shared/platform-globals.d.ts')] : [])];
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ extends: path.join(root, project, 'tsconfig.json'), include }));
    const { stdout } = spawnSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
      encoding: 'utf8',
    });
    return stdout;
  }

  test('what exists everywhere compiles in shared/', () => {
    expect(compile('shared', "export const bytes = new TextEncoder().encode('a');")).toBe('');
  });

  test.each([
    ['shared', 'Buffer', "export const planted = Buffer.from('a');"],
    ['shared', 'chrome', 'export const planted = chrome.runtime.id;'],
    ['shared', 'document', 'export const planted = document.title;'],
    ['shared', 'setTimeout', 'export const planted = setTimeout(() => undefined, 1);'],
    ['native-host', 'chrome', 'export const planted = chrome.runtime.id;'],
    ['native-host', 'document', 'export const planted = document.title;'],
    ['extension', 'Buffer', "export const planted = Buffer.from('a');"],
    ['extension', 'process', 'export const planted = process.argv;'],
  ])('%s does not know %s', (project, name, text) => {
    expect(compile(project, text)).toContain(name);
  });
});
