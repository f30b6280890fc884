import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { startHostProcess } from '../support/host-process.ts';
import { startVirtualKey } from '../virtual-key/start.ts';

/** What the host takes while it does nothing but wait. */
export interface HostLoad {
  /** Part of one core: 0.01 is one per cent. */
  readonly cpu: number;
  /** Resident set in MiB. */
  readonly memory: number;
}

/** The host's load at rest, while no key is there, and while a key waits for its touch; absent where the system does not tell. */
export interface HostLoads {
  readonly idle: HostLoad;
  readonly waitingForKey: HostLoad;
  readonly waitingForTouch: HostLoad;
}

const HOST = path.resolve(import.meta.dirname, '../../dist/host/main.cjs');
/** Milliseconds of each observation; the system counts CPU time in steps of 10 ms. */
const SPAN = 5_000;
const TICKS_PER_SECOND = 100;

/** Observes the built host with a virtual key over UDP, which sends a keepalive every 100 ms as real keys do. */
export async function measureHostLoads(): Promise<HostLoads | undefined> {
  if (process.platform !== 'linux') return undefined;
  const keys = await startVirtualKey({ udp: [0] });
  const [port] = keys.udpPorts;
  const host = await startHostProcess({ script: HOST, keys: `127.0.0.1:${String(port)}` });
  try {
    await host.hello();
    const idle = await observe(host.pid);
    const controller = new AbortController();
    const ceremony = host.requester.request(
      'authentication.start',
      {
        clientDataHash: randomBytes(32).toString('base64url'),
        rpId: 'example.com',
        allowCredentials: [],
        userVerification: 'discouraged',
        timeout: 300_000,
        promptVisible: true,
      },
      { signal: controller.signal },
    );
    await host.message((message) => JSON.stringify(message).includes('"waitingForDevice"'));
    const waitingForKey = await observe(host.pid);
    const id = await keys.client.addAuthenticator({
      protocol: 'ctap2_1',
      transport: 'usb',
      hasResidentKey: true,
      keystile: { touch: { mode: 'manual' } },
    });
    await keys.client.waitFor(id, 'waitingForTouch');
    const waitingForTouch = await observe(host.pid);
    controller.abort();
    await ceremony;
    return { idle, waitingForKey, waitingForTouch };
  } finally {
    await host.stop();
    await keys.close();
  }
}

/** The loads as lines for a person. */
export function formatHostLoads({ idle, waitingForKey, waitingForTouch }: HostLoads): readonly string[] {
  return [
    formatHostLoad('at rest', idle),
    formatHostLoad('while no key is there', waitingForKey),
    formatHostLoad('while a key waits for its touch', waitingForTouch),
  ];
}

/** One load as a line. */
export function formatHostLoad(name: string, { cpu, memory }: HostLoad): string {
  return `  ${name.padEnd(44)} ${(cpu * 100).toFixed(1)} % of a core, ${memory.toFixed(1)} MiB`;
}

/** The load of a process for some seconds. */
export async function observe(pid: number): Promise<HostLoad> {
  const [before, start] = [cpuSecondsOf(pid), performance.now()];
  await delay(SPAN);
  const cpu = (cpuSecondsOf(pid) - before) / ((performance.now() - start) / 1000);
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid.toString()}/status`, 'utf8')) ?? [];
  return { cpu, memory: Number(kibibytes) / 1024 };
}

/** Source: proc(5), fields 14 and 15 (user and system time in clock ticks), counted after the program's name. */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid.toString()}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
