import type { Result } from '../../../shared/bytes/result.ts';
import { listReaders } from '../../pcsclite/list-readers.ts';
import {
  type Device,
  type DeviceDescriptor,
  type DeviceListener,
  type Transport,
  type TransportError,
  TransportKind,
  TransportProblem,
  type TransportStatus,
} from '../device.ts';
import { transportFailure } from '../errors.ts';
import { within } from '../signals.ts';
import { APDU_LIMIT } from './attempt.ts';
import { CardWatch, type SeenCard } from './card-watch.ts';
import { type KeyAbilities, NfcDevice } from './nfc-device.ts';
import type { NfcLibrary } from './nfc-library.ts';
import { isLeftToUsb } from './security-key-readers.ts';

/** Settings of the transport; the defaults serve every key that is known. */
export interface PcscOptions {
  readonly load?: () => Promise<NfcLibrary>;
  /** `extended`: one APDU for each request instead of chained short ones. */
  readonly form?: 'short' | 'extended';
  /** `never`: NFCCTAP_GETRESPONSE is not used; a card cannot tell then what it waits for. */
  readonly polling?: 'auto' | 'never';
  /** Milliseconds that one APDU may take. */
  readonly apduLimit?: number;
  /** What can be used over USB, and needs no reader. */
  readonly usb?: UsbKeys;
}

/** The keys that can be used over USB. */
export interface UsbKeys {
  /** Their names, as last seen. */
  readonly usableKeys: readonly string[];
  /** Looks once. */
  look(): Promise<unknown>;
}

const NO_USB_KEYS: UsbKeys = { usableKeys: [], look: () => Promise.resolve() };

/** A card with the FIDO applet, or one that another program keeps to itself. */
interface Candidate extends SeenCard {
  isAnnounced: boolean;
  /** What it takes, once that was found out. */
  abilities?: KeyAbilities;
}

/** Milliseconds that a reader has to connect a card. */
const CONNECT_LIMIT = 10_000;

const NO_READER = 'No reader for NFC or smart cards is connected.';
const HANGS = 'The PC/SC service does not answer.';

/** Keys on NFC and smart card readers, through nfc-pcsc on our own binding; both are loaded at their first use. */
export class PcscTransport implements Transport {
  readonly kind = TransportKind.nfc;
  readonly #options: Required<PcscOptions>;
  readonly #listeners = new Set<DeviceListener>();
  readonly #candidates = new Map<string, Candidate>();
  #watch: Promise<CardWatch | undefined> | undefined;
  /** The end of the last watch, and of all calls that it made. */
  #lastEnd: Promise<void> = Promise.resolve();
  /** The look at the service that is being taken, and the calls that it makes: they may last longer. */
  #status: Promise<TransportStatus> | undefined;
  #statusCalls: Promise<void> | undefined;
  readonly #openIds = new Set<string>();
  #cardsSeen = 0;

  constructor(options: PcscOptions = {}) {
    this.#options = { load: () => import('nfc-pcsc'), form: 'short', polling: 'auto', apduLimit: APDU_LIMIT, usb: NO_USB_KEYS, ...options };
  }

  /** See `Transport.status`: `unavailable` without library, service or reader, `timeout` while the service hangs. */
  status(): Promise<TransportStatus> {
    this.#status ??= this.#look().finally(() => {
      this.#status = undefined;
    });
    return this.#status;
  }

  async #look(): Promise<TransportStatus> {
    // A look holds a thread while the service hangs; one is enough.
    if (this.#statusCalls !== undefined) return unavailable(HANGS, TransportProblem.timeout);
    const readers = await listReaders({
      onCalls: (end) => {
        const forget = (): void => {
          this.#statusCalls = undefined;
        };
        this.#statusCalls = end.then(forget, forget);
      },
    });
    if (!readers.ok) {
      const { problem, detail } = readers.error;
      if (problem === 'timeout') return unavailable(detail, TransportProblem.timeout);
      return unavailable(problem === 'noReaders' ? NO_READER : detail);
    }
    await this.#options.usb.look();
    return readers.value.every((name) => this.#isLeftToUsb(name)) ? unavailable(NO_READER) : { available: true };
  }

  /** See `Transport.watch`. A card without the FIDO applet is not reported. */
  watch(listener: DeviceListener): () => void {
    this.#listeners.add(listener);
    this.#startWatch();
    for (const candidate of this.#candidates.values()) {
      queueMicrotask(() => {
        if (candidate.isAnnounced && this.#listeners.has(listener)) listener.added(describe(candidate, true));
      });
    }
    return () => {
      this.#listeners.delete(listener);
      this.#endIdleWatch();
    };
  }

  /** See `Transport.open`. */
  async open(id: string, signal: AbortSignal): Promise<Result<Device, TransportError>> {
    const candidate = this.#candidates.get(id);
    if (candidate === undefined) return fail(TransportProblem.disconnected, 'There is no such card.');
    if (this.#openIds.has(id)) return fail(TransportProblem.busy, 'The key is open already.');
    this.#openIds.add(id);
    return this.#openDevice(candidate, signal, () => {
      this.#openIds.delete(id);
      this.#endIdleWatch();
    });
  }

  /**
   * Ends everything. False when calls to the service are still under way after that many milliseconds: such a process
   * cannot end by itself.
   */
  async end(milliseconds: number): Promise<boolean> {
    this.#listeners.clear();
    this.#openIds.clear();
    this.#endIdleWatch();
    const idle = Promise.all([this.#lastEnd, this.#statusCalls]).then(() => true);
    return (await within(idle, milliseconds, [])) ?? false;
  }

  async #openDevice(
    candidate: Candidate,
    signal: AbortSignal,
    onClose: () => void,
  ): Promise<Result<NfcDevice, TransportError>> {
    const { card, abilities } = candidate;
    if (!card.isConnected) {
      const renewal = card.renew();
      const renewed = await within(renewal, CONNECT_LIMIT, [signal]);
      if (renewed === undefined) {
        // The reader hangs, and the card stays taken until it does not.
        void renewal.then(onClose);
        return fail(signal.aborted ? TransportProblem.cancelled : TransportProblem.busy, 'The card cannot be connected: the reader does not answer.');
      }
      if (!renewed.ok) {
        onClose();
        const problem = renewed.error.problem === 'removed' ? TransportProblem.disconnected : TransportProblem.busy;
        return fail(problem, `The card cannot be connected; another program may be using it. ${renewed.error.detail}`);
      }
    }
    const { form, polling, apduLimit } = this.#options;
    let device: NfcDevice | undefined;
    const opened = await NfcDevice.open(card, {
      descriptor: describe(candidate, false),
      form,
      polling,
      apduLimit,
      ...(abilities === undefined ? {} : { abilities }),
      signal,
      onClose: () => {
        if (device !== undefined) candidate.abilities = device.abilities;
        onClose();
      },
    });
    if (opened.ok) {
      device = opened.value;
      candidate.abilities = device.abilities;
    }
    return opened;
  }

  #startWatch(): void {
    this.#watch ??= this.#createWatch();
  }

  async #createWatch(): Promise<CardWatch | undefined> {
    // A watch that the service does not let go of holds a thread: there is never more than one.
    await this.#lastEnd;
    if (this.#listeners.size === 0) return undefined;
    try {
      const { NFC } = await this.#options.load();
      await this.#options.usb.look();
      return new CardWatch(new NFC(), (name) => this.#newId(name), (name) => this.#isLeftToUsb(name), {
        arrived: (seen) => void this.#arrived(seen),
        left: (seen) => this.#left(seen),
      });
    } catch {
      // Without the package there are no cards; `status` tells why.
      return undefined;
    }
  }

  #isLeftToUsb(readerName: string): boolean {
    return isLeftToUsb(readerName, this.#options.usb.usableKeys);
  }

  #newId(readerName: string): string {
    this.#cardsSeen += 1;
    return `nfc:${readerName}:${this.#cardsSeen.toString()}`;
  }

  async #arrived(seen: SeenCard): Promise<void> {
    const candidate: Candidate = { ...seen, isAnnounced: false };
    this.#candidates.set(seen.id, candidate);
    if (!(await this.#isKey(candidate))) {
      await seen.card.release();
      return;
    }
    if (!this.#candidates.has(seen.id)) return;
    candidate.isAnnounced = true;
    for (const listener of [...this.#listeners]) listener.added(describe(seen, seen.wasThere));
  }

  /** A card that another program has is reported if it was laid down now: the user means it. Opening it tells more. */
  async #isKey(candidate: Candidate): Promise<boolean> {
    if (!candidate.card.isConnected) return !candidate.wasThere;
    const opened = await this.#openDevice(candidate, new AbortController().signal, () => undefined);
    if (opened.ok) await opened.value.close();
    return opened.ok;
  }

  #left(seen: SeenCard): void {
    const candidate = this.#candidates.get(seen.id);
    this.#candidates.delete(seen.id);
    if (candidate?.isAnnounced !== true) return;
    for (const listener of [...this.#listeners]) listener.removed(seen.id);
  }

  /** The cards stay connected, and so keep their power, while somebody watches or has one open. */
  #endIdleWatch(): void {
    if (this.#listeners.size > 0 || this.#openIds.size > 0 || this.#watch === undefined) return;
    const ending = this.#watch;
    this.#watch = undefined;
    this.#candidates.clear();
    this.#lastEnd = ending.then((watch) => watch?.close());
  }
}

function describe({ id, readerName }: SeenCard, presentBefore: boolean): DeviceDescriptor {
  return { id, transport: TransportKind.nfc, productName: readerName, presentBefore };
}

function unavailable(detail: string, problem: TransportProblem = TransportProblem.unavailable): TransportStatus {
  return { available: false, problem, detail };
}

function fail(problem: TransportProblem, detail: string): Result<never, TransportError> {
  return transportFailure(TransportKind.nfc, problem, detail);
}
