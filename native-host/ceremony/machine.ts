import { advance } from './device-race.ts';
import { onDeviceAdded, onDeviceDenied, onDeviceRemoved, onRetryDue, onTransportsChecked } from './device-arrivals.ts';
import { type Draft, fail, findDevice, patchDevice } from './draft.ts';
import type { DeviceRecord, MachineInput, MachineState, MachineStep } from './machine-types.ts';
import { onOperationFailed } from './operation-failures.ts';
import { onOperationResult } from './operation-results.ts';
import { projectState } from './projection.ts';
import type { CeremonyRequest } from './request.ts';
import { onCardChosen, onCredentialSelected, onNewPinSubmitted, onPinSubmitted, wantsInput } from './user-inputs.ts';

/**
 * The ceremony as a pure machine: time, keys and the user are inputs, and what is to be done are effects. Nothing asks
 * a key for presence before the prompt is visible; every path ends by the deadline at the latest; after the end there
 * are no effects.
 */

/** Begins a ceremony. `promptVisible`: a key may be asked for presence at once. */
export function startMachine(request: CeremonyRequest, promptVisible: boolean): MachineStep {
  const state: MachineState = {
    request,
    promptVisible,
    devices: [],
    selected: undefined,
    transportProblems: [],
    nextOp: 1,
    ended: undefined,
    published: undefined,
  };
  const draft: Draft = { ...state, effects: [{ type: 'startTimer', milliseconds: request.timeout }] };
  return complete(draft);
}

/** Takes one input: the state after it, and what is to be done. Inputs that do not fit the state change nothing. */
export function stepMachine(state: MachineState, input: MachineInput): MachineStep {
  if (state.ended !== undefined) return { state, effects: [] };
  const draft: Draft = { ...state, effects: [] };
  apply(draft, input);
  advance(draft);
  return complete(draft);
}

function apply(draft: Draft, input: MachineInput): void {
  switch (input.type) {
    case 'promptVisible':
      draft.promptVisible = true;
      break;
    case 'pinSubmitted':
      if (wantsInput(draft, input)) onPinSubmitted(draft, input.pin);
      break;
    case 'newPinSubmitted':
      if (wantsInput(draft, input)) onNewPinSubmitted(draft, input.pin);
      break;
    case 'credentialSelected':
      onCredentialSelected(draft, input.index);
      break;
    case 'cardChosen':
      onCardChosen(draft, input.readerName);
      break;
    case 'deviceAdded':
      onDeviceAdded(draft, input.device);
      break;
    case 'deviceRemoved':
      onDeviceRemoved(draft, input.device);
      break;
    case 'retryDue':
      onRetryDue(draft, input.device);
      break;
    case 'deviceDenied':
      onDeviceDenied(draft, input.device, input.problem);
      break;
    case 'transportsChecked':
      onTransportsChecked(draft, input.problems, input.usable);
      break;
    case 'deadlinePassed':
      fail(draft, 'timeout', 'The time for the request has run out.');
      break;
    case 'aborted':
      fail(draft, input.failure.reason, input.failure.message);
      break;
    case 'presenceAsked': {
      const record = waitingFor(draft, input);
      const step = record?.step;
      if (record !== undefined && (step?.at === 'selecting' || step?.at === 'operating')) {
        patchDevice(draft, record, { step: { ...step, asked: true } });
      }
      break;
    }
    case 'operationFailed': {
      const record = waitingFor(draft, input);
      if (record !== undefined) onOperationFailed(draft, record, input.failure, input.detail);
      break;
    }
    default: {
      const record = waitingFor(draft, input);
      if (record?.step.at === 'cancelling') patchDevice(draft, record, { step: { at: 'ready' } });
      else if (record !== undefined) onOperationResult(draft, record, input);
    }
  }
}

/** The key that waits for this very operation: answers of a key that was dropped, or came again, are late. */
function waitingFor(draft: Draft, { device, op }: { device: string; op: number }): DeviceRecord | undefined {
  const record = findDevice(draft, device);
  return record !== undefined && 'op' in record.step && record.step.op === op ? record : undefined;
}

function complete({ effects, ...draft }: Draft): MachineStep {
  const projected = projectState(draft);
  if (JSON.stringify(projected) === JSON.stringify(draft.published)) return { state: draft, effects };
  const publish = { type: 'publish', state: projected } as const;
  // The last state comes before the result; any other after what the keys are asked to do.
  const ordered = draft.ended === undefined ? [...effects, publish] : [publish, ...effects];
  return { state: { ...draft, published: projected }, effects: ordered };
}
