import { copyBytes, type Bytes } from '../../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import { PcscCode } from '../../pcsclite/constants.ts';
import type { Callback } from '../../pcsclite/card-reader.ts';
import { within } from '../signals.ts';
import type { ApduFormat } from './apdu.ts';
import type { CardFailure, CardLink } from './card-link.ts';
import type { NfcReader } from './nfc-library.ts';

/** `SCARD_PROTOCOL_T0`. */
const PROTOCOL_T0 = 1;
const STATUS_LENGTH = 2;
/** Milliseconds within which a reader notices that its card is gone; pcscd asks simple readers every 400. */
const MISSED_WITHIN = 1000;

const REMOVED: CardFailure = { kind: 'card', problem: 'removed', detail: 'The card was taken away.' };

/** A card on a reader of nfc-pcsc, for as long as it stays there. */
export class ReaderCard implements CardLink {
  readonly gone: Promise<void>;
  readonly #reader: NfcReader;
  #leave: () => void = () => undefined;
  #isGone = false;

  constructor(reader: NfcReader) {
    this.#reader = reader;
    this.gone = new Promise((resolve) => {
      this.#leave = resolve;
    });
  }

  get protocol(): ApduFormat['protocol'] {
    return this.#reader.connection?.protocol === PROTOCOL_T0 ? 't0' : 't1';
  }

  get isConnected(): boolean {
    return !this.#isGone && this.#reader.connection !== null;
  }

  /** The card was taken away, or its reader. For the owner of the cards only. */
  left(): void {
    this.#isGone = true;
    this.#leave();
  }

  /** See `CardLink.transmit`. */
  transmit(apdu: Bytes, maxLength: number): Promise<Result<Bytes, CardFailure>> {
    return this.#call(async () => {
      const answer = await this.#reader.transmit(Buffer.from(apdu), maxLength);
      // What some drivers give for a card that is not there any more.
      if (answer.length < STATUS_LENGTH) throw new Error('The answer has no status word.');
      return copyBytes(answer);
    });
  }

  /** See `CardLink.begin`. */
  begin(): Promise<Result<undefined, CardFailure>> {
    return this.#call(() => promised((callback) => this.#reader.reader.beginTransaction(callback)));
  }

  /** See `CardLink.end`. */
  async end(): Promise<void> {
    // Should the card have gone meanwhile, the transaction has gone with it.
    await this.#call(() => promised((callback) => this.#reader.reader.endTransaction(callback)));
  }

  /** See `CardLink.renew`. */
  renew(): Promise<Result<undefined, CardFailure>> {
    return this.#call(async () => {
      await this.#reader.connect();
      return undefined;
    });
  }

  /** Lets other programs to the card; it may lose its power. */
  async release(): Promise<void> {
    if (!this.isConnected) return;
    await this.#call(() => this.#reader.disconnect());
  }

  async #call<Value>(task: () => Promise<Value>): Promise<Result<Value, CardFailure>> {
    if (this.#isGone) return failure(REMOVED);
    try {
      return success(await task());
    } catch (error) {
      const failed = cardFailure(error);
      // A card that is lifted in the middle of an answer fails first, and is missed only when the reader looks again.
      if (failed.problem !== 'failed') return failure(failed);
      const isMissed = this.gone.then(() => true);
      return failure((await within(isMissed, MISSED_WITHIN, [])) === true ? REMOVED : failed);
    }
  }
}

/** What an error of nfc-pcsc, or of the binding below it, says of the card. */
export function cardFailure(error: unknown): CardFailure {
  const inner = error instanceof Error && 'previous' in error ? error.previous : error;
  const code = inner instanceof Error && 'code' in inner ? inner.code : undefined;
  const detail = inner instanceof Error ? inner.message : String(inner);
  return { kind: 'card', problem: problemOf(code), detail };
}

function problemOf(code: unknown): CardFailure['problem'] {
  switch (code) {
    case PcscCode.resetCard:
    case PcscCode.unpoweredCard:
      return 'reset';
    case PcscCode.removedCard:
    case PcscCode.noSmartcard:
    case PcscCode.invalidHandle:
    case PcscCode.readerUnavailable:
    case PcscCode.unknownReader:
    // nfc-pcsc's own, when the card has just gone.
    case 'card_not_connected':
      return 'removed';
    case PcscCode.sharingViolation:
      return 'busy';
    default:
      return 'failed';
  }
}

function promised(call: (callback: Callback<undefined>) => void): Promise<undefined> {
  return new Promise((resolve, reject) => {
    call((error) => {
      if (error === null) resolve(undefined);
      else reject(error);
    });
  });
}
