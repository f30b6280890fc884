/** Lets one after the other through. */
export interface Turns {
  /**
   * Waits for the turn, first come first served.
   *
   * @returns a function that ends the turn, or `undefined` when `signal` was aborted before it came.
   */
  take(signal: AbortSignal): Promise<(() => void) | undefined>;
}

/** Builds a line in which one at a time has its turn. */
export function createTurns(): Turns {
  const waiting: (() => void)[] = [];
  let taken = false;

  function release(): void {
    const next = waiting.shift();
    if (next === undefined) taken = false;
    else next();
  }

  function once(): () => void {
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      release();
    };
  }

  return {
    take(signal) {
      if (signal.aborted) return Promise.resolve(undefined);
      if (!taken) {
        taken = true;
        return Promise.resolve(once());
      }
      return new Promise((resolve) => {
        const start = (): void => {
          signal.removeEventListener('abort', leave);
          resolve(once());
        };
        const leave = (): void => {
          waiting.splice(waiting.indexOf(start), 1);
          resolve(undefined);
        };
        waiting.push(start);
        signal.addEventListener('abort', leave, { once: true });
      });
    },
  };
}
