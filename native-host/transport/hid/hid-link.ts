import { randomBytes } from 'node:crypto';

import { type Bytes, copyBytes } from '../../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import { type DeviceDescriptor, type TransportError, TransportProblem } from '../device.ts';
import { transportFailure } from '../errors.ts';
import { isAborted, pause } from '../signals.ts';
import { CtaphidError, type InitResponse, NONCE_LENGTH, decodeInitResponse } from '../usb/ctaphid/messages.ts';
import { BROADCAST_CHANNEL, CtaphidCommand, decodePacket, encodeMessage } from '../usb/ctaphid/packet.ts';
import { type ExchangeOutcome, type ExchangeParams, HidExchange } from './hid-exchange.ts';
import { HidWriter } from './hid-writer.ts';
import type { ReportPipe } from './report-pipe.ts';

/** Milliseconds. A key answers CTAPHID_INIT by its framing layer alone, so at once. */
const INIT_TIMEOUT = 1000;
/** Milliseconds between attempts at a key that says it is busy, and how long to go on with them. */
export const BUSY_INTERVAL = 100;
export const BUSY_LIMIT = 3000;

/** A pipe with at most one exchange on it at a time. */
export class HidLink {
  readonly gone: Promise<void>;
  readonly reportSize: number;
  readonly #pipe: ReportPipe;
  readonly #writer: HidWriter;
  readonly #descriptor: DeviceDescriptor;
  #current: HidExchange | undefined;
  #lastChannelId = BROADCAST_CHANNEL;
  #hasStrays = false;
  #isGone = false;

  constructor(pipe: ReportPipe, descriptor: DeviceDescriptor) {
    this.#pipe = pipe;
    this.reportSize = pipe.reportSize;
    this.#descriptor = descriptor;
    this.#writer = new HidWriter(pipe);
    this.gone = new Promise((resolve) => {
      pipe.listen({
        report: (report) => {
          if (this.#current !== undefined) this.#current.feed(report);
          else if (this.#isStray(report)) this.#hasStrays = true;
        },
        closed: () => {
          this.#isGone = true;
          this.#current?.fail(this.#goneError());
          resolve();
        },
      });
    });
  }

  /** The key said something on the channel of the last exchange after its end: more of it may be on the way. */
  get hasStrays(): boolean {
    return this.#hasStrays;
  }

  /** Sends one message and waits for one. */
  async exchange(params: ExchangeParams): Promise<ExchangeOutcome> {
    if (this.#isGone) return { kind: 'failed', error: this.#goneError() };
    this.#lastChannelId = params.channelId;
    this.#hasStrays = false;
    this.#current = new HidExchange(params, this.#writer);
    const outcome = await this.#current.outcome;
    this.#current = undefined;
    return outcome;
  }

  /** Sends without waiting for anything; when it cannot be sent, the next exchange will say so. */
  send(reports: readonly Bytes[]): Promise<unknown> {
    return this.#isGone ? Promise.resolve() : this.#writer.send(reports);
  }

  /**
   * CTAPHID_INIT: on the broadcast channel it allocates a channel, on an allocated one it clears that, or allocates
   * another where the key has forgotten it. Answers to other programs' requests, and whatever the key had still to say,
   * are passed over.
   *
   * Source: CTAP 2.2 §11.2.9.1.3.
   *
   * @returns `timeout` without an answer, `busy` when another program keeps the key, `cancelled`, `disconnected`.
   */
  async initialize(channelId: number, signals: readonly AbortSignal[]): Promise<Result<InitResponse, TransportError>> {
    const busyUntil = performance.now() + BUSY_LIMIT;
    let target = channelId;
    for (;;) {
      if (isAborted(signals)) return this.#failure(TransportProblem.cancelled, 'The caller ended the exchange.');
      const { outcome, response } = await this.#sendInit(target, signals);
      if (response !== undefined) return success(response);
      if (outcome.kind === 'failed') return failure(outcome.error);
      if (outcome.kind === 'silent') return this.#failure(TransportProblem.timeout, 'CTAPHID_INIT was not answered.');
      if (outcome.kind !== 'message') continue;
      if (outcome.message.payload[0] === CtaphidError.invalidChannel) {
        target = BROADCAST_CHANNEL;
        continue;
      }
      if (performance.now() >= busyUntil) return this.#failure(TransportProblem.busy, 'Another program uses the key.');
      await pause(BUSY_INTERVAL, signals);
    }
  }

  async #sendInit(
    channelId: number,
    signals: readonly AbortSignal[],
  ): Promise<{ readonly outcome: ExchangeOutcome; readonly response: InitResponse | undefined }> {
    const nonce = copyBytes(randomBytes(NONCE_LENGTH));
    let response: InitResponse | undefined;
    const outcome = await this.exchange({
      channelId,
      reports: encodeMessage(channelId, CtaphidCommand.init, nonce, this.reportSize),
      silence: INIT_TIMEOUT,
      signals,
      cancelReports: [],
      grace: 0,
      tolerant: true,
      accept: ({ command, payload }) => {
        if (command === CtaphidCommand.init) response = decodeInitResponse(payload, nonce);
        return response !== undefined || (command === CtaphidCommand.error && isRefusal(payload[0], channelId));
      },
    });
    return { outcome, response };
  }

  /** Gives the device back. */
  close(): Promise<void> {
    return this.#pipe.close();
  }

  /** A keepalive that comes too late tells nothing; on the broadcast channel anybody may be answered. */
  #isStray(report: Uint8Array): boolean {
    const packet = decodePacket(report);
    if (packet?.channelId !== this.#lastChannelId || packet.channelId === BROADCAST_CHANNEL) return false;
    return packet.kind !== 'initialization' || packet.command !== CtaphidCommand.keepalive;
  }

  #failure(problem: TransportProblem, detail: string): Result<never, TransportError> {
    return transportFailure(this.#descriptor.transport, problem, detail);
  }

  #goneError(): TransportError {
    const { transport } = this.#descriptor;
    return { kind: 'transport', problem: TransportProblem.disconnected, transport, detail: 'The key went away.' };
  }
}

/** Errors that concern the INIT request itself, not what ran on the channel before. */
function isRefusal(code: number | undefined, channelId: number): boolean {
  if (code === CtaphidError.channelBusy) return true;
  return code === CtaphidError.invalidChannel && channelId !== BROADCAST_CHANNEL;
}
