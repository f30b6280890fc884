import type { HostStatus } from '../../shared/wire/ui.ts';

/** The host cannot be used, and why. */
export type HostUnavailable = Extract<HostStatus, { status: 'unavailable' }>;
type Problem = HostUnavailable['problem'];

/** What the browsers say when a native port ends, measured in Chromium and Firefox. The first that fits counts. */
const PROBLEM_TEXTS: readonly (readonly [RegExp, Problem])[] = [
  [/native messaging host not found/i, 'notInstalled'],
  // Firefox says the same for an add-on that is not in `allowed_extensions`.
  [/no such native application/i, 'notInstalled'],
  [/disabled by the system administrator/i, 'blockedByPolicy'],
  [/host is forbidden/i, 'notAllowed'],
  [/failed to start native messaging host/i, 'failedToStart'],
  // Firefox: the manifest is there, the program that it names is not.
  [/an unexpected error occurred/i, 'failedToStart'],
];

/**
 * Says what the end of a native port means.
 *
 * @param detail the browser's text, empty when it gave none.
 * @param wasReady the host had answered `host.hello` before.
 */
export function describeDisconnect(detail: string, wasReady: boolean): HostUnavailable {
  const known = PROBLEM_TEXTS.find(([text]) => text.test(detail))?.[1];
  const problem = wasReady ? 'crashed' : (known ?? 'failedToStart');
  return { status: 'unavailable', problem, detail: detail.slice(0, 1024) };
}
