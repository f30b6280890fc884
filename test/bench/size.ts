import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * `npm run size`: what each part of the built Chromium extension weighs, against its budget. The page script and the
 * relay run in every frame of every site, the worker at every start, and the prompt stands between a person and the
 * key: they stay small on purpose.
 */
interface Budget {
  readonly part: string;
  /** The file that the browser loads; what it imports is weighed with it. */
  readonly entry: string;
  /** Bytes after gzip of each file, in all. */
  readonly maxGzip: number;
}

const BUDGETS: readonly Budget[] = [
  { part: 'page script', entry: 'page/interceptor.iife.js', maxGzip: 6 * 1024 },
  { part: 'relay', entry: 'content/relay.iife.js', maxGzip: 3 * 1024 },
  // Two fifths of it are the public suffix list, a quarter the verifier with its attestation formats and the policy.
  { part: 'worker', entry: 'service-worker-loader.js', maxGzip: 124 * 1024 },
  { part: 'prompt', entry: 'ui/prompt/index.html', maxGzip: 26 * 1024 },
  { part: 'popup', entry: 'ui/popup/index.html', maxGzip: 26 * 1024 },
];

const BUILD = path.resolve(import.meta.dirname, '../../dist/chromium');

/** Scripts, styles and static imports that a file names, as paths within the build. */
function referencesOf(file: string, text: string): string[] {
  const pattern = file.endsWith('.html') ? /(?:src|href)="([^"]+\.(?:js|css))"/g : /(?:from|import)\s*["']([^"']+\.js)["']/g;
  return Array.from(text.matchAll(pattern), ([, reference = '']) =>
    reference.startsWith('/') ? reference.slice(1) : path.posix.join(path.posix.dirname(file), reference),
  );
}

/** The file with everything that it loads. */
function withReferences(file: string, seen = new Map<string, Buffer>()): ReadonlyMap<string, Buffer> {
  if (seen.has(file)) return seen;
  const content = readFileSync(path.join(BUILD, file));
  seen.set(file, content);
  for (const reference of referencesOf(file, content.toString())) withReferences(reference, seen);
  return seen;
}

const weights = BUDGETS.map(({ part, entry, maxGzip }) => {
  const contents = [...withReferences(entry).values()];
  return {
    part,
    files: contents.length,
    bytes: contents.reduce((sum, content) => sum + content.length, 0),
    gzip: contents.reduce((sum, content) => sum + gzipSync(content, { level: 9 }).length, 0),
    maxGzip,
  };
});
for (const { part, files, bytes, gzip, maxGzip } of weights) {
  const state = gzip <= maxGzip ? 'ok' : 'OVER BUDGET';
  console.log(
    `${part.padEnd(12)} ${bytes.toString().padStart(8)} B ${gzip.toString().padStart(7)} B gzip of ${maxGzip.toString().padStart(6)}  ${files.toString()} files  ${state}`,
  );
}
process.exitCode = weights.every(({ gzip, maxGzip }) => gzip <= maxGzip) ? 0 : 1;
