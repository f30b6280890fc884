import path from 'node:path';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';

import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { defaultExecutable } from '../../support/keystile-browser.ts';
import { type Summary, summarise } from '../statistics.ts';
import { makeSamples } from './samples.ts';

/** What judging one response costs in Chromium, milliseconds by subject; `raw` is its WebCrypto alone, with a key at hand. */
export type BrowserVerifierTimes = Readonly<Record<string, Summary>>;

const ADDRESS = 'http://bench.localhost/';

/** Measures the verifier where it serves people: over the browser's own WebCrypto. */
export async function measureVerifierInBrowser(): Promise<BrowserVerifierTimes> {
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, 'browser-entry.ts')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'chrome120',
  });
  const browser = await chromium.launch({ executablePath: defaultExecutable(), args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
  try {
    const page = await browser.newPage();
    await page.route(`${ADDRESS}**`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
    await page.goto(ADDRESS);
    await page.addScriptTag({ content: outputFiles[0]?.text ?? '' });
    const times = await page.evaluate(
      (samples) => (globalThis as unknown as { measureVerifier: (json: string) => Promise<Record<string, number[]>> }).measureVerifier(samples),
      JSON.stringify(makeSamples(), asBytes),
    );
    return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, summarise(values)]));
  } finally {
    await browser.close();
  }
}

function asBytes(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { bytes: encodeBase64url(value) } : value;
}

/** Lines for people. */
export function formatBrowserVerifier(times: BrowserVerifierTimes): readonly string[] {
  return Object.entries(browserVerifierRatios(times)).map(
    ([name, ratio]) => `  ${name.padEnd(48)} ${((times[name]?.median ?? 0) * 1000).toFixed(0).padStart(6)} µs, ${ratio.toFixed(2)}`,
  );
}

/** Medians in relation to one verification by the browser's WebCrypto. */
export function browserVerifierRatios(times: BrowserVerifierTimes): Readonly<Record<string, number>> {
  const raw = times['raw']?.median ?? Number.NaN;
  return Object.fromEntries(Object.entries(times).map(([name, { median }]) => [name, median / raw]));
}
