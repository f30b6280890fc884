import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { CeremonyRequest } from '../../../native-host/ceremony/request.ts';
import type { Fault } from './faults.ts';
import type { Host } from './host.ts';
import { type Case, recordSteps, runCase } from './matrix.ts';
import { runCeremony } from './person.ts';
import { runWith } from './pool.ts';
import { accountRegistration, scenarios } from './scenarios.ts';
import { abbreviate, formatTable, isOutcome, readTable } from './table.ts';

/** What a transport brings to the matrix. */
export interface Bench {
  /** Each with a key of its own, in the same state. */
  readonly hosts: readonly Host[];
  close(): Promise<void>;
}

/** A case that is ready to run on any host. */
type Cell = Omit<Case, 'request'>;

/**
 * Defines the tests of a transport: every fault at every step of every scenario, and that docs/TESTING.md says what
 * comes of it.
 *
 * @param start a text says why the transport cannot be tested here.
 */
export function defineMatrix(name: string, faults: ReadonlyMap<string, Fault>, start: () => Promise<Bench | string>): void {
  let bench: Bench | string = 'not started';
  const requests = new Map<Host, ReadonlyMap<string, CeremonyRequest>>();
  const steps = new Map<string, readonly string[]>();
  const seen = new Map<string, readonly string[]>();
  const running = new Map<string, Promise<readonly string[]>>();

  // Of the file, not of the group below: all matrices of a file run at the same time.
  beforeAll(async () => {
    bench = await start();
    if (typeof bench === 'string') return;
    await Promise.all(bench.hosts.map(async (host) => requests.set(host, await prepare(host))));
    const [host] = bench.hosts;
    if (host === undefined) throw new Error('There is no host.');
    for (const [scenario, request] of requests.get(host) ?? []) steps.set(scenario, await recordSteps(host, request));
    startAll(bench.hosts);
  }, 120_000);
  afterAll(async () => {
    if (typeof bench !== 'string') await bench.close();
  });

  function cells(fault: Fault): readonly Cell[] {
    return Array.from(steps, ([scenario, names]) => names.map((step) => ({ scenario, step, fault }))).flat();
  }

  function rowNames(): readonly string[] {
    return Array.from(steps, ([scenario, own]) => own.map((step) => `${scenario}: ${step}`)).flat();
  }

  async function run(host: Host, cell: Cell): Promise<string> {
    const request = requests.get(host)?.get(cell.scenario);
    if (request === undefined) throw new Error('The scenario is unknown.');
    try {
      return abbreviate(await runCase(host, { ...cell, request }));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** All cases of all faults, one after the other on each host: the tests below wait for theirs. */
  function startAll(hosts: readonly Host[]): void {
    const jobs = Array.from(faults, ([label, fault]) => cells(fault).map((cell) => ({ label, cell }))).flat();
    const outcomes = runWith(hosts, jobs, (host, { cell }) => run(host, cell));
    for (const label of faults.keys()) {
      running.set(label, Promise.all(outcomes.filter((_, index) => jobs[index]?.label === label)));
    }
  }

  describe(`faults: ${name}`, () => {
    beforeEach(({ skip }) => {
      if (typeof bench === 'string') skip(bench);
    });

    test.each([...faults.keys()])('%s', async (label) => {
      const outcomes = (await running.get(label)) ?? [];
      seen.set(label, outcomes);
      const bad = rowNames().flatMap((row, index) => {
        const outcome = outcomes[index] ?? 'did not run';
        return isOutcome(outcome) ? [] : [`${row}: ${outcome}`];
      });
      expect(bad).toEqual([]);
    });

    test('docs/TESTING.md has the matrix', () => {
      const rows = new Map(rowNames().map((row, index) => [row, [...faults.keys()].map((label) => seen.get(label)?.[index] ?? '')]));
      expect(formatTable([...faults.keys()], rows)).toBe(readTable(name));
    });
  });
}

/** Registers two accounts on a host's key, and makes the requests that fit it. */
async function prepare(host: Host): Promise<ReadonlyMap<string, CeremonyRequest>> {
  for (const account of ['ada', 'bob']) {
    if (host.params.isLaidDown) await host.unplug();
    const { outcome, states } = await runCeremony(host, accountRegistration(account));
    if (outcome !== 'ok') throw new Error(`${account}: ${outcome} ${JSON.stringify(states)}`);
  }
  return scenarios(await host.credentialId());
}
