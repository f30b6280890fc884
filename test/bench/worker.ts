import path from 'node:path';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';
import { chromium, type Page } from 'playwright-core';

import { defaultExecutable } from '../support/keystile-browser.ts';
import { summarise, type Summary } from './statistics.ts';

/** What the verifier weighs in the background worker, and what the worker costs to start. Times in milliseconds. */
export interface WorkerMeasures {
  /** Minified bytes of the whole worker, and after gzip. */
  readonly bytes: number;
  readonly gzip: number;
  /** Minified bytes of `shared/verifier`. */
  readonly verifier: number;
  /** The same with certificates, COSE and CBOR, which nothing else needs as much. */
  readonly verifierWithCodecs: number;
  /** From making a worker to its first message: ours, with a browser API that does nothing, and an empty one. */
  readonly start: Summary;
  readonly emptyStart: Summary;
}

const ROOT = path.resolve(import.meta.dirname, '../..');
const ADDRESS = 'http://bench.localhost';
const RUNS = 40;

/** Answers every property with a function like itself, so that listeners can be added. */
const BROWSER_API = `
const api = new Proxy(() => api, { get: (_, name) => (name === 'id' ? 'bench' : name === 'then' ? undefined : name === Symbol.toPrimitive ? () => '' : api) });
globalThis.chrome = { runtime: { id: 'bench' } };
globalThis.browser = { runtime: new Proxy({ id: 'bench', lastError: null }, { get: (own, name) => own[name] ?? api }), storage: api, windows: api, tabs: api, action: api, webNavigation: api, management: api, scripting: api, permissions: api };
`;

/** Bundles the background with the bundler's account of what comes from where, and starts it in many workers of a page. */
export async function measureWorker(): Promise<WorkerMeasures> {
  const { outputFiles, metafile } = await build({
    entryPoints: [path.join(ROOT, 'extension/background/main.ts')],
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'iife',
    target: 'chrome120',
    outdir: 'out',
  });
  const text = outputFiles[0]?.text ?? '';
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  const weigh = (...folders: string[]): number =>
    inputs.filter(([file]) => folders.some((folder) => file.startsWith(`shared/${folder}/`))).reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
  const { start, emptyStart } = await measureStart(text);
  return {
    bytes: text.length,
    gzip: gzipSync(text, { level: 9 }).length,
    verifier: weigh('verifier'),
    verifierWithCodecs: weigh('verifier', 'x509', 'cose', 'cbor'),
    start,
    emptyStart,
  };
}

async function measureStart(text: string): Promise<Pick<WorkerMeasures, 'start' | 'emptyStart'>> {
  const files = new Map([
    ['/', '<!doctype html>'],
    ['/ours.js', `${BROWSER_API}${text}\npostMessage(0);`],
    ['/empty.js', `${BROWSER_API}\npostMessage(0);`],
  ]);
  const browser = await chromium.launch({ executablePath: defaultExecutable(), args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
  try {
    const page = await browser.newPage();
    await page.route(`${ADDRESS}/**`, (route) => {
      const { pathname } = new URL(route.request().url());
      return route.fulfill({ contentType: pathname === '/' ? 'text/html' : 'text/javascript', body: files.get(pathname) ?? '' });
    });
    await page.goto(`${ADDRESS}/`);
    const [ours, empty]: [number[], number[]] = [[], []];
    // In turns, so that a busy moment of the machine hits both; the first of each does not count.
    for (let run = 0; run <= RUNS; run += 1) {
      const times = [await startWorker(page, '/ours.js'), await startWorker(page, '/empty.js')] as const;
      if (run === 0) continue;
      ours.push(times[0]);
      empty.push(times[1]);
    }
    return { start: summarise(ours), emptyStart: summarise(empty) };
  } finally {
    await browser.close();
  }
}

/** Loads the script beforehand: what is measured is compiling and running it. */
function startWorker(page: Page, file: string): Promise<number> {
  return page.evaluate(async (address) => {
    const source = URL.createObjectURL(await (await fetch(address)).blob());
    const began = performance.now();
    const worker = new Worker(source);
    await new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = (event) => reject(new Error(event.message));
    });
    const elapsed = performance.now() - began;
    worker.terminate();
    URL.revokeObjectURL(source);
    return elapsed;
  }, file);
}

/** Lines for people. */
export function formatWorker({ bytes, gzip, verifier, verifierWithCodecs, start, emptyStart }: WorkerMeasures): readonly string[] {
  return [
    `  size                                         ${bytes.toString()} B, ${gzip.toString()} B gzip`,
    `    of it the verifier                         ${verifier.toString()} B, with certificates, COSE and CBOR ${verifierWithCodecs.toString()} B`,
    `  start                                        ${start.median.toFixed(1)} ms, an empty worker ${emptyStart.median.toFixed(1)} ms`,
  ];
}
