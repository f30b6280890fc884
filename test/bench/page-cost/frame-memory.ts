import { type BySubject, type ObservedTab, readMetric, withSubjects } from './subjects.ts';

const FRAMES = 100;
/** The first frames of a page also bring what is made once. */
const BASE_FRAMES = 20;

/** Bytes of JavaScript heap that each further empty frame of a page takes, after a garbage collection. */
export function measureFrameMemory(url: string): Promise<BySubject<number>> {
  return withSubjects(async (tabs) => ({
    plain: await measure(tabs.plain, url),
    emptyScripts: await measure(tabs.emptyScripts, url),
    keystile: await measure(tabs.keystile, url),
  }));
}

async function measure(tab: ObservedTab, url: string): Promise<number> {
  await tab.page.goto(url);
  await addFrames(tab, url, BASE_FRAMES);
  const before = await usedHeap(tab);
  await addFrames(tab, url, FRAMES);
  return ((await usedHeap(tab)) - before) / FRAMES;
}

async function addFrames({ page }: ObservedTab, url: string, count: number): Promise<void> {
  await page.evaluate(
    ([src, frames]) =>
      Promise.all(
        Array.from({ length: frames }, () => {
          const frame = document.createElement('iframe');
          frame.src = src;
          document.body.append(frame);
          return new Promise((resolve) => frame.addEventListener('load', resolve));
        }),
      ).then(() => undefined),
    [url, count] as const,
  );
}

async function usedHeap(tab: ObservedTab): Promise<number> {
  await tab.devTools.send('HeapProfiler.collectGarbage');
  return readMetric(tab, 'JSHeapUsedSize');
}
