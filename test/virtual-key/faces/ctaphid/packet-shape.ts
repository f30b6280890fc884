import type { Bytes } from '../../../../shared/bytes/bytes.ts';
import type { CountedPackets, PacketFilter, PacketShape } from '../faults.ts';
import { BROADCAST_CHANNEL, decodePacket, encodeMessage, HidCommand } from './packets.ts';

/** Channel, command and length of an initialization packet. */
const HEADER = 7;
/** The nonce of another program. */
const FOREIGN_NONCE = Uint8Array.of(0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0);

/** CTAPHID packets, for faults. */
export const CTAPHID_SHAPE: PacketShape = {
  header: HEADER,
  filter: (counts: CountedPackets): PacketFilter => (counts === 'opening' ? isOpening : messageFilter()),
  // Another program that uses our channel, as a careless one may: CTAPHID_INIT ends what runs there.
  reset(packet) {
    const channel = decodePacket(packet)?.channel ?? BROADCAST_CHANNEL;
    return { kind: 'replace', packets: [packet, ...encodeMessage(channel, HidCommand.init, FOREIGN_NONCE)] };
  },
  otherClient: (packet) => ({
    kind: 'replace',
    packets: [...encodeMessage(BROADCAST_CHANNEL, HidCommand.init, FOREIGN_NONCE), packet],
  }),
};

function isOpening(bytes: Bytes): boolean {
  const packet = decodePacket(bytes);
  return packet?.kind === 'initialization' && packet.command === HidCommand.init && packet.channel === BROADCAST_CHANNEL;
}

/** CTAP2 and U2F messages in all their packets. */
function messageFilter(): PacketFilter {
  const channels = new Set<number>();
  return (bytes) => {
    const packet = decodePacket(bytes);
    if (packet === undefined) return false;
    if (packet.kind === 'continuation') return channels.has(packet.channel);
    if (packet.command !== HidCommand.cbor && packet.command !== HidCommand.msg) return false;
    channels.add(packet.channel);
    return true;
  };
}
