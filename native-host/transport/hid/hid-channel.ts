import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { success, type Result } from '../../../shared/bytes/result.ts';
import type { CallOptions, Device, DeviceDescriptor, TransportError } from '../device.ts';
import { TransportProblem } from '../device.ts';
import { transportFailure } from '../errors.ts';
import type { ExchangeOutcome, ExchangeParams } from './hid-exchange.ts';
import { BUSY_INTERVAL, BUSY_LIMIT, HidLink } from './hid-link.ts';
import type { ReportPipe } from './report-pipe.ts';
import { isAborted, pause } from '../signals.ts';
import { Turns } from '../turns.ts';
import { CtaphidError, type InitResponse, ctaphidErrorName, decodeKeepalive } from '../usb/ctaphid/messages.ts';
import { BROADCAST_CHANNEL, CtaphidCommand, encodeMessage, maxMessageLength } from '../usb/ctaphid/packet.ts';

/** Milliseconds that a key has to confirm a cancel; some never do, and then CTAPHID_INIT ends the transaction. */
const CANCEL_GRACE = 500;

/**
 * Errors that some keys tell of a CTAP2 command in the framing's way, where a status byte would do: the same numbers mean the
 * same there. Source: CTAP 2.2 §8.2 (CTAP1_ERR_INVALID_COMMAND, CTAP1_ERR_INVALID_LENGTH).
 */
const CTAP1_ERRORS: readonly number[] = [CtaphidError.invalidCommand, CtaphidError.invalidLength];

/** The one byte of a payload that the framing layer looks at; a confirmed cancel has 0x2D, CTAP2_ERR_KEEPALIVE_CANCEL. */
const STATUS_SUCCESS = 0x00;

/** What is known of a key beside its reports. */
export interface HidChannelParams {
  readonly descriptor: DeviceDescriptor;
  readonly signal: AbortSignal;
  /** The key claims CTAP2 or says nothing, but is known not to take it. */
  readonly withoutCbor?: boolean;
}

/** A FIDO key over reports of any source: one CTAPHID channel of it. Source: CTAP 2.2 §11.2. */
export class HidChannel implements Device {
  readonly descriptor: DeviceDescriptor;
  readonly supportsCbor: boolean;
  readonly supportsU2f: boolean;
  readonly supportsWink: boolean;
  readonly gone: Promise<void>;
  readonly #link: HidLink;
  readonly #turns = new Turns();
  readonly #closing = new AbortController();
  #channelId: number;
  /** The key may still be in the middle of something on our channel. */
  #unclear = false;
  #closed: Promise<void> | undefined;

  private constructor(link: HidLink, init: InitResponse, params: HidChannelParams) {
    this.#link = link;
    this.#channelId = init.channelId;
    this.descriptor = params.descriptor;
    this.supportsCbor = init.supportsCbor && params.withoutCbor !== true;
    this.supportsU2f = init.supportsMsg;
    this.supportsWink = init.supportsWink;
    this.gone = link.gone;
  }

  /**
   * Allocates a channel. The pipe then belongs to the channel; it is closed when that fails.
   *
   * @returns `timeout` when nothing answers as a FIDO key, `busy` when another program keeps the key.
   */
  static async open(pipe: ReportPipe, params: HidChannelParams): Promise<Result<HidChannel, TransportError>> {
    const link = new HidLink(pipe, params.descriptor);
    const init = await link.initialize(BROADCAST_CHANNEL, [params.signal]);
    if (init.ok) return success(new HidChannel(link, init.value, params));
    await pipe.close();
    return init;
  }

  /** See `Device.call`. */
  call(request: Bytes, options: CallOptions): Promise<Result<Bytes, TransportError>> {
    return this.#inTurn(CtaphidCommand.cbor, request, options);
  }

  /** See `Device.message`. */
  message(apdu: Bytes, options: CallOptions): Promise<Result<Bytes, TransportError>> {
    return this.#inTurn(CtaphidCommand.msg, apdu, options);
  }

  /**
   * Lets the key blink, if it can. Some keys lose a CTAP2 command that follows at once: the channel is cleared in between.
   *
   * Source: CTAP 2.2 §11.2.9.2.2 CTAPHID_WINK.
   */
  async wink(options: CallOptions): Promise<Result<undefined, TransportError>> {
    if (!this.supportsWink) return success(undefined);
    const answer = await this.#inTurn(CtaphidCommand.wink, new Uint8Array(), options);
    this.#unclear = true;
    return answer.ok ? success(undefined) : answer;
  }

  /** See `Device.close`. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#turns.idle();
    await this.#link.close();
  }

  #inTurn(command: CtaphidCommand, payload: Bytes, options: CallOptions): Promise<Result<Bytes, TransportError>> {
    if (payload.length > maxMessageLength(this.#link.reportSize)) {
      return Promise.resolve(this.#failure(TransportProblem.protocol, 'The request is longer than a message can be.'));
    }
    const signals = [options.signal, this.#closing.signal];
    return this.#turns.take(
      signals,
      () => this.#exchange(command, payload, options, signals),
      () => this.#cancelled(),
    );
  }

  /** Repeats the request only where the key said that it did not take it: channel busy, channel unknown. */
  async #exchange(
    command: CtaphidCommand,
    payload: Bytes,
    options: CallOptions,
    signals: readonly AbortSignal[],
  ): Promise<Result<Bytes, TransportError>> {
    const busyUntil = performance.now() + BUSY_LIMIT;
    let channelRenewed = false;
    for (;;) {
      if (isAborted(signals)) return this.#cancelled();
      const clear = await this.#clearChannel(signals);
      if (!clear.ok) return clear;
      const outcome = await this.#link.exchange(this.#request(command, payload, options, signals));
      const code = outcome.kind === 'message' ? errorCode(outcome) : undefined;
      if (code === undefined) return this.#conclude(command, outcome, signals);
      if (code === CtaphidError.channelBusy) {
        if (performance.now() >= busyUntil) return this.#failure(TransportProblem.busy, 'Another program uses the key.');
        await pause(BUSY_INTERVAL, signals);
      } else if (code === CtaphidError.invalidChannel && !channelRenewed) {
        channelRenewed = true;
        const renewed = await this.#initialize(BROADCAST_CHANNEL, signals);
        if (!renewed.ok) return renewed;
      } else if (command === CtaphidCommand.cbor && CTAP1_ERRORS.includes(code)) {
        return success(Uint8Array.of(code));
      } else {
        return this.#failure(TransportProblem.protocol, `The key answered ${ctaphidErrorName(code)}.`);
      }
    }
  }

  #request(
    command: CtaphidCommand,
    payload: Bytes,
    options: CallOptions,
    signals: readonly AbortSignal[],
  ): ExchangeParams {
    const channelId = this.#channelId;
    return {
      channelId,
      reports: encodeMessage(channelId, command, payload, this.#link.reportSize),
      silence: options.stallTimeout,
      signals,
      // U2F has no cancel: its requests are answered at once, touched or not.
      cancelReports: command === CtaphidCommand.cbor ? this.#cancelReports() : [],
      grace: CANCEL_GRACE,
      tolerant: false,
      accept: (message) => {
        if (message.command !== CtaphidCommand.keepalive) return true;
        options.onKeepalive?.(decodeKeepalive(message.payload));
        return false;
      },
    };
  }

  async #conclude(
    command: CtaphidCommand,
    outcome: ExchangeOutcome,
    signals: readonly AbortSignal[],
  ): Promise<Result<Bytes, TransportError>> {
    switch (outcome.kind) {
      case 'message': {
        const { message, afterAbort } = outcome;
        if (message.command !== command) {
          this.#abandon();
          return this.#failure(TransportProblem.protocol, `The key answered command ${message.command.toString()}.`);
        }
        // What was done before the cancel arrived is done: a credential may exist now, so its answer counts.
        return afterAbort && !isDone(command, message.payload) ? this.#cancelled() : success(message.payload);
      }
      case 'unconfirmed':
        this.#unclear = true;
        // Ends the transaction for the key, so that it does not wait for a touch for ever; the outcome is the same.
        await this.#clearChannel([]);
        return this.#cancelled();
      case 'silent':
        this.#abandon();
        return this.#failure(TransportProblem.timeout, 'The key fell silent.');
      case 'broken':
        this.#abandon();
        return this.#failure(TransportProblem.protocol, outcome.detail);
      case 'failed':
        return isAborted(signals) && outcome.error.problem !== TransportProblem.disconnected
          ? this.#cancelled()
          : { ok: false, error: outcome.error };
    }
  }

  /** Leaves the transaction behind: the key is told, and the channel is cleared before its next use. */
  #abandon(): void {
    this.#unclear = true;
    void this.#link.send(this.#cancelReports());
  }

  /**
   * CTAPHID_INIT on an allocated channel ends what runs there, and nothing of it can be taken for the next answer.
   * Source: CTAP 2.2 §11.2.9.1.3.
   */
  #clearChannel(signals: readonly AbortSignal[]): Promise<Result<undefined, TransportError>> {
    return this.#unclear || this.#link.hasStrays ? this.#initialize(this.#channelId, signals) : Promise.resolve(success(undefined));
  }

  async #initialize(
    channelId: number,
    signals: readonly AbortSignal[],
  ): Promise<Result<undefined, TransportError>> {
    const init = await this.#link.initialize(channelId, signals);
    if (!init.ok) return init;
    this.#channelId = init.value.channelId;
    this.#unclear = false;
    return success(undefined);
  }

  #cancelReports(): readonly Bytes[] {
    return encodeMessage(this.#channelId, CtaphidCommand.cancel, new Uint8Array(), this.#link.reportSize);
  }

  #cancelled(): Result<never, TransportError> {
    return this.#failure(TransportProblem.cancelled, 'The caller ended the exchange.');
  }

  #failure(problem: TransportProblem, detail: string): Result<never, TransportError> {
    return transportFailure(this.descriptor.transport, problem, detail);
  }
}

function errorCode({ message }: Extract<ExchangeOutcome, { kind: 'message' }>): number | undefined {
  return message.command === CtaphidCommand.error ? (message.payload[0] ?? CtaphidError.other) : undefined;
}

/** Whether an answer that crossed a cancel says that the request was carried out. */
function isDone(command: CtaphidCommand, payload: Bytes): boolean {
  return command !== CtaphidCommand.cbor || payload[0] === STATUS_SUCCESS;
}
