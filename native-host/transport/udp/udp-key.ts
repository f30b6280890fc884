import { randomBytes } from 'node:crypto';

import { type Bytes, copyBytes } from '../../../shared/bytes/bytes.ts';
import { CtaphidError, NONCE_LENGTH, decodeInitResponse } from '../usb/ctaphid/messages.ts';
import { BROADCAST_CHANNEL, CtaphidCommand, DEFAULT_REPORT_SIZE, encodeMessage } from '../usb/ctaphid/packet.ts';
import { Reassembler } from '../usb/ctaphid/reassembly.ts';
import type { UdpPair } from './pairs.ts';
import { UdpSocket } from './udp-socket.ts';

/** Milliseconds between looks at a key. */
const TICK = 100;
/** Milliseconds between looks that show that this process was held up. */
const STALLED = 400;
/** A key that was heard within so many milliseconds is not asked whether it is there. */
const RECENT = 150;
/** The same for a key that somebody has open. */
const RECENT_WHILE_OPEN = 350;
/**
 * The same while it has a request to answer. It sends keepalives, some keys only every 250 ms, and a busy machine delays
 * them; firmware is known that drops what it does when anything else arrives.
 */
const RECENT_WHILE_AT_WORK = 600;
/** Milliseconds of silence, and questions left open, after which the key counts as unplugged. */
const GONE_AFTER = 800;
const GONE_AFTER_PROBES = 3;
/** Where a packet has its command. */
const COMMAND_OFFSET = 4;
const KEEPALIVE = CtaphidCommand.keepalive | 0x80;

/** What a key's observer is told; calls come in the order of the events, never from within `use`. */
export interface UdpKeyObserver {
  readonly appeared: () => void;
  readonly disappeared: () => void;
  /** The sockets cannot be opened; tried again as long as somebody uses the key. */
  readonly blocked: (detail: string) => void;
  readonly datagram: (bytes: Uint8Array) => void;
  /** The observer has the key open and talks to it. */
  readonly isOpener: boolean;
}

/**
 * One pair: whether a key is plugged in there, and datagrams to and from it. It is plugged in while it answers
 * CTAPHID_INIT; it is asked at intervals, on a channel of the asker's own so that the key's channels are not used up. While
 * somebody has it open, it is asked by CTAPHID_PING first: with CTAPHID_INIT some keys forget that the PIN was verified.
 * Sockets and timers exist only while there is an observer.
 */
export class UdpKey {
  readonly pair: UdpPair;
  readonly #observers = new Set<UdpKeyObserver>();
  #socket: UdpSocket | undefined;
  #opening = false;
  #timer: NodeJS.Timeout | undefined;
  #isPresent = false;
  #isAtWork = false;
  #lastHeard = 0;
  #lastTick = 0;
  #openProbes = 0;
  #probeChannel = BROADCAST_CHANNEL;
  #nonce: Bytes = new Uint8Array(NONCE_LENGTH);
  #answers = new Reassembler(BROADCAST_CHANNEL);
  readonly #broadcastAnswers = new Reassembler(BROADCAST_CHANNEL);

  constructor(pair: UdpPair) {
    this.pair = pair;
  }

  /** Whether a key answered and has not gone away since; known only while somebody uses the key. */
  get isPresent(): boolean {
    return this.#isPresent;
  }

  /** Adds an observer, until the returned function is called. A key that is there already is announced to it as well. */
  use(observer: UdpKeyObserver): () => void {
    this.#observers.add(observer);
    if (this.#timer === undefined) {
      this.#timer = setInterval(() => this.#tick(), TICK);
      this.#openSocket();
    } else if (this.#isPresent) {
      queueMicrotask(() => {
        if (this.#observers.has(observer)) observer.appeared();
      });
    }
    return () => {
      this.#observers.delete(observer);
      if (this.#observers.size === 0) this.#stop();
    };
  }

  /** Sends a report. False when there is no key to send it to. */
  send(report: Bytes): boolean {
    if (!this.#isPresent || this.#socket === undefined) return false;
    this.#isAtWork = true;
    this.#socket.send(report);
    return true;
  }

  #openSocket(): void {
    if (this.#opening) return;
    this.#opening = true;
    const datagram = (bytes: Uint8Array): void => this.#receive(bytes);
    const refused = (): void => this.#lose();
    void UdpSocket.open(this.pair, { datagram, refused })
      .then(
        (socket) => {
          if (this.#timer === undefined || this.#socket !== undefined) {
            socket.close();
            return;
          }
          this.#socket = socket;
          this.#probe();
        },
        (error: unknown) => {
          const detail = error instanceof Error ? error.message : String(error);
          this.#tell(({ blocked }) => blocked(detail));
        },
      )
      .finally(() => {
        this.#opening = false;
      });
  }

  #tick(): void {
    const now = performance.now();
    // A late tick means that this process was busy: answers may be waiting unread, so nothing is judged.
    const wasStalled = now - this.#lastTick > STALLED;
    this.#lastTick = now;
    if (this.#socket === undefined) {
      this.#openSocket();
      return;
    }
    const silence = now - this.#lastHeard;
    if (this.#isPresent && silence < this.#recent()) return;
    if (!wasStalled && silence > GONE_AFTER && this.#openProbes >= GONE_AFTER_PROBES) this.#lose();
    this.#probe();
  }

  #recent(): number {
    if (!this.#isOpen()) return RECENT;
    return this.#isAtWork ? RECENT_WHILE_AT_WORK : RECENT_WHILE_OPEN;
  }

  #isOpen(): boolean {
    for (const { isOpener } of this.#observers) if (isOpener) return true;
    return false;
  }

  #probe(): void {
    this.#openProbes += 1;
    // A new nonce with each question would void an answer that is on its way.
    if (this.#openProbes === 1) this.#nonce = copyBytes(randomBytes(NONCE_LENGTH));
    if (this.#isOpen() && this.#isPresent && this.#openProbes < GONE_AFTER_PROBES) {
      this.#ask(this.#probeChannel, CtaphidCommand.ping);
      return;
    }
    this.#ask(this.#probeChannel);
    // A key that passes over INIT on a channel it has given out still answers on this one.
    if (this.#openProbes > 1 && this.#probeChannel !== BROADCAST_CHANNEL) this.#ask(BROADCAST_CHANNEL);
  }

  #ask(channelId: number, command: CtaphidCommand = CtaphidCommand.init): void {
    const [report] = encodeMessage(channelId, command, this.#nonce, DEFAULT_REPORT_SIZE);
    if (report !== undefined) this.#socket?.send(report);
  }

  #receive(bytes: Uint8Array): void {
    this.#lastHeard = performance.now();
    if (bytes[COMMAND_OFFSET] !== KEEPALIVE) this.#isAtWork = false;
    if (this.#openProbes > 0) this.#lookForAnswer(bytes);
    if (this.#isPresent) this.#tell(({ datagram }) => datagram(bytes));
  }

  #lookForAnswer(bytes: Uint8Array): void {
    const own = this.#answers.feed(bytes);
    const step = own.kind === 'foreign' ? this.#broadcastAnswers.feed(bytes) : own;
    if (step.kind !== 'message') return;
    const { channelId, command, payload } = step.message;
    if (command === CtaphidCommand.error && payload[0] === CtaphidError.invalidChannel && channelId !== BROADCAST_CHANNEL) {
      // It has forgotten the channel: it was unplugged and plugged in again between two questions.
      this.#lose();
      this.#probe();
      return;
    }
    const init = command === CtaphidCommand.init ? decodeInitResponse(payload, this.#nonce) : undefined;
    // An error, such as "busy", is a sign of life from a key that is known, but does not introduce one.
    if (init === undefined && !this.#isPresent) return;
    this.#openProbes = 0;
    if (this.#isPresent) return;
    if (init !== undefined) this.#setProbeChannel(init.channelId);
    this.#isPresent = true;
    this.#tell(({ appeared }) => appeared());
  }

  #lose(): void {
    this.#setProbeChannel(BROADCAST_CHANNEL);
    this.#openProbes = 0;
    if (!this.#isPresent) return;
    this.#isPresent = false;
    this.#tell(({ disappeared }) => disappeared());
  }

  #setProbeChannel(channelId: number): void {
    if (this.#probeChannel === channelId) return;
    this.#probeChannel = channelId;
    this.#answers = new Reassembler(channelId);
  }

  #tell(event: (observer: UdpKeyObserver) => void): void {
    for (const observer of [...this.#observers]) event(observer);
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#socket?.close();
    this.#socket = undefined;
    this.#isPresent = false;
    this.#isAtWork = false;
    this.#openProbes = 0;
    this.#setProbeChannel(BROADCAST_CHANNEL);
  }
}
