import { success } from '../../shared/bytes/result.ts';
import { validateNewPin } from '../ctap2/pin-uv-auth/pin.ts';
import { beginOperation, type Draft, finish, moveDevice, patchDevice, selectDevice, selectedDevice } from './draft.ts';
import type { DeviceRecord, MachineState } from './machine-types.ts';
import type { UserInput } from './request.ts';

/** Whether a ceremony in this state waits for such an input. */
export function wantsInput(state: MachineState, input: UserInput): boolean {
  if (state.ended !== undefined) return false;
  const step = state.devices.find(({ identity }) => identity.id === state.selected?.id)?.step;
  switch (input.type) {
    case 'promptVisible':
      return true;
    case 'pinSubmitted':
      return step?.at === 'needsPin';
    case 'newPinSubmitted':
      return step?.at === 'needsNewPin';
    case 'credentialSelected':
      return step?.at === 'choosing' && step.accounts[input.index] !== undefined;
    case 'cardChosen':
      return findWaitingCard(state, input.readerName) !== undefined;
  }
}

/** The PIN goes on at once, as an effect; the state knows only that an answer is awaited. */
export function onPinSubmitted(draft: Draft, pin: string): void {
  const record = chosenByInput(draft);
  if (record?.step.at !== 'needsPin') return;
  if (record.facts?.forcePinChange === true) {
    draft.effects.push({ type: 'keepPin', device: record.identity.id, pin });
    patchDevice(draft, record, { changesPin: true, step: { at: 'needsNewPin', problem: 'policy' } });
    return;
  }
  beginOperation(draft, record, (op) => ({ at: 'verifyingPin', op }), { type: 'obtainToken', method: { pin } });
}

/** A new PIN that breaks a rule known beforehand never reaches the key. */
export function onNewPinSubmitted(draft: Draft, pin: string): void {
  const record = chosenByInput(draft);
  if (record?.step.at !== 'needsNewPin' || record.facts === undefined) return;
  const valid = validateNewPin(pin, record.facts.minPinLength, record.facts.maxPinLength);
  if (!valid.ok) {
    moveDevice(draft, record, { at: 'needsNewPin', problem: valid.error });
    return;
  }
  valid.value.fill(0);
  const change = record.changesPin;
  beginOperation(draft, record, (op) => ({ at: 'settingPin', op }), { type: 'setPin', pin, change });
}

/** Ends with the assertion of the account that was chosen. */
export function onCredentialSelected(draft: Draft, index: number): void {
  const step = selectedDevice(draft)?.step;
  const account = step?.at === 'choosing' ? step.accounts[index] : undefined;
  if (account !== undefined) finish(draft, success(account.outcome));
}

/** The click stands for the tap: the card is the one that its owner means, as if it had been touched. */
export function onCardChosen(draft: Draft, readerName: string): void {
  const record = findWaitingCard(draft, readerName);
  if (record === undefined) return;
  selectDevice(draft, record, 'input');
  moveDevice(draft, record, { at: 'ready' });
}

/** A reader has one card; its name is the card's for the prompt. */
function findWaitingCard({ devices }: Pick<MachineState, 'devices'>, readerName: string): DeviceRecord | undefined {
  return devices.find(({ identity, step }) => step.at === 'needsTap' && identity.productName === readerName);
}

/** Who enters something for a key has chosen it. */
function chosenByInput(draft: Draft): DeviceRecord | undefined {
  const record = selectedDevice(draft);
  if (record !== undefined && draft.selected?.by === 'alone') selectDevice(draft, record, 'input');
  return record;
}
