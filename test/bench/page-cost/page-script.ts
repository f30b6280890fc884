import { readFileSync } from 'node:fs';
import path from 'node:path';

import { chromium } from 'playwright-core';

import { defaultExecutable } from '../../support/keystile-browser.ts';
import { type Summary, summarise } from '../statistics.ts';

/** What the page script costs a frame that never calls WebAuthn. Times in milliseconds. */
export interface PageScriptTimes {
  /** Running the page script in a fresh frame. */
  readonly script: Summary;
  /** Making the frame itself, empty: what the script's time is compared with. */
  readonly frame: Summary;
}

const RUNS = 200;
const SCRIPT = path.resolve(import.meta.dirname, '../../../dist/chromium/page/interceptor.iife.js');

/** Runs the built page script in many fresh frames of a secure page, in a browser without the extension. */
export async function measurePageScript(origin: string): Promise<PageScriptTimes> {
  const browser = await chromium.launch({ executablePath: defaultExecutable(), args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
  try {
    const page = await browser.newPage();
    await page.goto(`${origin}/lab/empty`);
    const times = await page.evaluate(
      ([source, runs]) => {
        const scripts: number[] = [];
        const frames: number[] = [];
        for (let run = 0; run < runs; run += 1) {
          const beforeFrame = performance.now();
          const frame = document.createElement('iframe');
          document.documentElement.append(frame);
          const view = frame.contentWindow as unknown as { Function: (source: string) => () => void };
          frames.push(performance.now() - beforeFrame);
          const script = view.Function(source);
          const before = performance.now();
          script();
          scripts.push(performance.now() - before);
          frame.remove();
        }
        return { scripts, frames };
      },
      [readFileSync(SCRIPT, 'utf8'), RUNS] as const,
    );
    return { script: summarise(times.scripts), frame: summarise(times.frames) };
  } finally {
    await browser.close();
  }
}
