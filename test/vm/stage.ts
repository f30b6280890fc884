import { chmodSync, cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';

import { build } from 'esbuild';

import { HOST_ENTRY_POINTS, hostBundleOptions } from '../../manifests/host-bundle.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Programs of the guest, by their names in the stage. */
const GUEST_PROGRAMS = {
  cases: path.join(import.meta.dirname, 'guest/main.ts'),
  bench: path.join(import.meta.dirname, 'guest/bench.ts'),
} as const;
export type GuestProgram = keyof typeof GUEST_PROGRAMS;

/** The host's add-ons with what they need: read by any user in the guest, wherever the checkout lies. */
const ADD_ONS = ['node-hid', 'pkg-prebuilds', 'koffi', '@koromix'] as const;

/** Fills a folder with what the guest runs: the host and its command as in an installation (a release), the tests' own programs. */
export async function fillStage(folder: string): Promise<void> {
  chmodSync(folder, 0o755);
  mkdirSync(path.join(folder, 'node_modules'));
  for (const name of ADD_ONS) {
    cpSync(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name), { recursive: true, dereference: true });
  }
  cpSync(path.join(import.meta.dirname, 'guest/judge.py'), path.join(folder, 'judge.py'));
  await Promise.all([
    build({
      ...hostBundleOptions({ release: true, version: '1.0.0' }),
      entryPoints: HOST_ENTRY_POINTS,
      outdir: folder,
      outExtension: { '.js': '.cjs' },
      sourcemap: 'inline',
      logLevel: 'error',
    }),
    build({
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      // Only what is used gets loaded: the bundler itself, for example, is not there.
      splitting: true,
      external: ['esbuild'],
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
      entryPoints: GUEST_PROGRAMS,
      outdir: path.join(folder, 'guest'),
      outExtension: { '.js': '.mjs' },
      logLevel: 'error',
    }),
  ]);
}
