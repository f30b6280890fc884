import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { failure, type Result } from '../../../shared/bytes/result.ts';
import { onAbort } from '../signals.ts';
import type { CardFailure } from './card-link.ts';

/** Milliseconds that one APDU may take. Slow cards make a key for seconds; the reader keeps them alive and tells of a loss. */
export const APDU_LIMIT = 30_000;
/** Milliseconds that a card has to answer after a signal aborted. */
const CANCEL_GRACE = 500;

/** How a wait ended. */
export type AttemptOutcome<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  /** A signal aborted, and the card did not come to an end in time. */
  | { readonly kind: 'cancelled' }
  /** One APDU took too long. */
  | { readonly kind: 'silent' };

/** The bounds of one request: what is carried out after they are reached ends at the next APDU. */
export class Attempt {
  readonly #signals: readonly AbortSignal[];
  readonly #limit: number;
  #timer: NodeJS.Timeout | undefined;
  #isGivenUp = false;
  #answers = 0;

  /** @param limit milliseconds that one APDU may take. */
  constructor(signals: readonly AbortSignal[], limit: number) {
    this.#signals = signals;
    this.#limit = limit;
  }

  /** APDUs that the card has answered since {@link begin}. */
  get answers(): number {
    return this.#answers;
  }

  /** From now on the request itself is sent. */
  begin(): void {
    this.#answers = 0;
  }

  /** Sends one APDU, unless it is too late for that. */
  async transmit(send: () => Promise<Result<Bytes, CardFailure>>): Promise<Result<Bytes, CardFailure>> {
    if (this.#isGivenUp) return failure({ kind: 'card', problem: 'failed', detail: 'The request was given up.' });
    this.#timer?.refresh();
    const answer = await send();
    if (answer.ok) this.#answers += 1;
    return answer;
  }

  /** Resolves with what `work` brings, or when a bound is reached. To be called once. */
  orGivenUp<Value>(work: Promise<Value>): Promise<AttemptOutcome<Value>> {
    return new Promise((resolve, reject) => {
      let grace: NodeJS.Timeout | undefined;
      const end = (outcome: AttemptOutcome<Value>): void => {
        clearTimeout(this.#timer);
        clearTimeout(grace);
        this.#timer = undefined;
        stop();
        if (outcome.kind !== 'done') this.#isGivenUp = true;
        resolve(outcome);
      };
      this.#timer = setTimeout(() => end({ kind: 'silent' }), this.#limit);
      const stop = onAbort(this.#signals, () => {
        grace = setTimeout(() => end({ kind: 'cancelled' }), CANCEL_GRACE);
      });
      work.then((value) => end({ kind: 'done', value }), reject);
    });
  }
}
