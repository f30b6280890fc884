import { Reassembler } from '../../../native-host/transport/usb/ctaphid/reassembly.ts';
import { CtaphidCommand, decodePacket, encodeMessage, maxMessageLength } from '../../../native-host/transport/usb/ctaphid/packet.ts';
import { decodeInitResponse, decodeKeepalive } from '../../../native-host/transport/usb/ctaphid/messages.ts';
import { type Bytes, equalBytes } from '../../../shared/bytes/bytes.ts';
import { type FuzzInput, type FuzzTarget, mustHold } from '../engine/target.ts';

const CHANNEL = 0x01020304;
const OTHER = 0x01020305;
const NONCE = new Uint8Array(8).fill(0x6e);

function reports(length: number, channel = CHANNEL, size = 64): readonly Bytes[] {
  return encodeMessage(channel, CtaphidCommand.cbor, Uint8Array.from({ length }, (_, index) => index & 0xff), size);
}

const [first = new Uint8Array(), second = new Uint8Array(), third = new Uint8Array()] = reports(150);

/** Messages from reports of any origin, size and order. */
export const ctaphidTarget: FuzzTarget = {
  name: 'ctaphid',
  property: 'a message is made of its own channel\'s reports alone, in order, and is as long as announced',
  covers: ['native-host/transport/usb/ctaphid/'],
  structures: [],
  quickRuns: 2500,
  seeds: [
    reports(0),
    reports(57),
    reports(400),
    [first, ...reports(20, OTHER), second, third],
    [first, first, ...reports(3)],
    reports(40, CHANNEL, 16),
    encodeMessage(CHANNEL, CtaphidCommand.init, Uint8Array.of(...NONCE, 1, 2, 3, 4, 2, 0, 1, 0, 5), 64),
    encodeMessage(CHANNEL, CtaphidCommand.keepalive, Uint8Array.of(2), 64),
  ],
  run: (input) => {
    const reassembler = new Reassembler(CHANNEL);
    const outcomes: string[] = [];
    for (const [position, report] of input.entries()) {
      const step = reassembler.feed(report);
      outcomes.push(step.kind === 'broken' ? step.detail.replace(/\d+/g, '#') : step.kind);
      const packet = decodePacket(report);
      mustHold((step.kind === 'foreign') === (packet?.channelId !== CHANNEL), 'Reports of other channels, and only they, are foreign.');
      if (step.kind !== 'message') continue;
      const { payload, command, channelId } = step.message;
      mustHold(channelId === CHANNEL && payload.length <= maxMessageLength(Math.max(...input.map(({ length }) => length))), 'No message is longer than its reports can carry.');
      mustHold(equalBytes(payload, expectedPayload(input.slice(0, position + 1))), 'The message is what its reports carried.');
      if (command === CtaphidCommand.init) {
        const init = decodeInitResponse(payload, NONCE);
        if (init !== undefined) mustHold(equalBytes(payload.subarray(0, 8), NONCE), 'The answer is to our own request.');
        outcomes.push(`init ${String(init?.supportsCbor)}`);
      }
      if (command === CtaphidCommand.keepalive) outcomes.push(decodeKeepalive(payload));
    }
    return outcomes.slice(-2).join(', ');
  },
};

/** The last message of the channel, read in the simplest way: from its initialization packet on, without looking for errors. */
function expectedPayload(input: FuzzInput): Bytes {
  const own = input.filter((report) => decodePacket(report)?.channelId === CHANNEL);
  const start = own.findLastIndex((report) => decodePacket(report)?.kind === 'initialization');
  const [head = new Uint8Array(), ...rest] = own.slice(start);
  const length = ((head[5] ?? 0) << 8) | (head[6] ?? 0);
  return Uint8Array.from([head.subarray(7), ...rest.map((report) => report.subarray(5))].flatMap((part) => [...part])).slice(0, length);
}
