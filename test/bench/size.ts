import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * `npm run size`: what each part of the built Chromium extension weighs, against its budget. The page script and the
 * relay run in every frame of every site, the worker at every start: they stay small on purpose.
 */
interface Budget {
  readonly part: string;
  /** Names of the files in dist/chromium that make up the part. */
  readonly files: RegExp;
  /** Bytes after gzip. */
  readonly maxGzip: number;
}

const BUDGETS: readonly Budget[] = [
  { part: 'page script', files: /interceptor\.iife.*\.js$/, maxGzip: 6 * 1024 },
  { part: 'relay', files: /relay\.iife.*\.js$/, maxGzip: 3 * 1024 },
];

interface Weight {
  readonly part: string;
  readonly bytes: number;
  readonly gzip: number;
  readonly maxGzip: number;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

async function weigh(folder: string): Promise<Weight[]> {
  const files = await filesBelow(folder);
  return BUDGETS.map(({ part, files: pattern, maxGzip }) => {
    const parts = files.filter((file) => pattern.test(path.relative(folder, file).replaceAll(path.sep, '/')));
    if (parts.length === 0) throw new Error(`No file of the build matches ${pattern.source}: is the budget out of date?`);
    const contents = parts.map((file) => readFileSync(file));
    return {
      part,
      bytes: contents.reduce((sum, content) => sum + content.length, 0),
      gzip: contents.reduce((sum, content) => sum + gzipSync(content, { level: 9 }).length, 0),
      maxGzip,
    };
  });
}

const weights = await weigh(path.resolve(import.meta.dirname, '../../dist/chromium'));
for (const { part, bytes, gzip, maxGzip } of weights) {
  const state = gzip <= maxGzip ? 'ok' : 'OVER BUDGET';
  console.log(`${part.padEnd(14)} ${bytes.toString().padStart(8)} B ${gzip.toString().padStart(7)} B gzip of ${maxGzip.toString()} ${state}`);
}
process.exitCode = weights.every(({ gzip, maxGzip }) => gzip <= maxGzip) ? 0 : 1;
