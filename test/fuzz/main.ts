import { parseArgs } from 'node:util';

import { describeInput, fuzz, type FuzzReport } from './engine/fuzzer.ts';
import { TARGETS } from './targets/all.ts';

/** `npm run fuzz -- [--target NAME]... [--runs N | --seconds S] [--seed N]`: long searches, each target in turn. */

const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true, default: [] },
    runs: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});

const DEFAULT_SECONDS = 10;

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new RangeError(`--${name} takes a number.`);
  return Number(text);
}

function line({ target, runs, corpus, outcomes, coverage }: FuzzReport, seconds: number): string {
  const percent = (100 * coverage.text).toFixed(1);
  const functions = `${coverage.functions.toString()}/${coverage.functionsOfAll.toString()}`;
  return `${target.padEnd(22)} ${runs.toString().padStart(9)} runs ${Math.round(runs / seconds).toString().padStart(6)}/s  corpus ${corpus.length.toString().padStart(4)}  outcomes ${outcomes.size.toString().padStart(4)}  functions ${functions.padStart(8)}  text ${percent.padStart(5)} %`;
}

const unknown = values.target.filter((name) => TARGETS.every((target) => target.name !== name));
if (unknown.length > 0) throw new RangeError(`There is no target ${unknown.join(', ')}; --list names them.`);
const seed = count('seed', values.seed) ?? Date.now();
const runs = count('runs', values.runs);
const seconds = count('seconds', values.seconds) ?? (runs === undefined ? DEFAULT_SECONDS : undefined);
const chosen = TARGETS.filter(({ name }) => values.target.length === 0 || values.target.includes(name));

if (values.list) {
  for (const { name, property } of TARGETS) console.log(`${name.padEnd(22)} ${property}`);
} else {
  console.log(`seed ${seed.toString()}`);
  for (const target of chosen) {
    const start = performance.now();
    const report = await fuzz(target, {
      seed,
      ...(runs === undefined ? {} : { runs }),
      ...(seconds === undefined ? {} : { milliseconds: 1000 * seconds }),
    });
    console.log(line(report, (performance.now() - start) / 1000));
    if (report.failure === undefined) continue;
    process.exitCode = 1;
    console.log(`  FAILED: ${report.failure.message}\n  input: ${describeInput(report.failure.input)}`);
  }
}
