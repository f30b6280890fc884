import { type Summary, summarise } from '../statistics.ts';
import { type BySubject, type ObservedTab, readMetric, SUBJECTS, withSubjects } from './subjects.ts';

/** What loading a page that never calls WebAuthn takes. Milliseconds. */
export interface StartUpTimes {
  /** From the beginning of the navigation to the end of these events. */
  readonly domContentLoaded: Summary;
  readonly load: Summary;
  /** All scripts of the document, the page's own and the extension's. */
  readonly script: Summary;
  readonly layout: Summary;
  readonly style: Summary;
}

const RUNS = 60;

type Run = Readonly<Record<keyof StartUpTimes, number>>;

/** Loads the page again and again, in all browsers by turns, so that a busy moment of the machine hits each. */
export function measureStartUp(url: string): Promise<BySubject<StartUpTimes>> {
  return withSubjects(async (tabs) => {
    const runs: BySubject<Run[]> = { plain: [], emptyScripts: [], keystile: [] };
    // The first load of each does not count.
    for (let run = 0; run <= RUNS; run += 1) {
      for (const subject of run % 2 === 0 ? SUBJECTS : SUBJECTS.toReversed()) {
        const times = await load(tabs[subject], url);
        if (run > 0) runs[subject].push(times);
      }
    }
    return { plain: summariseRuns(runs.plain), emptyScripts: summariseRuns(runs.emptyScripts), keystile: summariseRuns(runs.keystile) };
  });
}

async function load(tab: ObservedTab, url: string): Promise<Run> {
  await tab.page.bringToFront();
  await tab.page.goto(url);
  const [domContentLoaded = Number.NaN, load = Number.NaN] = await tab.page.evaluate(async () => {
    // The event's own end is known once it is over.
    await new Promise((resolve) => setTimeout(resolve));
    const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    return [navigation?.domContentLoadedEventEnd, navigation?.loadEventEnd];
  });
  const milliseconds = async (name: string): Promise<number> => (await readMetric(tab, name)) * 1000;
  return {
    domContentLoaded,
    load,
    script: await milliseconds('ScriptDuration'),
    layout: await milliseconds('LayoutDuration'),
    style: await milliseconds('RecalcStyleDuration'),
  };
}

function summariseRuns(runs: readonly Run[]): StartUpTimes {
  const of = (name: keyof StartUpTimes): Summary => summarise(runs.map((run) => run[name]));
  return { domContentLoaded: of('domContentLoaded'), load: of('load'), script: of('script'), layout: of('layout'), style: of('style') };
}
