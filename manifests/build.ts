import { chmod, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';

import { build as bundle } from 'esbuild';
import { build as buildExtension } from 'vite';

import packageJson from '../package.json' with { type: 'json' };
import { BuildTarget } from './extension.ts';
import { CHROMIUM_EXTENSION_ID } from './extension-identity.ts';
import { HOST_ENTRY_POINTS, hostBundleOptions } from './host-bundle.ts';

/**
 * `npm run build [-- --release]`: dist/chromium and dist/firefox (unpacked extensions), dist/host (the host and the
 * `keystile` command). A release build has no development transport.
 */
const root = path.resolve(import.meta.dirname, '..');

async function buildHost(release: boolean): Promise<void> {
  const outdir = path.join(root, 'dist/host');
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  await bundle({
    ...hostBundleOptions({ release, version: packageJson.version }),
    entryPoints: HOST_ENTRY_POINTS,
    outdir,
    outExtension: { '.js': '.cjs' },
    logLevel: 'warning',
  });
  await chmod(path.join(outdir, 'cli.cjs'), 0o755);
}

async function main(): Promise<void> {
  const release = process.argv.includes('--release');
  await buildHost(release);
  for (const target of Object.values(BuildTarget)) await buildExtension({ mode: target });
  console.log(`Chromium extension ID: ${CHROMIUM_EXTENSION_ID}`);
  console.log(`Built dist/chromium, dist/firefox and dist/host${release ? ' (release)' : ''}.`);
}

await main();
