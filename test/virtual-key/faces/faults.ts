import { type Bytes, copyBytes } from '../../../shared/bytes/bytes.ts';

/** Which way a packet goes: `in` to the key, `out` from it. */
export type Direction = 'in' | 'out';

/** What becomes of one packet. */
export type PacketFate =
  | { readonly kind: 'pass' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'replace'; readonly packet: Bytes }
  /** The key is gone, before the packet gets through. */
  | { readonly kind: 'disconnect' };

/** Looks at every packet of a face. The first hook that does not let it pass decides. */
export type PacketHook = (packet: Bytes, direction: Direction) => PacketFate;

/** A fault at the n-th packet of a direction, counted from 0 when the fault was set. */
export interface PacketFault {
  readonly direction: Direction;
  readonly step: number;
  readonly action: 'drop' | 'delay' | 'duplicate' | 'corrupt' | 'disconnect';
  /** Milliseconds, for `delay`. */
  readonly ms?: number;
}

const PASS: PacketFate = { kind: 'pass' };

/** A hook that does what the list says, each fault once. */
export function faultHook(faults: readonly PacketFault[]): PacketHook {
  const seen = { in: 0, out: 0 };
  return (packet, direction) => {
    const step = seen[direction];
    seen[direction] += 1;
    const fault = faults.find((candidate) => candidate.direction === direction && candidate.step === step);
    return fault === undefined ? PASS : fateOf(fault, packet);
  };
}

/** A hook that swallows everything: a key that hangs. */
export function muteHook(): PacketHook {
  return () => ({ kind: 'drop' });
}

/** The verdict of a list of hooks on one packet. */
export function decideFate(hooks: readonly PacketHook[], packet: Bytes, direction: Direction): PacketFate {
  for (const hook of hooks) {
    const fate = hook(packet, direction);
    if (fate.kind !== 'pass') return fate;
  }
  return PASS;
}

function fateOf({ action, ms }: PacketFault, packet: Bytes): PacketFate {
  switch (action) {
    case 'delay':
      return { kind: 'delay', ms: ms ?? 0 };
    case 'corrupt':
      return { kind: 'replace', packet: corrupted(packet) };
    case 'drop':
    case 'duplicate':
    case 'disconnect':
      return { kind: action };
  }
}

/** The header stays: a packet of the right channel with wrong contents is the interesting case. */
function corrupted(packet: Bytes): Bytes {
  const copy = copyBytes(packet);
  for (let index = 7; index < copy.length; index += 1) copy[index] = (copy[index] ?? 0) ^ 0xff;
  return copy;
}
