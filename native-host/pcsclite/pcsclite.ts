import { EventEmitter } from 'node:events';

import { CardReader } from './card-reader.ts';
import { PcscCode, ReaderState } from './constants.ts';
import { describeCode, PcscLiteError } from './errors.ts';
import { type Handle, openWinscard, type ReaderReport, type Winscard, type WinscardOptions } from './winscard.ts';

interface PcscLiteEvents {
  reader: [CardReader];
  /** PC/SC cannot be used now; told once for each reason. It is tried again as long as that may help. */
  error: [PcscLiteError];
  /** An addition: the readers that were there from the start have all been told. */
  listed: [];
}

/** Milliseconds that one wait for a change lasts: a cancel that came too early is made up for by then. */
const WAIT = 2000;
/** Milliseconds between tries to reach a service that does not run, and after a wait that ended for nothing. */
const RETRY = 1000;
/** Milliseconds after which a service that does not answer is told of. */
const DEADLINE = 3000;
/** Milliseconds between cancels of a wait. */
const CANCEL_INTERVAL = 50;

/** Pseudo-reader whose state changes when a reader comes or goes. Source: SCardGetStatusChange, "Remarks". */
const PLUG_AND_PLAY = '\\\\?PnP?\\Notification';

/**
 * Watches the service, the readers and their cards. With one wait for all readers, and on a thread of Node's pool: no
 * call blocks the event loop, whatever state the service is in. The service may start, stop and start again.
 */
export class PcscLite extends EventEmitter<PcscLiteEvents> {
  readonly readers: Record<string, CardReader> = {};
  /** An addition: readers that are left alone altogether. Set it before the event loop goes on. */
  ignore: (name: string) => boolean = () => false;
  /** An addition: resolves after `close`, when no call is under way any more. */
  readonly closed: Promise<void>;
  readonly #options: WinscardOptions;
  readonly #leaving: Promise<void>[] = [];
  #isClosing = false;
  #wake: () => void = () => undefined;
  #toldCode: number | undefined;

  constructor(options: WinscardOptions = {}) {
    super();
    this.#options = options;
    // Listeners come first.
    this.closed = new Promise((resolve) => {
      setImmediate(() => void this.#run().then(resolve));
    });
  }

  /** Ends everything. See {@link closed}. */
  close(): void {
    this.#isClosing = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    if (this.#isClosing) return;
    const winscard = await openWinscard(this.#options);
    if (!winscard.ok) {
      // What is not installed does not come by itself.
      this.emit('error', new PcscLiteError(winscard.error.detail));
      return;
    }
    // Closing comes from outside, in the middle of a wait.
    while (!this.#closing()) {
      const failed = await this.#session(winscard.value);
      this.#dropReaders(Object.keys(this.readers));
      if (failed === undefined) break;
      this.#report(failed);
      await this.#pause(RETRY);
    }
    await Promise.all(this.#leaving);
    await winscard.value.idle();
  }

  /** Watches until the service goes away, which gives an error, or until it is enough. */
  async #session(winscard: Winscard): Promise<PcscLiteError | undefined> {
    const context = await this.#establish(winscard);
    if (!context.ok) return codeError('SCardEstablishContext', context.error);
    this.#toldCode = undefined;
    const failed = await this.#watch(winscard, context.value);
    await winscard.releaseContext(context.value);
    return failed;
  }

  async #establish(winscard: Winscard): ReturnType<Winscard['establishContext']> {
    const late = setTimeout(() => this.#report(codeError('SCardEstablishContext', PcscCode.timeout)), DEADLINE);
    const context = await winscard.establishContext();
    clearTimeout(late);
    return context;
  }

  async #watch(winscard: Winscard, context: Handle): Promise<PcscLiteError | undefined> {
    let isFirst = true;
    let notificationState: number = ReaderState.unaware;
    while (!this.#closing()) {
      const names = await winscard.listReaders(context);
      if (!names.ok) return codeError('SCardListReaders', names.error);
      if (this.#closing()) return undefined;
      let hasChanged = this.#follow(names.value.filter((name) => !this.ignore(name)), winscard, isFirst);
      if (isFirst) this.emit('listed');
      isFirst = false;
      const queries = Object.values(this.readers).map(({ name, state }) => ({ name, currentState: state }));
      const notification = { name: PLUG_AND_PLAY, currentState: notificationState };
      const reports = await this.#cancellable(winscard, context, () =>
        winscard.getStatusChange(context, WAIT, [...queries, notification]),
      );
      if (!reports.ok) {
        const { error } = reports;
        if (error === PcscCode.timeout || error === PcscCode.cancelled) continue;
        // A reader went away before the wait, or the system does not know the pseudo-reader.
        if (error !== PcscCode.unknownReader && error !== PcscCode.noReadersAvailable && error !== PcscCode.readerUnavailable) {
          return codeError('SCardGetStatusChange', error);
        }
      } else {
        for (const report of reports.value) {
          if (report.name === PLUG_AND_PLAY) notificationState = report.state & ~ReaderState.changed;
          else hasChanged = this.#pass(report) || hasChanged;
        }
      }
      // A wait that ends at once, again and again, must not become a busy loop.
      if (!hasChanged) await this.#pause(RETRY / 4);
    }
    return undefined;
  }

  /** Brings the readers in line with the names. True when one came or went. */
  #follow(names: readonly string[], winscard: Winscard, isFirst: boolean): boolean {
    const gone = Object.keys(this.readers).filter((name) => !names.includes(name));
    this.#dropReaders(gone);
    const come = names.filter((name) => this.readers[name] === undefined);
    for (const name of come) {
      const reader = new CardReader(name, winscard, isFirst);
      this.readers[name] = reader;
      this.emit('reader', reader);
    }
    return gone.length + come.length > 0;
  }

  #dropReaders(names: readonly string[]): void {
    for (const name of names) {
      const reader = this.readers[name];
      if (reader === undefined) continue;
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- nfc-pcsc hands this object out as it is
      delete this.readers[name];
      this.#leaving.push(reader.close());
      reader.emit('end');
      reader.removeAllListeners('status');
    }
  }

  #pass(report: ReaderReport): boolean {
    const reader = this.readers[report.name];
    if (reader === undefined) return false;
    const before = reader.state;
    reader.update(report);
    return reader.state !== before;
  }

  /** A cancel that comes before the wait has begun is lost, so it is repeated until the wait is over. */
  async #cancellable<Value>(winscard: Winscard, context: Handle, wait: () => Promise<Value>): Promise<Value> {
    let isOver = false;
    this.#wake = () => {
      void (async () => {
        while (!isOver) {
          await winscard.cancel(context);
          await new Promise((resolve) => setTimeout(resolve, CANCEL_INTERVAL));
        }
      })();
    };
    if (this.#isClosing) this.#wake();
    const value = await wait();
    isOver = true;
    this.#wake = () => undefined;
    return value;
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isClosing) {
        resolve();
        return;
      }
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #report(error: PcscLiteError): void {
    if (this.#isClosing || error.code === this.#toldCode) return;
    this.#toldCode = error.code;
    this.emit('error', error);
  }

  #closing(): boolean {
    return this.#isClosing;
  }
}

/** What nfc-pcsc calls. */
export function pcsclite(options?: WinscardOptions): PcscLite {
  return new PcscLite(options);
}

function codeError(call: string, code: number): PcscLiteError {
  return new PcscLiteError(describeCode(call, code), code);
}
