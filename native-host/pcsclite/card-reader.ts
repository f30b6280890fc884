import { EventEmitter } from 'node:events';

import type { Bytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { controlCode, PcscCode, READER_CONSTANTS, ReaderState } from './constants.ts';
import { describeCode, messageOf, PcscLiteError } from './errors.ts';
import type { Answer, Handle, ReaderReport, Winscard } from './winscard.ts';

/** Called once: with an error, or with `null` and the value. */
export type Callback<Value> = (error: Error | null, value?: Value) => void;

/** How to connect a card. By default exclusively, with either protocol, as the original binding does. */
export interface ConnectOptions {
  readonly share_mode?: number;
  readonly protocol?: number;
}

interface ReaderEvents {
  status: [{ state: number; atr?: Buffer }];
  /** The reader is gone. */
  end: [];
  /** An addition: a card could not be connected. nfc-pcsc keeps that to itself. */
  connectFailed: [PcscLiteError];
}

const CLOSED = 'The reader is closed.';

/**
 * One reader, with the members that nfc-pcsc uses of the original binding's. What is asked of it is done one after the
 * other, so that a reader that hangs holds one thread. Cards have a context of their own: calls of one context wait
 * for each other, and the context that waits for changes does so most of the time.
 */
export class CardReader extends EventEmitter<ReaderEvents> {
  readonly name: string;
  /** The reader was there when the service was first asked. */
  readonly isInitial: boolean;
  /** An addition: the card that is there was there before anybody looked. */
  cardWasThere = false;
  /** As last told by `status`. */
  state = 0;
  connected = false;
  readonly SCARD_STATE_UNAWARE = READER_CONSTANTS.SCARD_STATE_UNAWARE;
  readonly SCARD_STATE_IGNORE = READER_CONSTANTS.SCARD_STATE_IGNORE;
  readonly SCARD_STATE_CHANGED = READER_CONSTANTS.SCARD_STATE_CHANGED;
  readonly SCARD_STATE_UNKNOWN = READER_CONSTANTS.SCARD_STATE_UNKNOWN;
  readonly SCARD_STATE_UNAVAILABLE = READER_CONSTANTS.SCARD_STATE_UNAVAILABLE;
  readonly SCARD_STATE_EMPTY = READER_CONSTANTS.SCARD_STATE_EMPTY;
  readonly SCARD_STATE_PRESENT = READER_CONSTANTS.SCARD_STATE_PRESENT;
  readonly SCARD_STATE_ATRMATCH = READER_CONSTANTS.SCARD_STATE_ATRMATCH;
  readonly SCARD_STATE_EXCLUSIVE = READER_CONSTANTS.SCARD_STATE_EXCLUSIVE;
  readonly SCARD_STATE_INUSE = READER_CONSTANTS.SCARD_STATE_INUSE;
  readonly SCARD_STATE_MUTE = READER_CONSTANTS.SCARD_STATE_MUTE;
  readonly SCARD_SHARE_EXCLUSIVE = READER_CONSTANTS.SCARD_SHARE_EXCLUSIVE;
  readonly SCARD_SHARE_SHARED = READER_CONSTANTS.SCARD_SHARE_SHARED;
  readonly SCARD_SHARE_DIRECT = READER_CONSTANTS.SCARD_SHARE_DIRECT;
  readonly SCARD_PROTOCOL_T0 = READER_CONSTANTS.SCARD_PROTOCOL_T0;
  readonly SCARD_PROTOCOL_T1 = READER_CONSTANTS.SCARD_PROTOCOL_T1;
  readonly SCARD_LEAVE_CARD = READER_CONSTANTS.SCARD_LEAVE_CARD;
  readonly SCARD_RESET_CARD = READER_CONSTANTS.SCARD_RESET_CARD;
  readonly SCARD_UNPOWER_CARD = READER_CONSTANTS.SCARD_UNPOWER_CARD;
  readonly SCARD_EJECT_CARD = READER_CONSTANTS.SCARD_EJECT_CARD;
  readonly SCARD_PROTOCOL_RAW: number;
  readonly IOCTL_CCID_ESCAPE: number;
  readonly #winscard: Winscard;
  #context: Handle | undefined;
  #card: Handle | undefined;
  #isFirstReport = true;
  #closed: Promise<void> | undefined;
  #tail: Promise<void> = Promise.resolve();

  constructor(name: string, winscard: Winscard, isInitial: boolean) {
    super();
    this.name = name;
    this.isInitial = isInitial;
    this.#winscard = winscard;
    const isWindows = winscard.platform === 'win32';
    this.SCARD_PROTOCOL_RAW = isWindows ? 0x10000 : 4;
    this.IOCTL_CCID_ESCAPE = this.SCARD_CTL_CODE(isWindows ? 3500 : 1);
  }

  /** The system's number of a control command. */
  SCARD_CTL_CODE(code: number): number {
    return controlCode(this.#winscard.platform, code);
  }

  /** Connects the card that is there. A connection that exists is renewed: the card may have been reset. */
  connect(options: ConnectOptions | Callback<number>, callback?: Callback<number>): void {
    const given = typeof options === 'function' ? {} : options;
    const done = typeof options === 'function' ? options : (callback ?? ignore);
    const { SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1 } = READER_CONSTANTS;
    const shareMode = given.share_mode ?? SCARD_SHARE_EXCLUSIVE;
    const protocols =
      given.protocol ?? (shareMode === READER_CONSTANTS.SCARD_SHARE_DIRECT ? 0 : SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1);
    this.#run('SCardConnect', () => this.#connect(shareMode, protocols), (error, protocol) => {
      if (error !== null) this.emit('connectFailed', error);
      done(error, protocol);
    });
  }

  /** Gives the card up. Whatever the system says to that, the connection is gone. */
  disconnect(disposition: number | Callback<undefined>, callback?: Callback<undefined>): void {
    const { SCARD_UNPOWER_CARD } = READER_CONSTANTS;
    const how = typeof disposition === 'function' ? SCARD_UNPOWER_CARD : disposition;
    const done = typeof disposition === 'function' ? disposition : (callback ?? ignore);
    this.#run('SCardDisconnect', () => this.#disconnect(how), done);
  }

  /** Sends an APDU. `maxLength`: bytes of the answer at most, with its status word. */
  transmit(data: Uint8Array, maxLength: number, protocol: number, callback: Callback<Buffer>): void {
    this.#withCard('SCardTransmit', (card) => this.#winscard.transmit(card, protocol, data, maxLength), callback, toBuffer);
  }

  /** Sends a command to the reader itself. */
  control(data: Uint8Array, code: number, maxLength: number, callback: Callback<Buffer>): void {
    this.#withCard('SCardControl', (card) => this.#winscard.control(card, code, data, maxLength), callback, toBuffer);
  }

  /** An addition: keeps other programs from the card, after those that have it now. */
  beginTransaction(callback: Callback<undefined>): void {
    this.#withCard('SCardBeginTransaction', (card) => this.#winscard.beginTransaction(card), callback, same);
  }

  /** An addition: lets other programs to the card, which stays as it is. */
  endTransaction(callback: Callback<undefined>): void {
    const { SCARD_LEAVE_CARD } = READER_CONSTANTS;
    this.#withCard('SCardEndTransaction', (card) => this.#winscard.endTransaction(card, SCARD_LEAVE_CARD), callback, same);
  }

  /** Takes a report of the service. For the owner of the readers only. */
  update(report: ReaderReport): void {
    const state = report.state & ~ReaderState.changed;
    if (state === this.state && !this.#isFirstReport) return;
    const isPresent = (state & ReaderState.present) !== 0;
    if (this.#isFirstReport) this.cardWasThere = this.isInitial && isPresent;
    // A card that was changed for another, or lifted and laid back, between two looks.
    else if (isPresent && this.#cardsHandled(state)) this.#tell((state & ~ReaderState.present) | ReaderState.empty);
    if (!isPresent) this.cardWasThere = false;
    this.#isFirstReport = false;
    this.#tell(state, isPresent ? report.atr : undefined);
  }

  /** Gives the card back, and lets everything fail that comes later. Resolves when nothing is under way any more. */
  close(): Promise<void> {
    this.#closed ??= this.#enqueue(async () => {
      await this.#disconnect(READER_CONSTANTS.SCARD_LEAVE_CARD);
      await this.#releaseContext();
    });
    return this.#closed;
  }

  #tell(state: number, atr?: Bytes): void {
    if ((state & ReaderState.present) === 0) this.cardWasThere = false;
    this.emit('status', { state, ...(atr === undefined || atr.length === 0 ? {} : { atr: toBuffer(atr) }) });
    // Listeners compare it with the one before.
    this.state = state;
  }

  #cardsHandled(state: number): boolean {
    const wasPresent = (this.state & ReaderState.present) !== 0;
    return wasPresent && state >>> 16 !== this.state >>> 16;
  }

  async #connect(shareMode: number, protocols: number): Promise<Answer<number>> {
    if (this.#card !== undefined) {
      const { SCARD_LEAVE_CARD } = READER_CONSTANTS;
      const renewed = await this.#winscard.reconnect(this.#card, shareMode, protocols, SCARD_LEAVE_CARD);
      if (renewed.ok) return renewed;
      await this.#disconnect(SCARD_LEAVE_CARD);
    }
    if (this.#context === undefined) {
      const context = await this.#winscard.establishContext();
      if (!context.ok) return context;
      this.#context = context.value;
    }
    const connection = await this.#winscard.connect(this.#context, this.name, shareMode, protocols);
    if (!connection.ok) return connection;
    this.#card = connection.value.card;
    this.connected = true;
    return success(connection.value.protocol);
  }

  async #disconnect(disposition: number): Promise<Answer<undefined>> {
    const card = this.#card;
    this.#card = undefined;
    this.connected = false;
    // Its code tells nothing that could be acted on: card, reader or service may be gone already.
    if (card !== undefined) await this.#winscard.disconnect(card, disposition);
    return success(undefined);
  }

  async #releaseContext(): Promise<void> {
    const context = this.#context;
    this.#context = undefined;
    if (context !== undefined) await this.#winscard.releaseContext(context);
  }

  #withCard<Value, Given>(
    call: string,
    task: (card: Handle) => Promise<Answer<Value>>,
    callback: Callback<Given>,
    give: (value: Value) => Given,
  ): void {
    const attempt = async (): Promise<Answer<Given>> => {
      if (this.#card === undefined) return failure(PcscCode.invalidHandle);
      const answer = await task(this.#card);
      return answer.ok ? success(give(answer.value)) : answer;
    };
    this.#run(call, attempt, callback);
  }

  #run<Value>(
    call: string,
    task: () => Promise<Answer<Value>>,
    callback: (error: PcscLiteError | null, value?: Value) => void,
  ): void {
    if (this.#closed !== undefined) {
      queueMicrotask(() => callback(new PcscLiteError(CLOSED)));
      return;
    }
    void this.#enqueue(async () => {
      const outcome = await attempt(call, task);
      // Out of the queue, and out of its promises: what a callback throws is nobody's here.
      setImmediate(() => {
        if (outcome.ok) callback(null, outcome.value);
        else callback(outcome.error);
      });
    });
  }

  /** Tasks do not reject. */
  #enqueue(task: () => Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(task);
    return this.#tail;
  }
}

/** A call that could not even be made (too many at once) fails like one that was refused. */
async function attempt<Value>(call: string, task: () => Promise<Answer<Value>>): Promise<Result<Value, PcscLiteError>> {
  try {
    const answer = await task();
    return answer.ok ? answer : failure(new PcscLiteError(describeCode(call, answer.error), answer.error));
  } catch (error) {
    return failure(new PcscLiteError(`${call}: ${messageOf(error)}`));
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes);
}

function same<Value>(value: Value): Value {
  return value;
}

function ignore(): void {
  // Without a callback nobody wants to know.
}
