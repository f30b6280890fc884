import { type Bytes, copyBytes } from '../../../shared/bytes/bytes.ts';

/** Which way a packet goes: `in` to the key, `out` from it. */
export type Direction = 'in' | 'out';

/** What becomes of one packet. */
export type PacketFate =
  | { readonly kind: 'pass' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'duplicate' }
  /** Others in its place, one after the other. */
  | { readonly kind: 'replace'; readonly packets: readonly Bytes[] }
  /** The key loses its power for a moment, before the packet gets through. */
  | { readonly kind: 'powerLoss' }
  /** The key is gone, before the packet gets through. */
  | { readonly kind: 'disconnect' };

/** Looks at every packet of a face. The first hook that does not let it pass decides. */
export type PacketHook = (packet: Bytes, direction: Direction) => PacketFate;

/** Whether a packet counts. */
export type PacketFilter = (packet: Bytes, direction: Direction) => boolean;

/** What a fault can do to a packet. */
export const FAULT_ACTIONS = [
  'drop',
  /** This packet comes later, behind those that follow. */
  'delay',
  /** This packet and all that follow come later, in their order. */
  'slow',
  'duplicate',
  /** Every byte behind the header is inverted. */
  'corrupt',
  /** One byte behind the header is inverted. */
  'flip',
  /** The packet is cut, or filled with zeros, to another length. */
  'resize',
  /** Noise behind the header, the same at every run. */
  'garbage',
  /** From this packet on, everything is swallowed. */
  'mute',
  'disconnect',
  /** What the key was doing is ended from elsewhere: another program's CTAPHID_INIT on the channel, a card's loss of power. */
  'reset',
  /** Another program asks the key for a channel at the same time. USB keys only. */
  'otherClient',
] as const;
export type FaultAction = (typeof FAULT_ACTIONS)[number];

/** Packets that {@link PacketFault} may count instead of all. */
export const COUNTED_PACKETS = ['opening', 'messages'] as const;
export type CountedPackets = (typeof COUNTED_PACKETS)[number];

/** A fault at the n-th packet of a direction, counted from 0 when the fault was set. */
export interface PacketFault {
  readonly direction: Direction;
  readonly step: number;
  readonly action: FaultAction;
  /** Milliseconds, for `delay` and `slow`. */
  readonly ms?: number;
  /** Bytes, for `resize`. */
  readonly length?: number;
  /** What counts: requests for a channel and their answers, or CTAP requests and answers without keepalives; all by default. */
  readonly counts?: CountedPackets;
}

/** What faults need to know of a face's packets. */
export interface PacketShape {
  /** Bytes in front that noise leaves: a packet that is taken for one of the exchange is the interesting case. */
  readonly header: number;
  /** A fresh filter; it may remember what it has seen. */
  filter(counts: CountedPackets): PacketFilter;
  /** What `reset` makes of a packet. */
  reset(packet: Bytes): PacketFate;
  /** What `otherClient` makes of a packet; absent where there is no such thing. */
  readonly otherClient?: (packet: Bytes) => PacketFate;
}

const PASS: PacketFate = { kind: 'pass' };
const DROP: PacketFate = { kind: 'drop' };

/** A hook that does what the list says, each fault once. */
export function faultHook(faults: readonly PacketFault[], shape: PacketShape): PacketHook {
  const pending = faults.map((fault) => ({
    fault,
    isCounted: fault.counts === undefined ? always : shape.filter(fault.counts),
    left: fault.step,
  }));
  let isMute = false;
  let slowed: PacketFault | undefined;
  return (packet, direction) => {
    if (isMute) return DROP;
    let due: PacketFault | undefined;
    for (const each of pending) {
      const isCounted = each.isCounted(packet, direction) && each.fault.direction === direction;
      if (!isCounted) continue;
      if (each.left === 0) due ??= each.fault;
      each.left -= 1;
    }
    if (due?.action === 'mute') isMute = true;
    if (due?.action === 'slow') slowed = due;
    if (slowed?.direction === direction) return { kind: 'delay', ms: slowed.ms ?? 0 };
    return due === undefined ? PASS : fateOf(due, packet, shape);
  };
}

/** A hook that swallows everything: a key that hangs. */
export function muteHook(): PacketHook {
  return () => DROP;
}

/** The verdict of a list of hooks on one packet. */
export function decideFate(hooks: readonly PacketHook[], packet: Bytes, direction: Direction): PacketFate {
  for (const hook of hooks) {
    const fate = hook(packet, direction);
    if (fate.kind !== 'pass') return fate;
  }
  return PASS;
}

function fateOf({ action, ms = 0, length = 0 }: PacketFault, packet: Bytes, shape: PacketShape): PacketFate {
  switch (action) {
    case 'delay':
    case 'slow':
      return { kind: 'delay', ms };
    case 'corrupt':
      return replacement(packet.map((byte, index) => (index < shape.header ? byte : byte ^ 0xff)));
    case 'flip': {
      const position = Math.min(shape.header + 5, packet.length - 1);
      return replacement(packet.map((byte, index) => (index === position ? byte ^ 0xff : byte)));
    }
    case 'resize': {
      const resized = new Uint8Array(length);
      resized.set(packet.subarray(0, length));
      return replacement(resized);
    }
    case 'garbage':
      return replacement(packet.map((byte, index) => (index < shape.header ? byte : noise(index))));
    case 'mute':
      return DROP;
    case 'reset':
      return shape.reset(packet);
    case 'otherClient':
      return shape.otherClient?.(packet) ?? PASS;
    case 'drop':
    case 'duplicate':
    case 'disconnect':
      return { kind: action };
  }
}

function replacement(packet: Uint8Array): PacketFate {
  return { kind: 'replace', packets: [copyBytes(packet)] };
}

/** A byte that looks like chance. */
function noise(index: number): number {
  return (Math.imul(index + 1, 0x9e37_79b1) >>> 13) & 0xff;
}

function always(): boolean {
  return true;
}
