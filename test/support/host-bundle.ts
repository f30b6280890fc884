import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { build } from 'esbuild';

import { HOST_ENTRY_POINTS, hostBundleOptions } from '../../manifests/host-bundle.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Milliseconds after which a bundle of sources that have changed since is removed. */
const KEEP_FOR = 3_600_000;

let bundled: Promise<string> | undefined;

/**
 * Bundles the native host as the build does, once per test process, below `node_modules` so that its add-ons are found.
 * The name follows from the content: test processes at the same time share the file.
 *
 * @returns path of the script to start with Node.
 */
export function bundleHost(): Promise<string> {
  bundled ??= bundle();
  return bundled;
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    ...hostBundleOptions({ release: false, version: '0.0.0-test' }),
    entryPoints: [HOST_ENTRY_POINTS.main],
    outfile: path.join(root, 'node_modules/.cache/keystile-host/main.cjs'),
    write: false,
    sourcemap: 'inline',
    logLevel: 'error',
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error('The bundler gave nothing.');
  const folder = path.dirname(output.path);
  mkdirSync(folder, { recursive: true });
  removeOld(folder);
  const script = path.join(folder, `${createHash('sha256').update(output.contents).digest('hex').slice(0, 16)}.cjs`);
  if (!existsSync(script)) {
    const draft = `${script}.${process.pid.toString()}`;
    writeFileSync(draft, output.contents);
    renameSync(draft, script);
  }
  return script;
}

function removeOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats !== undefined && Date.now() - stats.mtimeMs > KEEP_FOR) rmSync(file, { force: true });
  }
}
