import type { PacketFault } from '../../virtual-key/faces/faults.ts';

/** Something that goes wrong at a step of a ceremony. */
export type Fault =
  /** At the first packet of the step's request (`in`) or answer (`out`). */
  | { readonly kind: 'packet'; readonly packet: Omit<PacketFault, 'step' | 'counts'> }
  /** Another program gets to the key just before the step. */
  | { readonly kind: 'rival'; readonly what: 'reset' | 'select' }
  /** The person cancels. */
  | { readonly kind: 'cancel'; readonly at: 'before' | 'during' };

/** Milliseconds that late packets are late: less than a key may be silent. */
const DELAY = 250;

const COMMON: readonly (readonly [string, Fault])[] = [
  ['unplug <', packet({ direction: 'in', action: 'disconnect' })],
  ['unplug >', packet({ direction: 'out', action: 'disconnect' })],
  ['mute', packet({ direction: 'in', action: 'mute' })],
  ['drop >', packet({ direction: 'out', action: 'drop' })],
  ['late', packet({ direction: 'out', action: 'slow', ms: DELAY })],
  ['flip <', packet({ direction: 'in', action: 'flip' })],
  ['flip >', packet({ direction: 'out', action: 'flip' })],
  ['garbage', packet({ direction: 'out', action: 'garbage' })],
  ['reset', packet({ direction: 'in', action: 'reset' })],
  ['cancel <', { kind: 'cancel', at: 'before' }],
  ['cancel >', { kind: 'cancel', at: 'during' }],
];

/** Faults of a key on HID. */
export const HID_FAULTS: ReadonlyMap<string, Fault> = new Map([
  ...COMMON,
  ['drop <', packet({ direction: 'in', action: 'drop' })],
  ['twice <', packet({ direction: 'in', action: 'duplicate' })],
  ['twice >', packet({ direction: 'out', action: 'duplicate' })],
  ['short', packet({ direction: 'out', action: 'resize', length: 63 })],
  ['long', packet({ direction: 'out', action: 'resize', length: 65 })],
  ['rival INIT', packet({ direction: 'in', action: 'otherClient' })],
]);

/** Faults of a key on a reader. */
export const CARD_FAULTS: ReadonlyMap<string, Fault> = new Map([
  ...COMMON,
  ['short', packet({ direction: 'out', action: 'resize', length: 1 })],
  ['long', packet({ direction: 'out', action: 'resize', length: 400 })],
  ['rival select', { kind: 'rival', what: 'select' }],
  ['rival reset', { kind: 'rival', what: 'reset' }],
]);

function packet(fault: Omit<PacketFault, 'step' | 'counts'>): Fault {
  return { kind: 'packet', packet: fault };
}
