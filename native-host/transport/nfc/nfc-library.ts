import type { CardReader } from '../../pcsclite/card-reader.ts';
import type { PcscLite } from '../../pcsclite/pcsclite.ts';

/** The part of a reader of nfc-pcsc that is used. Its promises reject with errors that have the binding's as `previous`. */
export interface NfcReader {
  readonly name: string;
  autoProcessing: boolean;
  /** The binding's own reader: here, our drop-in's. */
  readonly reader: CardReader;
  /** Set while a card is connected. `protocol` is 1 for T=0, 2 for T=1. */
  readonly connection: { readonly protocol: number } | null;
  /** `card`: a card is there and connected. `card.off`: it was taken away. `end`: the reader is gone. */
  on(event: 'card' | 'card.off' | 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  transmit(data: Buffer, responseMaxLength: number): Promise<Buffer>;
}

/** The part of nfc-pcsc's main object that is used. */
export interface Nfc {
  /** The binding: here, our drop-in. */
  readonly pcsc: PcscLite;
  on(event: 'reader', listener: (reader: NfcReader) => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  close(): void;
}

/** The part of nfc-pcsc that is used. */
export interface NfcLibrary {
  readonly NFC: new () => Nfc;
}
