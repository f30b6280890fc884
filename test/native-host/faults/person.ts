import type { CeremonyState } from '../../../shared/wire/ceremony-state.ts';
import type { CeremonyOutcome, CeremonyRequest } from '../../../native-host/ceremony/request.ts';
import { type RunningCeremony, startCeremony } from '../../../native-host/ceremony/runner.ts';
import type { Host } from './host.ts';
import { PIN } from './scenarios.ts';

/** Milliseconds after which a ceremony counts as hanging. */
const PATIENCE = 12_000;
/** PINs that a person enters before giving up. */
const MAX_PINS = 3;

/** How a ceremony went. */
export interface Report {
  /** `ok`, the reason of the failure, or `hangs`. */
  readonly outcome: string;
  /** The person had to take the key out and put it back. */
  readonly replugs: number;
  readonly states: readonly CeremonyState[];
  readonly pinsEntered: number;
  /** What it brought. */
  readonly value: CeremonyOutcome | undefined;
  /** What must not be, in words. */
  readonly complaints: readonly string[];
}

/** Runs one ceremony with a person who does what the prompt asks for. `cancels` is told how to cancel in the prompt. */
export async function runCeremony(
  host: Host,
  request: CeremonyRequest,
  cancels: (cancel: () => void) => void = () => undefined,
): Promise<Report> {
  const states: CeremonyState[] = [];
  const complaints: string[] = [];
  let pinsEntered = 0;
  let replugs = 0;
  let wait: NodeJS.Timeout | undefined;
  const act = (action: () => Promise<unknown>): void => {
    void action().catch((fault: unknown) => complaints.push(String(fault)));
  };
  const react = (state: CeremonyState, running: RunningCeremony): void => {
    clearTimeout(wait);
    switch (state.state) {
      case 'waitingForDevice':
        wait = setTimeout(() => {
          replugs += 1;
          act(() => host.replug());
        }, host.params.arrival);
        break;
      case 'needsPin':
        pinsEntered += 1;
        if (pinsEntered > MAX_PINS) running.abort({ reason: 'cancelledByUser', message: 'Too many PINs.' });
        else running.input({ type: 'pinSubmitted', pin: PIN });
        break;
      case 'selectingCredential':
        running.input({ type: 'credentialSelected', index: 0 });
        break;
      case 'needsReinsert':
        if (state.reason === 'locked') replugs += 1;
        act(() => host.replug());
        break;
      default:
        break;
    }
  };
  const running: RunningCeremony = startCeremony(request, {
    keys: host.keys,
    promptVisible: true,
    onState(state) {
      states.push(state);
      // The person sees it a moment later; another state may have come by then.
      setImmediate(() => {
        if (states.at(-1) === state) react(state, running);
      });
    },
    onFault: (fault) => complaints.push(`a fault: ${String(fault)}`),
  });
  cancels(() => running.abort({ reason: 'cancelledByUser', message: 'Cancelled.' }));
  if (host.params.isLaidDown) await host.plug();

  const settled = await within(running.outcome, PATIENCE);
  if (settled === undefined) running.abort({ reason: 'timeout', message: 'The test gave up.' });
  clearTimeout(wait);
  if ((await within(running.released.then(() => true), PATIENCE)) === undefined) complaints.push('the key is not given back');
  if (host.transport.openKeys !== 0) complaints.push('the key is still open');
  const ends = states.filter(({ state }) => state === 'succeeded' || state === 'failed');
  if (ends.length !== 1 || ends[0] !== states.at(-1)) complaints.push('there is not exactly one end');
  const outcome = settled === undefined ? 'hangs' : settled.ok ? 'ok' : settled.error.reason;
  return { outcome, replugs, states, pinsEntered, value: settled?.ok === true ? settled.value : undefined, complaints };
}

async function within<Value>(promise: Promise<Value>, milliseconds: number): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
