import type { Bytes } from '../../../shared/bytes/bytes.ts';
import type { Result } from '../../../shared/bytes/result.ts';
import type { ApduFormat } from './apdu.ts';

/** Why a card could not be reached. */
export interface CardFailure {
  readonly kind: 'card';
  /**
   * `reset`: somebody reset it before the call; what it was told before is forgotten, and the call did not reach it.
   * `removed`: it is gone. `busy`: another program has it. `failed`: reader or service failed.
   */
  readonly problem: 'reset' | 'removed' | 'busy' | 'failed';
  readonly detail: string;
}

/** A connected card. Calls are carried out one after the other. None of them rejects. */
export interface CardLink {
  /** May change when the connection is renewed. */
  readonly protocol: ApduFormat['protocol'];
  /** Resolves when the card has gone. */
  readonly gone: Promise<void>;
  transmit(apdu: Bytes, maxLength: number): Promise<Result<Bytes, CardFailure>>;
  /** Keeps other programs from the card until `end`. */
  begin(): Promise<Result<undefined, CardFailure>>;
  end(): Promise<void>;
  /** Connects again, as after a reset. */
  renew(): Promise<Result<undefined, CardFailure>>;
}
