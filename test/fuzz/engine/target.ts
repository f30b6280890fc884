import type { Bytes } from '../../../shared/bytes/bytes.ts';

/** What a target is given: one or more byte strings, such as the packets of a message or the answers of a key. */
export type FuzzInput = readonly Bytes[];

/** Forms that mutations know the lengths and boundaries of. */
export type Structure = 'cbor' | 'der' | 'json';

/** Something that takes bytes from outside, and what must hold for all of them. */
export interface FuzzTarget {
  readonly name: string;
  /** What must hold, in words; `run` checks it. */
  readonly property: string;
  /** Files, or folders with a slash at the end, whose coverage guides the search; from the top of the repository. */
  readonly covers: readonly string[];
  readonly structures: readonly Structure[];
  readonly seeds: readonly FuzzInput[];
  /** Runs in `npm test`; {@link DEFAULT_RUNS} when absent. */
  readonly quickRuns?: number;
  /**
   * Gives the input to the code. An exception is a find, a violated property or a crash alike.
   *
   * @returns what came of it, in a word or two: an outcome that was not there before makes an input worth keeping.
   */
  readonly run: (input: FuzzInput) => string | Promise<string>;
}

/** Runs of a target in `npm test`. */
export const DEFAULT_RUNS = 1200;

/** Thrown by a target whose property does not hold. */
export class PropertyViolation extends Error {
  override readonly name = 'PropertyViolation';
}

/** @throws PropertyViolation unless `condition` holds. */
export function mustHold(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new PropertyViolation(rule);
}
