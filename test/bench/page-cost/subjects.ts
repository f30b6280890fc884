import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { BrowserContext, CDPSession, Page } from 'playwright-core';

import { EXTENSION_FOLDER, launchKeystile } from '../../support/keystile-browser.ts';
import { launchPlainChromium } from '../../support/plain-chromium.ts';

/** What is compared: one browser without an extension, with one whose scripts in pages are empty (no extension costs less), with Keystile. */
export const SUBJECTS = ['plain', 'emptyScripts', 'keystile'] as const;

export type BySubject<Value> = Readonly<Record<(typeof SUBJECTS)[number], Value>>;

/** A tab, and the DevTools protocol for it. */
export interface ObservedTab {
  readonly page: Page;
  readonly devTools: CDPSession;
}

/** Starts the browsers, each with one tab, and ends them when the measurement is done. */
export async function withSubjects<Result>(measure: (tabs: BySubject<ObservedTab>) => Promise<Result>): Promise<Result> {
  const cleanups: (() => Promise<void>)[] = [];
  const open = async (browser: { readonly context: BrowserContext; close(): Promise<void> }): Promise<ObservedTab> => {
    cleanups.push(() => browser.close());
    const page = await browser.context.newPage();
    const devTools = await browser.context.newCDPSession(page);
    await devTools.send('Performance.enable');
    return { page, devTools };
  };
  try {
    const folder = await mkdtemp(path.join(tmpdir(), 'keystile-empty-scripts-'));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    await makeEmptyScripts(folder);
    const plain = await open(await launchPlainChromium());
    const emptyScripts = await open(await launchPlainChromium([`--disable-extensions-except=${folder}`, `--load-extension=${folder}`]));
    const keystile = await open(await launchKeystile());
    return await measure({ plain, emptyScripts, keystile });
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

/** An extension with scripts in the same frames and realms as Keystile's, and nothing in them. */
async function makeEmptyScripts(folder: string): Promise<void> {
  const manifest = JSON.parse(await readFile(path.join(EXTENSION_FOLDER, 'manifest.json'), 'utf8')) as { readonly content_scripts: readonly { readonly world?: string }[] };
  const contentScripts = manifest.content_scripts.map((script) => ({ ...script, js: ['empty.js'] }));
  await writeFile(path.join(folder, 'empty.js'), '');
  await writeFile(
    path.join(folder, 'manifest.json'),
    JSON.stringify({ manifest_version: 3, name: 'Empty scripts', version: '1', content_scripts: contentScripts }),
  );
}

/** What the browser counts for the tab's document: times in seconds since it began, sizes in bytes. */
export async function readMetric({ devTools }: ObservedTab, name: string): Promise<number> {
  const { metrics } = await devTools.send('Performance.getMetrics');
  const metric = metrics.find((each) => each.name === name);
  if (metric === undefined) throw new Error(`The browser does not count ${name}.`);
  return metric.value;
}
