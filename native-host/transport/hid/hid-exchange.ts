import type { Bytes } from '../../../shared/bytes/bytes.ts';
import type { TransportError } from '../device.ts';
import { onAbort } from '../signals.ts';
import type { HidWriter } from './hid-writer.ts';
import { type CtaphidMessage, type ReassemblyStep, Reassembler } from '../usb/ctaphid/reassembly.ts';

/** How one wait for a message ended. */
export type ExchangeOutcome =
  | { readonly kind: 'message'; readonly message: CtaphidMessage; readonly afterAbort: boolean }
  /** The key broke the framing rules on our channel. */
  | { readonly kind: 'broken'; readonly detail: string }
  /** Nothing came for `silence` milliseconds. */
  | { readonly kind: 'silent' }
  /** A signal aborted, and nothing came within `grace` milliseconds after it. */
  | { readonly kind: 'unconfirmed' }
  /** A report could not be sent, or the key went away. */
  | { readonly kind: 'failed'; readonly error: TransportError };

/** One message out, one message back. */
export interface ExchangeParams {
  readonly channelId: number;
  readonly reports: readonly Bytes[];
  /** Milliseconds without a packet of this channel after which the wait is over. */
  readonly silence: number;
  readonly signals: readonly AbortSignal[];
  /** Sent when a signal aborts; without it the key is left to answer by itself. */
  readonly cancelReports: readonly Bytes[];
  /** Milliseconds that the key has to answer after a signal aborted. */
  readonly grace: number;
  /** Takes or leaves a message; leaving it goes on waiting. */
  readonly accept: (message: CtaphidMessage) => boolean;
  /** Goes on waiting when the framing rules are broken: while a channel is being cleared, anything may still arrive. */
  readonly tolerant: boolean;
}

/** A running exchange: fed with reports, it ends exactly once. */
export class HidExchange {
  readonly outcome: Promise<ExchangeOutcome>;
  readonly #params: ExchangeParams;
  readonly #writer: HidWriter;
  readonly #reassembler: Reassembler;
  readonly #stopListening: () => void;
  #settle: (outcome: ExchangeOutcome) => void = () => undefined;
  #timer: NodeJS.Timeout;
  #aborted = false;
  #ended = false;

  /** Starts to send at once. */
  constructor(params: ExchangeParams, writer: HidWriter) {
    this.#params = params;
    this.#writer = writer;
    this.#reassembler = new Reassembler(params.channelId);
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#timer = setTimeout(() => this.#end({ kind: 'silent' }), params.silence);
    this.#send(params.reports);
    this.#stopListening = onAbort(params.signals, () => this.#abort());
  }

  /** Takes a report of the device, of whatever channel. */
  feed(report: Uint8Array): void {
    const step = this.#reassembler.feed(report);
    // The wait for the end of a cancelled exchange has a fixed length, or keepalives could prolong it for ever.
    if (step.kind !== 'foreign' && !this.#aborted && !this.#ended) this.#timer.refresh();
    this.#take(step);
  }

  /** The key went away. */
  fail(error: TransportError): void {
    this.#end({ kind: 'failed', error });
  }

  #take(step: ReassemblyStep): void {
    if (step.kind === 'message' && this.#params.accept(step.message)) {
      this.#end({ kind: 'message', message: step.message, afterAbort: this.#aborted });
    }
    if (step.kind === 'broken' && !this.#params.tolerant) this.#end(step);
  }

  #abort(): void {
    this.#aborted = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end({ kind: 'unconfirmed' }), this.#params.grace);
    this.#send(this.#params.cancelReports);
  }

  #send(reports: readonly Bytes[]): void {
    void this.#writer.send(reports).then((sent) => {
      if (!sent.ok) this.#end({ kind: 'failed', error: sent.error });
    });
  }

  #end(outcome: ExchangeOutcome): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#stopListening();
    this.#settle(outcome);
  }
}
