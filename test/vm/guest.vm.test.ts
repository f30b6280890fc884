import { beforeAll, describe, expect, test } from 'vitest';

import type { CaseResult } from './guest/case.ts';
import { CASE_GROUPS } from './guest/cases/all.ts';
import { type GuestRun, runGuest } from './run-guest.ts';

/** Longer than a guest may run, so that its own limit speaks. */
const LIMIT = 960_000;

/** Device files of a real kernel, in a guest that runs all cases in one go; here each says what became of it. */
describe('in a guest', () => {
  let run: GuestRun | string;

  beforeAll(async () => {
    run = await runGuest('cases', 'cases.json');
    // What a developer's machine may lack, continuous integration may not.
    if (typeof run === 'string' && process.env['CI'] === 'true') throw new Error(`There can be no guest: ${run}`);
  }, LIMIT);

  function resultsOf(guest: GuestRun): readonly CaseResult[] {
    return (guest.written ?? []) as readonly CaseResult[];
  }

  test('the guest gets to its end', (context) => {
    if (typeof run === 'string') return context.skip(run);
    expect(run.problem).toBeUndefined();
  });

  for (const { title, cases } of CASE_GROUPS) {
    describe(title, () => {
      for (const { name } of cases) {
        test(name, (context) => {
          if (typeof run === 'string') return context.skip(run);
          const result = resultsOf(run).find((each) => each.name === name);
          expect(result === undefined ? 'The guest did not get there.' : result.error).toBeUndefined();
        });
      }
    });
  }
});
