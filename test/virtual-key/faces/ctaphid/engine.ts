import { type Bytes, concatBytes } from '../../../../shared/bytes/bytes.ts';
import { uint32 } from '../../authenticator/authenticator-data.ts';
import type { Environment } from '../../authenticator/environment.ts';
import type { AuthenticatorPort, WorkStatus } from '../../authenticator/exchange.ts';
import { BROADCAST_CHANNEL, decodePacket, encodeMessage, HidCommand, HidError, MAX_MESSAGE_LENGTH, type Packet } from './packets.ts';

/** Takes one report to whoever sent the packet that it answers. */
export type Reply = (report: Bytes) => void;

/** Times of the framing, in milliseconds. */
export interface CtaphidTimes {
  /** Between keepalives while a command runs. */
  readonly keepaliveInterval: number;
  /** How long a half-sent message may stay so. */
  readonly messageTimeout: number;
}

export const DEFAULT_CTAPHID_TIMES: CtaphidTimes = { keepaliveInterval: 100, messageTimeout: 3000 };

const PROTOCOL_VERSION = 2;
const CAPABILITY_WINK = 0x01;
const CAPABILITY_CBOR = 0x04;
const CAPABILITY_NMSG = 0x08;
const NONCE_LENGTH = 8;
const MAX_CHANNELS = 1024;
const STATUS_PROCESSING = 1;
const STATUS_UP_NEEDED = 2;

/** A message that is being received, or a command that is running. The device has one at a time. */
type Transaction =
  | {
      readonly phase: 'receiving';
      readonly channel: number;
      readonly command: number;
      readonly length: number;
      readonly parts: Bytes[];
      received: number;
      nextSequence: number;
      readonly stopTimer: () => void;
      readonly reply: Reply;
    }
  | { readonly phase: 'running'; readonly channel: number; readonly command: number; readonly abort: AbortController };

type Initialization = Extract<Packet, { kind: 'initialization' }>;
type Continuation = Extract<Packet, { kind: 'continuation' }>;

/**
 * CTAPHID on the key's side: channels, reassembly, keepalives, errors. Reports come and go through functions, so the
 * same engine serves datagrams and true HID reports. Source: CTAP 2.1 §11.2.
 */
export class CtaphidEngine {
  readonly #authenticator: AuthenticatorPort;
  readonly #environment: Environment;
  readonly #times: CtaphidTimes;
  readonly #channels = new Set<number>();
  #nextChannel = 1;
  #transaction: Transaction | undefined;

  constructor(authenticator: AuthenticatorPort, environment: Environment, times: CtaphidTimes = DEFAULT_CTAPHID_TIMES) {
    this.#authenticator = authenticator;
    this.#environment = environment;
    this.#times = times;
  }

  /** Takes one report. Answers go to `reply`, now or later. Never throws for any input. */
  receive(report: Uint8Array, reply: Reply): void {
    const packet = decodePacket(report);
    // Not a report at all: HID could not even deliver it.
    if (packet === undefined) return;
    if (packet.kind === 'initialization') this.#begin(packet, reply);
    else this.#continue(packet, reply);
  }

  /** Power is gone: whatever runs is aborted without an answer, and all channels are forgotten. */
  reset(): void {
    this.#endTransaction();
    this.#channels.clear();
  }

  #begin(packet: Initialization, reply: Reply): void {
    const { channel, command } = packet;
    if (command === HidCommand.init) {
      this.#init(packet, reply);
      return;
    }
    if (!this.#channels.has(channel)) {
      this.#error(channel, HidError.invalidChannel, reply);
      return;
    }
    if (command === HidCommand.cancel) {
      this.#cancel(channel);
      return;
    }
    const current = this.#transaction;
    if (current?.phase === 'receiving' && current.channel === channel) {
      this.#endTransaction();
      this.#error(channel, HidError.invalidSequence, reply);
      return;
    }
    if (current !== undefined) {
      this.#error(channel, HidError.channelBusy, reply);
      return;
    }
    this.#receiveFirst(packet, reply);
  }

  #receiveFirst({ channel, command, length, data }: Initialization, reply: Reply): void {
    if (length > MAX_MESSAGE_LENGTH) {
      this.#error(channel, HidError.invalidLength, reply);
      return;
    }
    const first = data.slice(0, length);
    if (first.length === length) {
      this.#execute(channel, command, first, reply);
      return;
    }
    const stopTimer = this.#environment.schedule(this.#times.messageTimeout, () => {
      this.#transaction = undefined;
      this.#error(channel, HidError.messageTimeout, reply);
    });
    this.#transaction = {
      phase: 'receiving',
      channel,
      command,
      length,
      parts: [first],
      received: first.length,
      nextSequence: 0,
      stopTimer,
      reply,
    };
  }

  #continue({ channel, sequence, data }: Continuation, reply: Reply): void {
    const current = this.#transaction;
    // A continuation packet that belongs to nothing is ignored (CTAP 2.1 §11.2.5.4).
    if (current?.phase !== 'receiving' || current.channel !== channel) return;
    if (sequence !== current.nextSequence) {
      this.#endTransaction();
      this.#error(channel, HidError.invalidSequence, reply);
      return;
    }
    const part = data.slice(0, current.length - current.received);
    current.parts.push(part);
    current.received += part.length;
    current.nextSequence += 1;
    if (current.received < current.length) return;
    current.stopTimer();
    this.#transaction = undefined;
    this.#execute(channel, current.command, concatBytes(...current.parts), reply);
  }

  #execute(channel: number, command: number, payload: Bytes, reply: Reply): void {
    switch (command) {
      case HidCommand.ping:
        this.#send(channel, HidCommand.ping, payload, reply);
        return;
      case HidCommand.wink:
        this.#authenticator.wink();
        this.#send(channel, HidCommand.wink, new Uint8Array(), reply);
        return;
      case HidCommand.cbor:
        if (this.#authenticator.supportsCbor) void this.#run(channel, command, payload, reply);
        else this.#error(channel, HidError.invalidCommand, reply);
        return;
      case HidCommand.msg:
        if (this.#authenticator.supportsU2f) void this.#run(channel, command, payload, reply);
        else this.#error(channel, HidError.invalidCommand, reply);
        return;
      default:
        this.#error(channel, HidError.invalidCommand, reply);
    }
  }

  async #run(channel: number, command: number, payload: Bytes, reply: Reply): Promise<void> {
    if (payload.length === 0) {
      this.#error(channel, HidError.invalidLength, reply);
      return;
    }
    const abort = new AbortController();
    const transaction: Transaction = { phase: 'running', channel, command, abort };
    this.#transaction = transaction;
    const keepalive = this.#startKeepalives(channel, reply);
    const response =
      command === HidCommand.cbor
        ? await this.#authenticator.call(payload, { keepalive: keepalive.status, signal: abort.signal })
        : await this.#authenticator.message(payload);
    keepalive.stop();
    // Ended in the meantime by an INIT on the channel or by an unplug: nobody waits for the answer.
    if (this.#transaction !== transaction) return;
    this.#transaction = undefined;
    this.#send(channel, command, response, reply);
  }

  /** Repeats the status as long as the command runs, and tells a change at once. Source: CTAP 2.1 §11.2.9.1.7. */
  #startKeepalives(channel: number, reply: Reply): { readonly status: (status: WorkStatus) => void; readonly stop: () => void } {
    let code = STATUS_PROCESSING;
    let stopped = false;
    let cancelTimer: () => void = () => undefined;
    const send = (): void => {
      cancelTimer();
      this.#send(channel, HidCommand.keepalive, Uint8Array.of(code), reply);
      arm();
    };
    const arm = (): void => {
      cancelTimer = this.#environment.schedule(this.#times.keepaliveInterval, send);
    };
    arm();
    return {
      status: (status) => {
        const next = status === 'userPresenceNeeded' ? STATUS_UP_NEEDED : STATUS_PROCESSING;
        if (stopped || next === code) return;
        code = next;
        send();
      },
      stop: () => {
        stopped = true;
        cancelTimer();
      },
    };
  }

  #init({ channel, length, data }: Initialization, reply: Reply): void {
    if (length !== NONCE_LENGTH) {
      this.#error(channel, HidError.invalidLength, reply);
      return;
    }
    if (channel !== BROADCAST_CHANNEL && !this.#channels.has(channel)) {
      this.#error(channel, HidError.invalidChannel, reply);
      return;
    }
    // On a channel of its own INIT resynchronises: what runs there is given up. On the broadcast channel it is
    // answered even while another channel is busy, or a working key would look unplugged to other programs.
    if (channel !== BROADCAST_CHANNEL && this.#transaction?.channel === channel) this.#endTransaction();
    const assigned = channel === BROADCAST_CHANNEL ? this.#allocateChannel() : channel;
    const versions = Uint8Array.of(PROTOCOL_VERSION, 0, 1, 0, this.#capabilities());
    const payload = concatBytes(data.slice(0, NONCE_LENGTH), uint32(assigned), versions);
    this.#send(channel, HidCommand.init, payload, reply);
  }

  #allocateChannel(): number {
    const channel = this.#nextChannel;
    this.#nextChannel = channel + 1 === BROADCAST_CHANNEL ? 1 : channel + 1;
    this.#channels.add(channel);
    if (this.#channels.size > MAX_CHANNELS) {
      const oldest = this.#channels.values().next();
      if (oldest.done !== true) this.#channels.delete(oldest.value);
    }
    return channel;
  }

  #capabilities(): number {
    const { supportsCbor, supportsU2f } = this.#authenticator;
    return CAPABILITY_WINK | (supportsCbor ? CAPABILITY_CBOR : 0) | (supportsU2f ? 0 : CAPABILITY_NMSG);
  }

  /** CANCEL has no answer of its own: the running command answers with KEEPALIVE_CANCEL. Source: CTAP 2.1 §11.2.9.1.5. */
  #cancel(channel: number): void {
    if (this.#authenticator.ignoresCancel === true) return;
    const current = this.#transaction;
    if (current?.phase === 'running' && current.channel === channel && current.command === HidCommand.cbor) {
      current.abort.abort();
    }
  }

  #endTransaction(): void {
    const current = this.#transaction;
    this.#transaction = undefined;
    if (current?.phase === 'receiving') current.stopTimer();
    if (current?.phase === 'running') current.abort.abort();
  }

  #error(channel: number, code: HidError, reply: Reply): void {
    this.#send(channel, HidCommand.error, Uint8Array.of(code), reply);
  }

  #send(channel: number, command: number, payload: Uint8Array, reply: Reply): void {
    for (const report of encodeMessage(channel, command, payload)) reply(report);
  }
}
