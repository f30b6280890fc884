/** Whether any of the signals has aborted. */
export function isAborted(signals: readonly AbortSignal[]): boolean {
  return signals.some(({ aborted }) => aborted);
}

/** Calls `listener` once when the first of the signals aborts, at once if one has. The returned function takes it back. */
export function onAbort(signals: readonly AbortSignal[], listener: () => void): () => void {
  if (isAborted(signals)) {
    listener();
    return () => undefined;
  }
  const stop = (): void => {
    for (const signal of signals) signal.removeEventListener('abort', once);
  };
  const once = (): void => {
    stop();
    listener();
  };
  for (const signal of signals) signal.addEventListener('abort', once);
  return stop;
}

/** Waits that many milliseconds; returns early when a signal aborts, which the caller then looks at itself. */
export function pause(milliseconds: number, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    let stop = (): void => undefined;
    const timer = setTimeout(() => {
      stop();
      resolve();
    }, milliseconds);
    stop = onAbort(signals, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** What `work` brings; `undefined` when that many milliseconds pass, or a signal aborts, before. No timer outlives the wait. */
export async function within<Value>(
  work: Promise<Value>,
  milliseconds: number,
  signals: readonly AbortSignal[],
): Promise<Value | undefined> {
  const over = new AbortController();
  try {
    return await Promise.race([work, pause(milliseconds, [...signals, over.signal]).then(() => undefined)]);
  } finally {
    over.abort();
  }
}

/** A bound in time. */
export interface Deadline {
  /** Aborts when the time is over, or one of the signals aborts. */
  readonly signal: AbortSignal;
  /** Takes the bound back: to be called when the work is over. */
  readonly end: () => void;
}

/**
 * Starts a bound of that many milliseconds. For use in the place of `AbortSignal.any` with `AbortSignal.timeout`: Node 20
 * holds the latter weakly there, so that it never fires once the garbage collector has seen it.
 */
export function startDeadline(milliseconds: number, signals: readonly AbortSignal[]): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), milliseconds);
  const stop = onAbort(signals, () => controller.abort());
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      stop();
    },
  };
}
