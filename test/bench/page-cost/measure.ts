import { startTenant } from '../../tenant/start.ts';
import { formatSummary } from '../statistics.ts';
import { PAGE_SCRIPT, RELAY, weigh, type Weight } from '../weights.ts';
import { measureFrameMemory } from './frame-memory.ts';
import { serveOrdinaryPages } from './ordinary-page.ts';
import { measurePageScript, type PageScriptTimes } from './page-script.ts';
import { measureStartUp, type StartUpTimes } from './start-up.ts';
import { type BySubject, type SUBJECTS } from './subjects.ts';

/** What Keystile costs pages that never call WebAuthn. */
export interface PageCosts {
  readonly pageScriptWeight: Weight;
  readonly relayWeight: Weight;
  readonly pageScript: PageScriptTimes;
  readonly startUp: BySubject<StartUpTimes>;
  /** Bytes of JavaScript heap for each frame. */
  readonly frameMemory: BySubject<number>;
}

const STEPS = ['domContentLoaded', 'load', 'script', 'layout', 'style'] as const;

/** Measures all of it in the built extension. */
export async function measurePageCosts(dataFile: string): Promise<PageCosts> {
  const tenant = await startTenant({ dataFile });
  const pageScript = await measurePageScript(tenant.origin).finally(() => tenant.close());
  const pages = await serveOrdinaryPages();
  try {
    return {
      pageScriptWeight: weigh(PAGE_SCRIPT),
      relayWeight: weigh(RELAY),
      pageScript,
      startUp: await measureStartUp(pages.page),
      frameMemory: await measureFrameMemory(pages.empty),
    };
  } finally {
    pages.close();
  }
}

/** Lines for people. */
export function formatPageCosts({ pageScriptWeight, relayWeight, pageScript, startUp, frameMemory }: PageCosts): readonly string[] {
  const weight = ({ bytes, gzip }: Weight): string => `${bytes.toString()} B, ${gzip.toString()} B gzip`;
  const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
  const beside = (format: (subject: (typeof SUBJECTS)[number]) => string): string =>
    `${format('keystile')}; empty scripts ${format('emptyScripts')}; no extension ${format('plain')}`;
  const median = (step: (typeof STEPS)[number]) => (subject: (typeof SUBJECTS)[number]): string => `${startUp[subject][step].median.toFixed(2)} ms`;
  const signed = (difference: number, digits: number): string => `${difference < 0 ? '' : '+'}${difference.toFixed(digits)}`;
  const more = (step: (typeof STEPS)[number]): string => `${signed(startUp.keystile[step].median - startUp.plain[step].median, 2)} ms`;
  return [
    'a page that never calls WebAuthn',
    `  page script                                  ${weight(pageScriptWeight)}`,
    `  relay                                        ${weight(relayWeight)}`,
    `  running the page script in a frame           ${formatSummary(pageScript.script)}`,
    `  making an empty frame                        ${formatSummary(pageScript.frame)}`,
    ...STEPS.map((step) => `  load, ${step.padEnd(38)} ${beside(median(step))}: ${more(step)}`),
    `  JavaScript heap for each frame               ${beside((subject) => kilobytes(frameMemory[subject]))}: ${signed((frameMemory.keystile - frameMemory.plain) / 1000, 1)} kB`,
  ];
}

/** Keystile in relation to the same browser without an extension, and to an extension with empty scripts. */
export function pageCostRatios({ pageScript, startUp, frameMemory }: PageCosts): Readonly<Record<string, number>> {
  const times = (step: (typeof STEPS)[number], other: 'plain' | 'emptyScripts'): number => startUp.keystile[step].median / startUp[other][step].median;
  return {
    'page script / empty frame': pageScript.script.median / pageScript.frame.median,
    ...Object.fromEntries(STEPS.map((step) => [`page load, ${step}: with / without`, times(step, 'plain')])),
    'page load, script: with / empty scripts': times('script', 'emptyScripts'),
    'heap of a frame: with / without': frameMemory.keystile / frameMemory.plain,
    'heap of a frame: with / empty scripts': frameMemory.keystile / frameMemory.emptyScripts,
  };
}
