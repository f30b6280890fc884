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
