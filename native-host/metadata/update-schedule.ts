import * as v from 'valibot';

import type { Files } from '../install/system.ts';

const HOUR = 3_600_000;
/** Milliseconds until the next look after a good one; the FIDO Alliance publishes about once a month. */
const REGULAR = 24 * HOUR;
/** Milliseconds until the next try after the first failure; doubled for each further one. */
const FIRST_RETRY = HOUR / 4;
const LAST_RETRY = 24 * HOUR;
const MAX_BYTES = 4096;

const schema = v.object({
  /** Another address starts anew. */
  url: v.string(),
  /** Milliseconds since 1970. */
  nextAttempt: v.number(),
  failures: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1000)),
  etag: v.exactOptional(v.string()),
  /** Number of the BLOB that `etag` is of. */
  no: v.exactOptional(v.number()),
});

/** When to look for a new BLOB; kept on disk, because hosts come and go with their browsers. */
export type UpdateState = Readonly<v.InferOutput<typeof schema>>;

/** Reads the state; for another address, or without one, an update is due at once. */
export async function readUpdateState(files: Files, file: string, url: string): Promise<UpdateState> {
  const fresh = { url, nextAttempt: 0, failures: 0 };
  const content = await files.read(file, MAX_BYTES);
  if (!content.ok) return fresh;
  try {
    const decoded = v.safeParse(schema, JSON.parse(new TextDecoder().decode(content.value)));
    return decoded.success && decoded.output.url === url ? decoded.output : fresh;
  } catch {
    // Whatever stands there was not written by us: an update is due.
    return fresh;
  }
}

/** The state after an update that went well, with the mark of what it brought. */
export function afterSuccess({ url }: UpdateState, now: number, mark: Pick<UpdateState, 'etag' | 'no'>): UpdateState {
  return { url, nextAttempt: now + REGULAR, failures: 0, ...mark };
}

/** The state after one that failed: the wait doubles, up to a day. */
export function afterFailure(state: UpdateState, now: number): UpdateState {
  const wait = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** Math.min(state.failures, 16));
  return { ...state, nextAttempt: now + wait, failures: Math.min(state.failures + 1, 1000) };
}

/**
 * Milliseconds until the next attempt. One that is further ahead than any is ever put off was written by a clock that
 * was wrong, and is due: a host lives for minutes, and would wait anew each time.
 */
export function untilNextAttempt({ nextAttempt }: UpdateState, now: number): number {
  const wait = nextAttempt - now;
  return wait > LAST_RETRY + HOUR ? 0 : Math.max(0, wait);
}
