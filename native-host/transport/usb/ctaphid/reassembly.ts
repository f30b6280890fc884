import { type Bytes, concatBytes } from '../../../../shared/bytes/bytes.ts';
import { type InitializationPacket, type Packet, decodePacket, maxMessageLength } from './packet.ts';

/** A whole message of a channel. */
export interface CtaphidMessage {
  readonly channelId: number;
  readonly command: number;
  readonly payload: Bytes;
}

/** What a report meant to one channel. */
export type ReassemblyStep =
  /** It belongs to another channel, or is no packet at all: normal traffic of a shared device. */
  | { readonly kind: 'foreign' }
  /** It belongs to a message that is not complete yet. */
  | { readonly kind: 'partial' }
  | { readonly kind: 'message'; readonly message: CtaphidMessage }
  /** It broke the rules of the channel; what was collected is thrown away. */
  | { readonly kind: 'broken'; readonly detail: string };

interface Collected {
  readonly command: number;
  readonly length: number;
  readonly parts: Bytes[];
  received: number;
  nextSequence: number;
}

const FOREIGN: ReassemblyStep = { kind: 'foreign' };
const PARTIAL: ReassemblyStep = { kind: 'partial' };

/**
 * Puts the messages of one channel together again. Reports of other channels may come in between at any point; on its
 * own channel the order is strict: sequence numbers 0, 1, 2, ..., no second initialization packet before the message is
 * complete, no length that could never be complete.
 *
 * Source: CTAP 2.2 §11.2.4, §11.2.5 "Arbitration".
 */
export class Reassembler {
  readonly #channelId: number;
  #collected: Collected | undefined;

  constructor(channelId: number) {
    this.#channelId = channelId;
  }

  /** Takes the next report of the device. */
  feed(report: Uint8Array): ReassemblyStep {
    const packet = decodePacket(report);
    if (packet?.channelId !== this.#channelId) return FOREIGN;
    const step = this.#take(packet, report.length);
    if (step.kind !== 'partial') this.#collected = undefined;
    return step;
  }

  /** Forgets what was collected of a message. */
  reset(): void {
    this.#collected = undefined;
  }

  #take(packet: Packet, reportLength: number): ReassemblyStep {
    if (packet.kind === 'initialization') {
      if (this.#collected !== undefined) return broken('A message began before the last one was complete.');
      return this.#begin(packet, reportLength);
    }
    const collected = this.#collected;
    if (collected === undefined) return broken('A continuation packet came without a message.');
    if (packet.sequence !== collected.nextSequence) {
      return broken(`Packet ${packet.sequence.toString()} came in place of ${collected.nextSequence.toString()}.`);
    }
    collected.nextSequence += 1;
    return this.#append(collected, packet.data);
  }

  #begin(packet: InitializationPacket, reportLength: number): ReassemblyStep {
    const { command, length } = packet;
    if (length > maxMessageLength(reportLength)) {
      return broken(`A message announced ${length.toString()} bytes, more than fit.`);
    }
    this.#collected = { command, length, parts: [], received: 0, nextSequence: 0 };
    return this.#append(this.#collected, packet.data);
  }

  #append(collected: Collected, data: Bytes): ReassemblyStep {
    const part = data.subarray(0, collected.length - collected.received);
    collected.parts.push(part);
    collected.received += part.length;
    if (collected.received < collected.length) return PARTIAL;
    const { command, parts } = collected;
    return { kind: 'message', message: { channelId: this.#channelId, command, payload: concatBytes(...parts) } };
  }
}

function broken(detail: string): ReassemblyStep {
  return { kind: 'broken', detail };
}
