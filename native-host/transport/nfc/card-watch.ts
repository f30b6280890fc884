import { PcscCode, ReaderState } from '../../pcsclite/constants.ts';
import type { Nfc, NfcReader } from './nfc-library.ts';
import { ReaderCard } from './reader-card.ts';

/** A card that may be a key. */
export interface SeenCard {
  readonly id: string;
  readonly readerName: string;
  readonly card: ReaderCard;
  /** It lay there before anybody looked. */
  readonly wasThere: boolean;
}

/** What a watch tells. */
export interface CardObserver {
  /** A card came, or was there from the start. It is connected, unless another program has it for itself. */
  readonly arrived: (seen: SeenCard) => void;
  readonly left: (seen: SeenCard) => void;
}

/** Milliseconds between tries to connect a card that does not answer: at the edge of the field it may yet do. */
const RETRY = 300;
const MAX_RETRIES = 10;

/** Follows the cards on all readers of an nfc-pcsc object, which belongs to the watch from then on. */
export class CardWatch {
  readonly #nfc: Nfc;
  readonly #observer: CardObserver;
  readonly #newId: (readerName: string) => string;
  #isClosed = false;

  /** @param ignore whether a reader, given by its name, is not even connected. */
  constructor(nfc: Nfc, newId: (readerName: string) => string, ignore: (readerName: string) => boolean, observer: CardObserver) {
    this.#nfc = nfc;
    this.#newId = newId;
    this.#observer = observer;
    nfc.pcsc.ignore = ignore;
    nfc.on('reader', (reader) => this.#follow(reader));
    // `Transport.status` tells what is wrong; the binding tries again by itself.
    nfc.on('error', () => undefined);
  }

  /** Ends the watch; resolves when no call to the service is under way any more. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#nfc.close();
    return this.#nfc.pcsc.closed;
  }

  #follow(reader: NfcReader): void {
    // It would read the number of a tag, and disturb the card with that.
    reader.autoProcessing = false;
    let current: SeenCard | undefined;
    let retries = 0;
    const arrive = (): void => {
      leave();
      const card = new ReaderCard(reader);
      const { name: readerName } = reader;
      current = { id: this.#newId(readerName), readerName, card, wasThere: reader.reader.cardWasThere };
      this.#observer.arrived(current);
    };
    const leave = (): void => {
      const seen = current;
      current = undefined;
      if (seen === undefined) return;
      seen.card.left();
      this.#observer.left(seen);
    };
    reader.on('card', arrive);
    reader.on('card.off', leave);
    reader.on('end', leave);
    // A failed call tells its caller.
    reader.on('error', () => undefined);
    reader.reader.on('status', () => {
      retries = 0;
    });
    reader.reader.on('connectFailed', ({ code }) => {
      if (current !== undefined) return;
      if (code === PcscCode.sharingViolation) {
        arrive();
      } else if (retries < MAX_RETRIES) {
        retries += 1;
        setTimeout(() => void tryAgain(), RETRY);
      }
    });
    const tryAgain = async (): Promise<void> => {
      const isPresent = (reader.reader.state & ReaderState.present) !== 0;
      if (current !== undefined || !isPresent || this.#isClosed) return;
      try {
        await reader.connect();
      } catch {
        // "connectFailed" was told of it.
        return;
      }
      arrive();
    };
  }
}
