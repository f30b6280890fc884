import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { buildLauncher, hostProgram, type HostProgram } from '../../../native-host/install/launcher.ts';
import { createSandbox, type Sandbox } from './sandbox-system.ts';

const SCRIPT: HostProgram = { kind: 'script', runtime: '/usr/bin/node', script: '/opt/keystile/main.cjs' };
let linux: Sandbox;
let windows: Sandbox;

beforeEach(async () => {
  [linux, windows] = await Promise.all([createSandbox('linux'), createSandbox('windows')]);
});
afterEach(async () => {
  await linux[Symbol.asyncDispose]();
  await windows[Symbol.asyncDispose]();
});

describe('hostProgram', () => {
  test('a script has its host beside it', () => {
    expect(hostProgram(linux.system, { packaged: false, execPath: '/usr/bin/node', scriptPath: '/a/dist/host/cli.cjs' })).toEqual({
      kind: 'script',
      runtime: '/usr/bin/node',
      script: '/a/dist/host/main.cjs',
    });
  });

  test('a packaged program has a program beside it', () => {
    const own = { packaged: true, execPath: 'C:\\Program Files\\Keystile\\keystile.exe', scriptPath: '' };
    expect(hostProgram(windows.system, own)).toEqual({
      kind: 'executable',
      path: 'C:\\Program Files\\Keystile\\keystile-host.exe',
    });
  });
});

describe('on Linux and macOS', () => {
  test('a real shell starts the script with its options first and the browser’s arguments after them', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "keystile it's \"odd\" $HOME `x` \\ "));
    try {
      const script = path.join(folder, 'a b', 'main.cjs');
      mkdirSync(path.dirname(script));
      writeFileSync(script, 'process.stdout.write(JSON.stringify(process.argv.slice(1)))');
      const program: HostProgram = { kind: 'script', runtime: process.execPath, script };
      const launcher = buildLauncher(linux.system, program, folder, true);
      if (launcher === undefined) throw new Error('no launcher');
      writeFileSync(launcher.file, launcher.content);
      chmodSync(launcher.file, launcher.mode);
      const output = execFileSync(launcher.file, ['chrome-extension://abc/', "it's $HOME"], { encoding: 'utf8' });
      expect(JSON.parse(output)).toEqual([script, '--dev', 'chrome-extension://abc/', "it's $HOME"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('any path survives the shell’s reading', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(word, (script) => {
        const launcher = buildLauncher(linux.system, { kind: 'script', runtime: 'printf', script }, '/x', false);
        const command = launcher?.content.replace("exec 'printf'", "exec printf '%s'") ?? '';
        expect(execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8' })).toBe(script);
      }),
      { numRuns: 40 },
    );
  });

  test('with the development transport it is another file', () => {
    expect(buildLauncher(linux.system, SCRIPT, '/d', false)?.file).toBe('/d/keystile-host');
    expect(buildLauncher(linux.system, SCRIPT, '/d', true)?.file).toBe('/d/keystile-host-dev');
    expect(buildLauncher(linux.system, SCRIPT, '/d', false)?.content).not.toContain('--dev');
  });
});

describe('on Windows', () => {
  test('a batch file starts a script, in lines that cmd.exe reads, quietly', () => {
    const program: HostProgram = { kind: 'script', runtime: 'C:\\N\\node.exe', script: 'C:\\100% J\u00f6rg\\main.cjs' };
    const launcher = buildLauncher(windows.system, program, 'C:\\K', true);
    expect(launcher?.file).toBe('C:\\K\\keystile-host-dev.bat');
    const lines = launcher?.content.split('\r\n') ?? [];
    expect(lines[0]).toBe('@echo off');
    expect(lines).toContain('chcp 65001 >nul');
    expect(lines.at(-2)).toBe('"C:\\N\\node.exe" "C:\\100%% J\u00f6rg\\main.cjs" --dev %*');
    expect(lines.at(-1)).toBe('');
  });

  test('a packaged program needs none, but for the development transport', () => {
    const program: HostProgram = { kind: 'executable', path: 'C:\\K\\keystile-host.exe' };
    expect(buildLauncher(windows.system, program, 'C:\\D', false)).toBeUndefined();
    expect(buildLauncher(windows.system, program, 'C:\\D', true)?.content).toContain('"C:\\K\\keystile-host.exe" --dev %*');
  });
});
