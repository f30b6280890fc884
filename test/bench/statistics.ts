/** Median and tail of a series of measurements, in the unit of the measurements. */
export interface Summary {
  readonly median: number;
  readonly p95: number;
  readonly max: number;
  readonly count: number;
}

/** Summarises at least one measurement. */
export function summarise(values: readonly number[]): Summary {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { median: at(0.5), p95: at(0.95), max: at(1), count: sorted.length };
}

/** One line of text for a summary in milliseconds. */
export function formatSummary({ median, p95, max, count }: Summary): string {
  return `median ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, max ${max.toFixed(1)} ms (${count.toString()} runs)`;
}
