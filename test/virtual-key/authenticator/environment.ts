import { randomBytes } from 'node:crypto';

import { type Bytes, copyBytes } from '../../../shared/bytes/bytes.ts';

/** What the key takes from outside: time, chance and timers. Tests give their own and so get the same run every time. */
export interface Environment {
  /** Milliseconds; only differences matter, except in the command log. */
  now(): number;
  random(length: number): Bytes;
  /** Runs `action` after `delay` milliseconds, unless the returned function is called before. */
  schedule(delay: number, action: () => void): () => void;
}

/** The real clock, the real timers, the operating system's random numbers. */
export function systemEnvironment(): Environment {
  return {
    now: () => Date.now(),
    random: (length) => copyBytes(randomBytes(length)),
    schedule: (delay, action) => {
      const timer = setTimeout(action, delay);
      return () => clearTimeout(timer);
    },
  };
}
