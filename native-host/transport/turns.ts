import { onAbort } from './signals.ts';

/** Lets tasks run one after the other, in the order in which they came. */
export class Turns {
  #tail: Promise<void> = Promise.resolve();

  /**
   * Runs `task` when those before it have ended; resolves with what it returns.
   *
   * @param onAbandoned what to return if one of `signals` aborts before the task's turn: the task does not run then.
   */
  async take<Value>(
    signals: readonly AbortSignal[],
    task: () => Promise<Value>,
    onAbandoned: () => Value,
  ): Promise<Value> {
    const before = this.#tail;
    const { promise: ended, resolve: end } = deferred();
    this.#tail = ended;
    const mayRun = await firstOf(before, signals);
    if (!mayRun) {
      // The others' order stays: the next one still waits for the one before this.
      void before.then(end);
      return onAbandoned();
    }
    try {
      return await task();
    } finally {
      end();
    }
  }

  /** Resolves when all tasks that have come so far have ended. */
  idle(): Promise<void> {
    return this.#tail;
  }
}

function firstOf(turn: Promise<void>, signals: readonly AbortSignal[]): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = onAbort(signals, () => resolve(false));
    void turn.then(() => {
      stop();
      resolve(true);
    });
  });
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
