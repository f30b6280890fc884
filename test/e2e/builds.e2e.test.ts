import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

const dist = path.resolve(import.meta.dirname, '../../dist');

interface Manifest {
  readonly content_scripts: readonly {
    readonly js: readonly string[];
    readonly matches: readonly string[];
    readonly run_at: string;
    readonly all_frames: boolean;
    readonly match_about_blank: boolean;
    readonly match_origin_as_fallback: boolean;
    readonly world?: string;
  }[];
  readonly [key: string]: unknown;
}

/** What must be true of the built extensions before any browser has started: facts of their files. */
describe.each(['chromium', 'firefox'])('the build for %s', (target) => {
  const folder = path.join(dist, target);
  let manifest: Manifest;
  let scripts: ReadonlyMap<string, string>;
  let pages: readonly string[];

  beforeAll(async () => {
    manifest = JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8')) as Manifest;
    const files = await readdir(folder, { recursive: true });
    const read = (name: string): Promise<string> => readFile(path.join(folder, name), 'utf8');
    scripts = new Map(await Promise.all(files.filter((name) => name.endsWith('.js')).map(async (name) => [name, await read(name)] as const)));
    pages = await Promise.all(files.filter((name) => name.endsWith('.html')).map(read));
  });

  test('offers no file to pages: nothing to find it by, nothing to frame', () => {
    expect(manifest).not.toHaveProperty('web_accessible_resources');
    expect(manifest).not.toHaveProperty('externally_connectable');
    // Scripts of its own only, and connections by https only (lists of related origins).
    expect(manifest).toHaveProperty('content_security_policy', { extension_pages: "script-src 'self'; object-src 'none'; connect-src https:" });
  });

  test('runs both content scripts at document_start in every frame, and only where WebAuthn exists', () => {
    expect(manifest.content_scripts).toHaveLength(2);
    for (const script of manifest.content_scripts) {
      expect(script).toMatchObject({ run_at: 'document_start', all_frames: true, match_about_blank: true, match_origin_as_fallback: true });
      expect(script.matches).toEqual(['https://*/*', 'http://localhost/*', 'http://*.localhost/*']);
    }
    expect(manifest.content_scripts.map(({ js, world }) => [...js, world])).toEqual([
      ['content/relay.iife.js', undefined],
      ['page/interceptor.iife.js', 'MAIN'],
    ]);
  });

  test('has content scripts that are one file each and load nothing', () => {
    for (const name of manifest.content_scripts.flatMap(({ js }) => js)) {
      const script = scripts.get(name.split('/').join(path.sep));
      expect(script, name).toBeDefined();
      expect(script, name).not.toMatch(/\bimport\b|\brequire\(|\bimportScripts\b|\bfetch\(|XMLHttpRequest/);
    }
  });

  test('keeps the extension’s own objects out of the page script', () => {
    expect(scripts.get(path.join('page', 'interceptor.iife.js'))).not.toMatch(/\bchrome\b|\bbrowser\b|keystile-relay"/);
  });

  test('makes no code out of text', () => {
    expect(scripts.size).toBeGreaterThan(5);
    for (const [name, script] of scripts) expect(script, name).not.toMatch(/\beval\s*\(|\bnew Function\b|\bFunction\s*\(\s*["'`]/);
  });

  test('loads nothing from elsewhere', () => {
    expect(pages).toHaveLength(2);
    for (const page of pages) {
      expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
      expect(page).not.toMatch(/<script(?![^>]*\bsrc=)/);
    }
  });
});
