import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { startHostProcess } from '../support/host-process.ts';
import { type Summary, summarise } from './statistics.ts';

/** What starting the host costs. Times in milliseconds. */
export interface HostTimes {
  /** Spawn -> the answer to `host.hello`. */
  readonly firstReply: Summary;
  /** `node -e 0` from spawn to exit: the floor. */
  readonly node: Summary;
  /** Largest resident set of the host in MiB; absent where the system does not tell. */
  readonly peakMemory: number | undefined;
}

const RUNS = 10;
const HOST = path.resolve(import.meta.dirname, '../../dist/host/main.cjs');

/** Measures the built host as a browser starts it. */
export async function measureHost(): Promise<HostTimes> {
  const replies: number[] = [];
  const floors: number[] = [];
  let peakMemory: number | undefined;
  for (let run = 0; run < RUNS; run += 1) {
    const started = performance.now();
    const host = await startHostProcess({ script: HOST });
    await host.hello();
    replies.push(performance.now() - started);
    peakMemory = peakMemoryOf(host.pid) ?? peakMemory;
    await host.stop();

    const floorStarted = performance.now();
    await once(spawn(process.execPath, ['-e', '0']), 'exit');
    floors.push(performance.now() - floorStarted);
  }
  return { firstReply: summarise(replies), node: summarise(floors), peakMemory };
}

function peakMemoryOf(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid.toString()}/status`, 'utf8')) ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
}
