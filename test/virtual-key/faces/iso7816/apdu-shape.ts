import type { PacketShape } from '../faults.ts';

/** APDUs, for faults. All count: a card is sent nothing but what belongs to a request. An answer has no header. */
export const APDU_SHAPE: PacketShape = {
  header: 0,
  filter: () => () => true,
  reset: () => ({ kind: 'powerLoss' }),
};
