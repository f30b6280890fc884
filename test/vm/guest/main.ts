import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';

import { GUEST_RESULTS } from '../init-script.ts';
import type { CaseResult, GuestCase } from './case.ts';
import { CASE_GROUPS } from './cases/all.ts';
import { Guest } from './guest.ts';

/** Milliseconds for one case on an emulated processor. */
const CASE_TIMEOUT = 120_000;

/** `node cases.mjs [PATTERN]`, in the guest: runs the cases (whose names fit the pattern) and writes what became of each. */
async function main(): Promise<void> {
  const wanted = new RegExp(process.argv[2] ?? '');
  const guest = await Guest.start();
  const results: CaseResult[] = [];
  for (const { cases } of CASE_GROUPS) {
    for (const each of cases.filter(({ name }) => wanted.test(name))) {
      results.push(await runCase(each, guest));
      // After each one: what is known stays known when the guest dies.
      writeFileSync(path.join(GUEST_RESULTS, 'cases.json'), JSON.stringify(results));
    }
  }
  await guest.stop();
}

async function runCase({ name, run }: GuestCase, guest: Guest): Promise<CaseResult> {
  const started = performance.now();
  const result = (problem: { readonly error?: string } = {}): CaseResult => ({ name, ms: Math.round(performance.now() - started), ...problem });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${CASE_TIMEOUT.toString()} ms.`)), CASE_TIMEOUT);
  });
  try {
    await Promise.race([run(guest), late]);
    await Promise.race([guest.reset(), late]);
    return result();
  } catch (error) {
    await Promise.race([guest.reset(), late]).catch(() => undefined);
    return result({ error: inspect(error) });
  } finally {
    clearTimeout(timer);
  }
}

// Hosts and keys may be in any state after a case that failed: nothing is waited for.
main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
