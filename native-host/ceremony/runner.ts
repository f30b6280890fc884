import type { Result } from '../../shared/bytes/result.ts';
import type { DeviceProblem } from '../../shared/wire/ceremony-state.ts';
import type { DeviceDescriptor, TransportError } from '../transport/device.ts';
import { describeCommandError, operationFailureOf } from './error-map.ts';
import { deviceProblem, type KeyAccess } from './key-access.ts';
import { KeySession } from './key-session.ts';
import { withClock } from './operation-clock.ts';
import { startMachine, stepMachine } from './machine.ts';
import type { DeviceEffect, DeviceIdentity, MachineEffect, MachineInput } from './machine-types.ts';
import type { CeremonyFailure, CeremonyOutcome, CeremonyRequest, StateListener, UserInput } from './request.ts';
import { wantsInput } from './user-inputs.ts';

/** Milliseconds without any packet after which a key counts as stalled; a working key sends one every 100 or so. */
const STALL_TIMEOUT = 3000;

const MAX_PRODUCT_NAME = 256;

/** A ceremony that runs. */
export interface RunningCeremony {
  /** Settles exactly once, never rejects. */
  readonly outcome: Promise<Result<CeremonyOutcome, CeremonyFailure>>;
  /** Resolves after the outcome, when every key is given back. */
  readonly released: Promise<void>;
  /** Passes on what the person did; false when the ceremony does not want it now. */
  readonly input: (input: UserInput) => boolean;
  /** Ends it with the given failure; nothing happens when it has ended. */
  readonly abort: (failure: CeremonyFailure) => void;
}

/** What a ceremony is started with. */
export interface CeremonyOptions {
  readonly keys: KeyAccess;
  readonly promptVisible: boolean;
  readonly onState: StateListener;
  /** A fault of our own while a key was worked with; the ceremony ends as `internal`. */
  readonly onFault: (fault: unknown) => void;
}

interface OpenKey {
  readonly session: KeySession;
  /** Aborts the operation that runs now: there is one at a time. */
  readonly operation: AbortController;
}

/** Starts a ceremony: feeds the machine with time, keys and the user, and does what it says. */
export function startCeremony(request: CeremonyRequest, options: CeremonyOptions): RunningCeremony {
  const { keys, promptVisible, onState, onFault } = options;
  const open = new Map<string, OpenKey>();
  const closing: Promise<void>[] = [];
  const retries: NodeJS.Timeout[] = [];
  let settle: (result: Result<CeremonyOutcome, CeremonyFailure>) => void;
  let release: () => void;
  let timer: NodeJS.Timeout | undefined;
  const outcome = new Promise<Result<CeremonyOutcome, CeremonyFailure>>((resolve) => (settle = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));

  const inputs: MachineInput[] = [];
  let isStepping = true;
  let { state, effects } = startMachine(request, promptVisible);
  for (const effect of effects) perform(effect);
  drain();
  const stopWatching = keys.watch({
    added: (descriptor) => dispatch({ type: 'deviceAdded', device: identify(descriptor) }),
    removed: (device) => dispatch({ type: 'deviceRemoved', device }),
    denied: (descriptor, error) => dispatch({ type: 'deviceDenied', device: identify(descriptor), problem: problemOf(error) }),
  });
  void keys.summarise().then((summary) => dispatch({ type: 'transportsChecked', ...summary }), onBug);

  /** One step after the other: what an effect brings about at once, such as a cancel, comes after the other effects. */
  function dispatch(input: MachineInput): void {
    inputs.push(input);
    if (!isStepping) drain();
  }

  function drain(): void {
    isStepping = true;
    try {
      for (let next = inputs.shift(); next !== undefined; next = inputs.shift()) {
        ({ state, effects } = stepMachine(state, next));
        for (const effect of effects) perform(effect);
      }
    } finally {
      // Whatever fault ends this, the ceremony can still be brought to its end.
      isStepping = false;
    }
  }

  function perform(effect: MachineEffect): void {
    switch (effect.type) {
      case 'startTimer':
        timer = setTimeout(() => dispatch({ type: 'deadlinePassed' }), effect.milliseconds);
        break;
      case 'clearTimer':
        clearTimeout(timer);
        break;
      case 'publish':
        onState(effect.state);
        break;
      case 'finish':
        settle(effect.result);
        // The keys are given back by the effects that follow, in this same turn.
        queueMicrotask(end);
        break;
      case 'cancel':
        open.get(effect.device)?.operation.abort();
        break;
      case 'close':
        close(effect.device);
        break;
      case 'retryLater':
        retries.push(setTimeout(() => dispatch({ type: 'retryDue', device: effect.device }), effect.milliseconds));
        break;
      case 'keepPin':
        open.get(effect.device)?.session.keepPin(effect.pin);
        break;
      default:
        void execute(effect);
    }
  }

  async function execute(effect: DeviceEffect): Promise<void> {
    const { device, op } = effect;
    const session =
      open.get(device)?.session ??
      new KeySession(keys, request, () => dispatch({ type: 'deviceRemoved', device }));
    const operation = new AbortController();
    open.set(device, { session, operation });
    try {
      const work = session.execute(device, effect, {
        signal: operation.signal,
        stallTimeout: STALL_TIMEOUT,
        onKeepalive(status) {
          if (status === 'userPresenceNeeded') dispatch({ type: 'presenceAsked', device, op });
        },
      });
      const result = await withClock(effect, work, () => operation.abort());
      if (result === 'late') {
        dispatch({ type: 'operationFailed', device, op, failure: 'deviceError', detail: 'The key did not come to an end in time.' });
      } else if (result.ok) {
        dispatch({ ...result.value, device, op });
      } else {
        const detail = describeCommandError(result.error);
        dispatch({ type: 'operationFailed', device, op, failure: operationFailureOf(result.error), detail });
      }
    } catch (fault) {
      onBug(fault);
    }
  }

  function close(device: string): void {
    const key = open.get(device);
    if (key === undefined) return;
    open.delete(device);
    key.operation.abort();
    closing.push(key.session.close().catch(onFault));
  }

  function end(): void {
    stopWatching();
    for (const retry of retries) clearTimeout(retry);
    void Promise.all(closing).then(() => release());
  }

  function onBug(fault: unknown): void {
    onFault(fault);
    dispatch({ type: 'aborted', failure: { reason: 'internal', message: 'The host has a fault.' } });
  }

  return {
    outcome,
    released,
    input(input) {
      if (!wantsInput(state, input)) return false;
      dispatch(input);
      return true;
    },
    abort: (failure) => dispatch({ type: 'aborted', failure }),
  };
}

function identify({ id, transport, productName, presentBefore = false }: DeviceDescriptor): DeviceIdentity {
  return { id, transport, productName: productName.slice(0, MAX_PRODUCT_NAME), presentBefore };
}

function problemOf({ transport, problem, detail }: TransportError): DeviceProblem {
  return deviceProblem(transport, problem, detail);
}
