import type { CeremonyState, DeviceProblem, DeviceSummary } from '../../shared/wire/ceremony-state.ts';
import type { DeviceRecord, MachineState } from './machine-types.ts';

/** Keys and problems that the wire carries at most. */
const MAX_DEVICES = 32;
const MAX_PROBLEMS = 16;

/** What the prompt is shown of a ceremony: everything it needs, and nothing else. */
export function projectState(state: Omit<MachineState, 'published'>): CeremonyState {
  if (state.ended !== undefined) {
    return state.ended.ok ? { state: 'succeeded' } : { state: 'failed', reason: state.ended.error.reason };
  }
  const { selected } = state;
  const chosen = state.devices.find(({ identity }) => identity.id === selected?.id);
  return chosen === undefined ? projectRace(state) : projectDevice(chosen);
}

function projectRace(state: Omit<MachineState, 'published'>): CeremonyState {
  const usable = state.devices.filter((record) => problemOf(record) === undefined);
  const known = usable.filter(({ facts }) => facts !== undefined);
  if (known.length > 1) {
    return { state: 'selectingDevice', devices: known.slice(0, MAX_DEVICES).map(summarise) };
  }
  const [only] = known.length > 0 ? known : usable;
  if (only !== undefined) return projectDevice(only);
  const problems: DeviceProblem[] = [...state.transportProblems];
  for (const record of state.devices) {
    const problem = problemOf(record);
    const isNews = !problems.some(({ transport, detail }) => transport === problem?.transport && detail === problem.detail);
    if (problem !== undefined && isNews) problems.push(problem);
  }
  return { state: 'waitingForDevice', problems: problems.slice(0, MAX_PROBLEMS) };
}

/** While a key is tried again, what stood in its way still counts. */
function problemOf({ step, facts, heldUpBy }: DeviceRecord): DeviceProblem | undefined {
  if (step.at === 'unusable') return step.problem;
  return facts === undefined ? heldUpBy : undefined;
}

function projectDevice(record: DeviceRecord): CeremonyState {
  const { step, pinReason, pinRetries, uvRetries, facts } = record;
  const device = summarise(record);
  const retries = typeof pinRetries === 'number' ? { pinRetries } : {};
  switch (step.at) {
    case 'selecting':
    case 'operating':
      return step.asked ? { state: 'needsPresence', device } : { state: 'processing', device };
    case 'verifyingUv':
      return { state: 'needsUv', ...(uvRetries === undefined ? {} : { uvRetries }), device };
    case 'needsPin':
      return { state: 'needsPin', reason: pinReason, ...retries, device };
    case 'needsNewPin': {
      const { problem } = step;
      const minLength = facts?.minPinLength ?? 4;
      return { state: 'needsNewPin', minLength, ...(problem === undefined ? {} : { problem }), device };
    }
    case 'needsReinsert':
      return { state: 'needsReinsert', reason: 'locked', ...retries, device };
    case 'needsTap':
      return { state: 'needsReinsert', reason: 'presentBefore', device };
    case 'choosing':
      return { state: 'selectingCredential', entries: step.accounts.map(({ entry }) => entry) };
    default:
      return { state: 'processing', device };
  }
}

function summarise({ identity: { transport, productName }, step }: DeviceRecord): DeviceSummary {
  return { transport, productName, ...(step.at === 'needsTap' ? { waitsForConsent: true } : {}) };
}
