import { PAGE_SCRIPT, RELAY, weigh } from './weights.ts';

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
  { part: 'page script', entry: PAGE_SCRIPT, maxGzip: 6 * 1024 },
  { part: 'relay', entry: RELAY, maxGzip: 3 * 1024 },
  // Two fifths of it are the public suffix list, a quarter the verifier with its attestation formats and the policy.
  { part: 'worker', entry: 'service-worker-loader.js', maxGzip: 128 * 1024 },
  { part: 'prompt', entry: 'ui/prompt/index.html', maxGzip: 26 * 1024 },
  { part: 'popup', entry: 'ui/popup/index.html', maxGzip: 26 * 1024 },
];

const weights = BUDGETS.map(({ part, entry, maxGzip }) => ({ part, maxGzip, ...weigh(entry) }));
for (const { part, files, bytes, gzip, maxGzip } of weights) {
  const state = gzip <= maxGzip ? 'ok' : 'OVER BUDGET';
  console.log(
    `${part.padEnd(12)} ${bytes.toString().padStart(8)} B ${gzip.toString().padStart(7)} B gzip of ${maxGzip.toString().padStart(6)}  ${files.toString()} files  ${state}`,
  );
}
process.exitCode = weights.every(({ gzip, maxGzip }) => gzip <= maxGzip) ? 0 : 1;
