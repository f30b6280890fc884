import { describe, expect, test } from 'vitest';

import { describeInput, fuzz } from './engine/fuzzer.ts';
import { DEFAULT_RUNS } from './engine/target.ts';
import { TARGETS } from './targets/all.ts';

/** Another seed every time would make a test that fails by chance; long searches take one from the clock (`npm run fuzz`). */
const SEED = 1;

describe.each(TARGETS)('$name', (target) => {
  test(
    target.property,
    async () => {
      const report = await fuzz(target, { seed: SEED, runs: target.quickRuns ?? DEFAULT_RUNS });
      const { failure, coverage, outcomes } = report;
      expect(failure === undefined ? '' : `${failure.message}\ninput: ${describeInput(failure.input)}`).toBe('');
      // A target that always fails early would find nothing.
      expect(outcomes.size).toBeGreaterThan(1);
      expect(coverage.text).toBeGreaterThan(0.4);
    },
    60_000,
  );
});

test('every target has a name of its own, seeds, and files to cover', () => {
  expect(new Set(TARGETS.map(({ name }) => name)).size).toBe(TARGETS.length);
  expect(TARGETS.filter(({ seeds, covers }) => seeds.length === 0 || covers.length === 0)).toEqual([]);
});
