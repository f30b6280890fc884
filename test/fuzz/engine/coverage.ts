import { type Profiler, Session } from 'node:inspector';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = path.resolve(import.meta.dirname, '../../..');

/** How much of the covered files was carried out. */
export interface CoverageFigures {
  readonly functions: number;
  readonly functionsOfAll: number;
  /** Share of the functions' source text in blocks that were carried out, 0 to 1. */
  readonly text: number;
}

/**
 * Coverage by blocks, as V8 counts them in this very process. What a range means depends on the counts around it, so it
 * is laid out over the function's text first: a place counts once, however V8 cuts its ranges.
 */
export class Coverage {
  readonly #session = new Session();
  readonly #prefixes: readonly string[];
  /** By script and function: a byte for each character, 1 where it was carried out. */
  readonly #seen = new Map<string, Uint8Array>();
  /** Functions that there are, and the length of their text. */
  readonly #all = new Map<string, number>();

  /** Starts to count. @param covers files and folders, from the top of the repository. */
  constructor(covers: readonly string[]) {
    this.#prefixes = covers.map((name) => pathToFileURL(path.join(ROOT, name)).href);
    this.#session.connect();
    this.#session.post('Profiler.enable');
    // The modules are loaded already; this names their functions, which later answers do only for what is carried out.
    this.#session.post('Profiler.getBestEffortCoverage', (_error, { result }) => void this.#wanted(result));
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    this.#take();
  }

  /** What was carried out since the last question and never before. Empty: nothing new. */
  fresh(): Fresh {
    const fresh: Fresh = new Map();
    for (const { url, functions } of this.#take()) {
      for (const { ranges } of functions) {
        const [whole] = ranges;
        if (whole === undefined || whole.count === 0) continue;
        const key = keyOf(url, whole);
        const painted = paint(ranges, whole);
        const seen = this.#seen.get(key);
        if (seen === undefined || painted.some((mark, index) => mark > (seen[index] ?? 0))) fresh.set(key, painted);
      }
    }
    return fresh;
  }

  /** Remembers what was new. @returns whether it still was. */
  keep(fresh: Fresh): boolean {
    let isNew = false;
    for (const [key, painted] of fresh) {
      const seen = this.#seen.get(key);
      if (seen === undefined) {
        this.#seen.set(key, painted);
        isNew = true;
        continue;
      }
      painted.forEach((mark, index) => {
        if (mark <= (seen[index] ?? 0)) return;
        seen[index] = mark;
        isNew = true;
      });
    }
    return isNew;
  }

  figures(): CoverageFigures {
    let covered = 0;
    let text = 0;
    let functionsOfAll = 0;
    for (const [key, length] of this.#all) {
      const seen = this.#seen.get(key);
      // What holds a function that was carried out, and was not itself, ran when the module was imported.
      if (seen === undefined && this.#holdsSeen(key)) continue;
      functionsOfAll += 1;
      text += length;
      covered += seen?.reduce((sum, mark) => sum + mark, 0) ?? 0;
    }
    return { functions: this.#seen.size, functionsOfAll, text: text === 0 ? 0 : covered / text };
  }

  stop(): void {
    this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }

  #holdsSeen(key: string): boolean {
    const [url, start, end] = placeOf(key);
    return [...this.#seen.keys()].map(placeOf).some(([script, first, last]) => script === url && first >= start && last <= end);
  }

  #take(): readonly Profiler.ScriptCoverage[] {
    let scripts: readonly Profiler.ScriptCoverage[] = [];
    // Within one process the answer is there before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) throw error;
      scripts = answer.result;
    });
    return this.#wanted(scripts);
  }

  #wanted(scripts: readonly Profiler.ScriptCoverage[]): readonly Profiler.ScriptCoverage[] {
    const wanted = scripts.filter(({ url }) => this.#prefixes.some((prefix) => url.startsWith(prefix)));
    for (const { url, functions } of wanted) {
      for (const { ranges } of functions) {
        const [whole] = ranges;
        // What starts with the file is the module itself, which ran when it was imported.
        if (whole !== undefined && whole.startOffset > 0) this.#all.set(keyOf(url, whole), whole.endOffset - whole.startOffset);
      }
    }
    return wanted;
  }
}

/** New places, by function. */
export type Fresh = Map<string, Uint8Array>;

function keyOf(url: string, { startOffset, endOffset }: Profiler.CoverageRange): string {
  return `${url}:${startOffset.toString()}-${endOffset.toString()}`;
}

function placeOf(key: string): readonly [url: string, start: number, end: number] {
  const [, url = '', start, end] = /^(.*):(\d+)-(\d+)$/.exec(key) ?? [];
  return [url, Number(start), Number(end)];
}

function paint(ranges: readonly Profiler.CoverageRange[], whole: Profiler.CoverageRange): Uint8Array {
  const painted = new Uint8Array(whole.endOffset - whole.startOffset);
  for (const { startOffset, endOffset, count } of ranges) {
    painted.fill(count > 0 ? 1 : 0, startOffset - whole.startOffset, endOffset - whole.startOffset);
  }
  return painted;
}
