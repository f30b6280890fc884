import type { TransportError } from '../../../native-host/transport/device.ts';
import type { ReportListener, ReportPipe } from '../../../native-host/transport/hid/report-pipe.ts';
import { BROADCAST_CHANNEL, CtaphidCommand, decodePacket, encodeMessage } from '../../../native-host/transport/usb/ctaphid/packet.ts';
import { Reassembler } from '../../../native-host/transport/usb/ctaphid/reassembly.ts';
import { type Bytes, concatBytes } from '../../../shared/bytes/bytes.ts';
import { success, type Result } from '../../../shared/bytes/result.ts';

/** A request as the key got it. */
export interface ReceivedMessage {
  readonly channelId: number;
  readonly command: number;
  readonly payload: Bytes;
}

export const SCRIPTED_CHANNEL = 0x00000042;

/**
 * The far end of a report pipe, in memory: answers CTAPHID_INIT by itself as a key does, and hands every other message to
 * the test, which answers when and how it likes.
 */
export class ScriptedKey implements ReportPipe {
  readonly reportSize = 64;
  readonly received: ReceivedMessage[] = [];
  /** What to do with a message; nothing by default. */
  onMessage: (message: ReceivedMessage) => void = () => undefined;
  /** What to do with CTAPHID_INIT. */
  onInit: (message: ReceivedMessage) => void = (message) => this.answerInit(message);
  capabilities = 0x04;
  channelId = SCRIPTED_CHANNEL;
  isClosed = false;
  #listener: ReportListener | undefined;
  readonly #reassemblers = new Map<number, Reassembler>();

  listen(listener: ReportListener): void {
    this.#listener = listener;
  }

  write(report: Bytes): Promise<Result<undefined, TransportError>> {
    const channelId = decodePacket(report)?.channelId ?? 0;
    const reassembler = this.#reassemblers.get(channelId) ?? new Reassembler(channelId);
    this.#reassemblers.set(channelId, reassembler);
    const step = reassembler.feed(report);
    if (step.kind === 'message') {
      const { message } = step;
      this.received.push(message);
      queueMicrotask(() => (message.command === CtaphidCommand.init ? this.onInit(message) : this.onMessage(message)));
    }
    return Promise.resolve(success(undefined));
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  /** Sends a message to the host. */
  send(command: CtaphidCommand, payload: Uint8Array, channelId = this.channelId): void {
    for (const report of encodeMessage(channelId, command, payload, this.reportSize)) this.sendReport(report);
  }

  /** Sends any bytes as a report. */
  sendReport(report: Uint8Array): void {
    this.#listener?.report(report);
  }

  answerInit({ channelId, payload }: ReceivedMessage, allocated = this.channelId): void {
    const id = Uint8Array.of(allocated >>> 24, (allocated >>> 16) & 0xff, (allocated >>> 8) & 0xff, allocated & 0xff);
    const answer = concatBytes(payload, id, Uint8Array.of(2, 1, 0, 0, this.capabilities));
    this.send(CtaphidCommand.init, answer, channelId);
  }

  unplug(): void {
    this.#listener?.closed();
  }

  /** The commands of the messages so far, INIT on the broadcast channel apart. */
  get commands(): readonly number[] {
    return this.received
      .filter(({ command, channelId }) => command !== CtaphidCommand.init || channelId !== BROADCAST_CHANNEL)
      .map(({ command }) => command);
  }
}
