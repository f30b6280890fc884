/** How long to look for something, and how often. Milliseconds. */
export interface Deadline {
  readonly within: number;
  readonly every: number;
}

/**
 * Looks until there is something to see.
 *
 * @param what completes the sentence of the error when time is up.
 * @param look gives `undefined` as long as it is not there.
 */
export async function until<Value>(
  { within, every }: Deadline,
  what: string,
  look: () => Promise<Value | undefined>,
): Promise<Value> {
  const end = performance.now() + within;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > end) throw new Error(`Not within ${within.toString()} ms: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}
