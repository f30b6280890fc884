import { type Effort, exchangesOf } from '../vm/guest/comparison.ts';
import type { GuestMeasures } from '../vm/guest/bench.ts';
import { runGuest } from '../vm/run-guest.ts';
import { formatSummary, summarise, type Summary } from './statistics.ts';

const PACKET_SIZE = 64;

/** What a ceremony costs on the wire. */
export interface WireCost {
  /** CTAP exchanges for the job itself. */
  readonly exchanges: number;
  /** Exchanges that only inform the person: the tries that are left for the PIN, which the tools do not tell. */
  readonly informing: number;
  /** Bytes in HID packets both ways, without keepalives. */
  readonly bytes: number;
}

/** The host against Debian's fido2-tools on one virtual key, over device files in a guest. */
export interface DeviceMeasures {
  readonly ceremonies: readonly { readonly job: string; readonly host: WireCost; readonly tools: WireCost }[];
  /** Milliseconds of an assertion: in the running host; by fido2-assert, its start included; that program's start alone. */
  readonly assertion: { readonly host: Summary; readonly tools: Summary; readonly toolStart: Summary };
}

/** Measures in a guest, which takes a minute or two. A text says why there can be none on this machine; rejects when it failed. */
export async function measureDevices(): Promise<DeviceMeasures | string> {
  const run = await runGuest('bench', 'measures.json');
  if (typeof run === 'string') return run;
  if (run.problem !== undefined) throw new Error(run.problem);
  const { comparisons, hostAssertions, toolAssertions, toolStarts } = run.written as GuestMeasures;
  return {
    ceremonies: comparisons.map(({ job, host, tools }) => ({ job, host: costOf(host), tools: costOf(tools) })),
    assertion: { host: summarise(hostAssertions), tools: summarise(toolAssertions), toolStart: summarise(toolStarts) },
  };
}

function costOf(effort: Effort): WireCost {
  const exchanges = exchangesOf(effort);
  return { exchanges, informing: effort.commands.length - exchanges, bytes: effort.packets * PACKET_SIZE };
}

/** The measures as lines of text. */
export function formatDeviceMeasures({ ceremonies, assertion }: DeviceMeasures): readonly string[] {
  const cost = ({ exchanges, informing, bytes }: WireCost): string =>
    `${exchanges.toString()}${informing === 0 ? '' : `+${informing.toString()}`} exchanges, ${bytes.toString()} bytes`;
  return [
    ...ceremonies.map(({ job, host, tools }) => `${job.padEnd(44)} ${cost(host).padEnd(26)} fido2-tools: ${cost(tools)}`),
    `${'assertion in the running host'.padEnd(44)} ${formatSummary(assertion.host)}`,
    `${'assertion by fido2-assert, its start included'.padEnd(44)} ${formatSummary(assertion.tools)}`,
    `${'fido2-assert with nothing to do'.padEnd(44)} ${formatSummary(assertion.toolStart)}`,
  ];
}

/** The host's time for an assertion as a part of fido2-assert's. */
export function assertionRatio({ assertion }: DeviceMeasures): number {
  return assertion.host.median / assertion.tools.median;
}
