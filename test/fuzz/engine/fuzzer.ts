import { encodeHex } from '../../../shared/bytes/hex.ts';
import { TIME_LIMIT } from './bounds.ts';
import { Coverage, type CoverageFigures } from './coverage.ts';
import { minimise } from './minimise.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import { type FuzzInput, type FuzzTarget, mustHold } from './target.ts';

/** How long to search, and from where. */
export interface FuzzOptions {
  readonly seed: number;
  /** Inputs beside the seeds. */
  readonly runs?: number;
  readonly milliseconds?: number;
}

/** What a search found. `failure` is there when a property did not hold. */
export interface FuzzReport {
  readonly target: string;
  readonly seed: number;
  readonly runs: number;
  /** Inputs that reached something new. */
  readonly corpus: readonly FuzzInput[];
  readonly outcomes: ReadonlySet<string>;
  readonly coverage: CoverageFigures;
  readonly failure?: { readonly message: string; readonly input: FuzzInput };
}

/** Inputs between two looks at the coverage. */
const BATCH = 32;
const MAX_OUTCOMES = 500;

/** An input in the form in which a test can keep it: its byte strings in hexadecimal, with a space between. */
export function describeInput(input: FuzzInput): string {
  return input.map((field) => encodeHex(field) || '-').join(' ');
}

/**
 * Searches for an input with which the target's property does not hold, guided by coverage: an input that reaches code,
 * or an outcome, that none before reached is kept and changed further. The same seed and number of runs give the same
 * search.
 */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  return await new Search(target, options).run();
}

class Search {
  readonly #target: FuzzTarget;
  readonly #options: FuzzOptions;
  readonly #random: Random;
  readonly #coverage: Coverage;
  readonly #corpus: FuzzInput[] = [];
  readonly #outcomes = new Set<string>();
  #runs = 0;

  constructor(target: FuzzTarget, options: FuzzOptions) {
    this.#target = target;
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#coverage = new Coverage(target.covers);
  }

  async run(): Promise<FuzzReport> {
    const { runs = Infinity, milliseconds = Infinity, seed } = this.#options;
    const end = performance.now() + milliseconds;
    let failure: FuzzReport['failure'];
    try {
      for (const input of this.#target.seeds) await this.#batch([input]);
      while (this.#runs < runs && performance.now() < end) {
        await this.#batch(Array.from({ length: Math.min(BATCH, runs - this.#runs) }, () => this.#next()));
      }
    } catch (error) {
      if (!(error instanceof FoundFailure)) throw error;
      failure = { message: error.message, input: await minimise(error.input, async (input) => (await this.#kindOfFailure(input)) === error.kind) };
    }
    const coverage = this.#coverage.figures();
    this.#coverage.stop();
    return {
      target: this.#target.name,
      seed,
      runs: this.#runs,
      corpus: this.#corpus,
      outcomes: this.#outcomes,
      coverage,
      ...(failure === undefined ? {} : { failure }),
    };
  }

  #next(): FuzzInput {
    this.#runs += 1;
    const known = this.#corpus.length > 0 ? this.#corpus : [[]];
    // The newest finds are the least explored.
    const parent = this.#random.oneIn(3) ? this.#random.pick(known.slice(-8)) : this.#random.pick(known);
    return mutate(parent, this.#random.pick(known), this.#target.structures, this.#random);
  }

  async #batch(inputs: readonly FuzzInput[]): Promise<void> {
    for (const input of inputs) await this.#try(input);
    const fresh = this.#coverage.fresh();
    if (fresh.size > 0) await this.#attribute(inputs);
  }

  /** Finds which inputs of a batch reached something new, by running halves again. */
  async #attribute(inputs: readonly FuzzInput[]): Promise<void> {
    const [only] = inputs;
    if (only === undefined) return;
    for (const input of inputs) await this.#execute(input);
    const fresh = this.#coverage.fresh();
    if (fresh.size === 0) return;
    if (inputs.length === 1) {
      if (this.#coverage.keep(fresh)) this.#corpus.push(only);
      return;
    }
    const middle = inputs.length >> 1;
    await this.#attribute(inputs.slice(0, middle));
    await this.#attribute(inputs.slice(middle));
  }

  async #try(input: FuzzInput): Promise<void> {
    let outcome: string;
    try {
      outcome = await this.#timed(input);
    } catch (error) {
      throw new FoundFailure(error, input);
    }
    if (this.#outcomes.has(outcome) || this.#outcomes.size >= MAX_OUTCOMES) return;
    this.#outcomes.add(outcome);
    this.#corpus.push(input);
  }

  async #timed(input: FuzzInput): Promise<string> {
    const { outcome, time } = await this.#execute(input);
    if (time <= TIME_LIMIT) return outcome;
    // A busy machine is slow once; an input is slow each time.
    const again = [await this.#execute(input), await this.#execute(input)];
    mustHold(Math.min(...again.map((each) => each.time)) <= TIME_LIMIT, 'It takes too long.');
    return outcome;
  }

  async #execute(input: FuzzInput): Promise<{ readonly outcome: string; readonly time: number }> {
    const start = performance.now();
    const result = this.#target.run(input);
    const outcome = typeof result === 'string' ? result : await result;
    return { outcome, time: performance.now() - start };
  }

  async #kindOfFailure(input: FuzzInput): Promise<string | undefined> {
    try {
      await this.#timed(input);
      return undefined;
    } catch (error) {
      return kindOf(error);
    }
  }
}

class FoundFailure extends Error {
  readonly input: FuzzInput;
  readonly kind: string;

  constructor(cause: unknown, input: FuzzInput) {
    super(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause), { cause });
    this.input = input;
    this.kind = kindOf(cause);
  }
}

/** Failures are of one kind when they differ in numbers only. */
function kindOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replace(/\d+/g, '#');
}
