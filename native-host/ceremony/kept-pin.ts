import { type Bytes, encodeUtf8 } from '../../shared/bytes/bytes.ts';

/**
 * The PIN of one key in one ceremony, kept while a token may have to be fetched again. Bytes, so that they can be
 * overwritten; the texts made of them live for one call.
 */
export class KeptPin {
  #bytes: Bytes | undefined;

  /** Keeps a PIN in the place of an earlier one. */
  keep(pin: string): void {
    this.forget();
    this.#bytes = encodeUtf8(pin);
  }

  /** The PIN as text; `undefined` when there is none. */
  reveal(): string | undefined {
    return this.#bytes === undefined ? undefined : new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.#bytes);
  }

  /** Overwrites it. Idempotent. */
  forget(): void {
    this.#bytes?.fill(0);
    this.#bytes = undefined;
  }
}
