import { createHash } from 'node:crypto';

import { type Bytes, concatBytes, copyBytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import type { Environment } from '../authenticator/environment.ts';

interface Timer {
  readonly at: number;
  readonly action: () => void;
}

/** A clock that stands still until it is advanced, and random numbers that are the same for the same seed. */
export class ManualEnvironment implements Environment {
  readonly #seed: string;
  #drawn = 0;
  #now = 1_000_000;
  #timers: Timer[] = [];

  constructor(seed = 'seed') {
    this.#seed = seed;
  }

  now(): number {
    return this.#now;
  }

  random(length: number): Bytes {
    const blocks: Bytes[] = [];
    for (let have = 0; have < length; have += 32) {
      blocks.push(copyBytes(createHash('sha256').update(encodeUtf8(`${this.#seed} ${this.#drawn.toString()}`)).digest()));
      this.#drawn += 1;
    }
    return concatBytes(...blocks).slice(0, length);
  }

  schedule(delay: number, action: () => void): () => void {
    const timer = { at: this.#now + delay, action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves the clock, running what falls due in the order in which it does. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((left, right) => left.at - right.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.action();
    }
    this.#now = end;
  }
}
