/** One step of the demonstration as it is reported. `ms` is how long it took. */
export interface Step {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly detail: string;
}

/** Runs and reports the steps of the demonstration. */
export interface StepLog {
  readonly steps: readonly Step[];
  /**
   * Runs one step and reports it when it ends. `work` resolves with the detail to show.
   *
   * @throws what `work` throws, after having reported the step as failed: later steps make no sense then.
   */
  step(name: string, work: () => Promise<string>): Promise<void>;
}

/** Creates a log that prints each step as it ends. */
export function createStepLog(print: (line: string) => void): StepLog {
  const steps: Step[] = [];

  function report(step: Step): void {
    steps.push(step);
    print(`${step.ok ? 'ok    ' : 'FAILED'}  ${step.name.padEnd(34)} ${step.ms.toFixed(0).padStart(6)} ms  ${step.detail}`);
  }

  return {
    steps,
    async step(name, work) {
      const started = performance.now();
      try {
        const detail = await work();
        report({ name, ok: true, ms: performance.now() - started, detail });
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        report({ name, ok: false, ms: performance.now() - started, detail });
        throw error;
      }
    },
  };
}
