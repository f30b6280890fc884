import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';

import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '../..');

let bundled: Promise<string> | undefined;

/**
 * Bundles the native host as the build does, once per test process, below `node_modules` so that its add-ons are found.
 *
 * @returns path of the script to start with Node.
 */
export function bundleHost(): Promise<string> {
  bundled ??= bundle();
  return bundled;
}

async function bundle(): Promise<string> {
  const cache = path.join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(path.join(cache, 'keystile-host-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const outfile = path.join(folder, 'main.cjs');
  await build({
    entryPoints: [path.join(root, 'native-host/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['node-hid', 'koffi'],
    define: { __KEYSTILE_RELEASE__: 'false', __KEYSTILE_VERSION__: '"0.0.0-test"' },
    sourcemap: 'inline',
    logLevel: 'error',
  });
  return outfile;
}
