import type { DeviceProblem } from '../../shared/wire/ceremony-state.ts';
import { addDevice, addUnusableDevice, type Draft, dropDevice, fail, findDevice, moveDevice, selectedDevice } from './draft.ts';
import type { DeviceIdentity, DeviceRecord } from './machine-types.ts';

/** A key was plugged in, or was there from the start. */
export function onDeviceAdded(draft: Draft, identity: DeviceIdentity): void {
  const known = findDevice(draft, identity.id);
  const selected = selectedDevice(draft);
  if (selected?.step.at === 'needsReinsert') {
    // Another key is welcome as well: the locked one may stay where it is.
    if (known !== undefined && !selected.step.gone) return;
    replaceLocked(draft, selected, identity);
    return;
  }
  if (known !== undefined) {
    // It could not be used before; now it is there again.
    if (known.step.at !== 'unusable') return;
    dropDevice(draft, known);
  }
  // Once the user has chosen a key, the others are left alone.
  if (draft.selected !== undefined && draft.selected.by !== 'alone') return;
  addDevice(draft, identity, known?.step.at === 'unusable' ? { heldUpBy: known.step.problem } : {});
}

/** A key that was busy may be free now. */
export function onRetryDue(draft: Draft, id: string): void {
  const record = findDevice(draft, id);
  if (record?.step.at === 'unusable') onDeviceAdded(draft, record.identity);
}

/** A key was taken out. */
export function onDeviceRemoved(draft: Draft, id: string): void {
  const record = findDevice(draft, id);
  if (record === undefined) return;
  if (record.step.at === 'needsReinsert') {
    if (record.step.gone) return;
    draft.effects.push({ type: 'close', device: id });
    moveDevice(draft, record, { at: 'needsReinsert', gone: true });
    return;
  }
  // Taking it up is what the person was asked for.
  if (record.step.at === 'needsTap') {
    dropDevice(draft, record);
    return;
  }
  const others = draft.devices.filter((each) => each !== record && each.step.at !== 'unusable');
  if (isInUse(draft, record) && others.length === 0 && !isLifted(record)) {
    fail(draft, 'deviceRemoved', 'The key was taken out.');
    return;
  }
  dropDevice(draft, record);
}

/** A key is there, but may not be used. */
export function onDeviceDenied(draft: Draft, identity: DeviceIdentity, problem: DeviceProblem): void {
  if (findDevice(draft, identity.id) !== undefined) return;
  if (draft.selected !== undefined && draft.selected.by !== 'alone') return;
  addUnusableDevice(draft, identity, problem);
}

/** The transports have told whether they can be used at all. */
export function onTransportsChecked(draft: Draft, problems: readonly DeviceProblem[], usable: number): void {
  draft.transportProblems = problems;
  if (usable === 0 && draft.devices.every(({ step }) => step.at === 'unusable')) {
    fail(draft, 'transportUnavailable', problems.map(({ detail }) => detail).join(' '));
  }
}

/**
 * A U2F card gets its user's presence by being laid down, and has it but once: whoever lifts one that asks for it is about to
 * lay it back, as the prompt says.
 */
function isLifted({ identity, facts, step }: DeviceRecord): boolean {
  const isAsked = (step.at === 'selecting' || step.at === 'operating') && step.asked;
  return identity.transport === 'nfc' && facts?.protocol === 'u2f' && isAsked;
}

/** The person has seen the key asked for something, or has chosen it: its removal is an end, not a change of mind. */
function isInUse(draft: Draft, record: DeviceRecord): boolean {
  if (draft.selected?.id === record.identity.id) return draft.promptVisible || draft.selected.by !== 'alone';
  return record.step.at === 'selecting' || record.step.at === 'operating';
}

function replaceLocked(draft: Draft, locked: DeviceRecord, identity: DeviceIdentity): void {
  const { id, transport, productName } = locked.identity;
  const returned = id === identity.id || (transport === identity.transport && productName === identity.productName);
  const by = draft.selected?.by ?? 'input';
  for (const record of draft.devices) dropDevice(draft, record);
  addDevice(draft, identity, returned ? { pinReason: 'reinserted' } : {});
  draft.selected = { id: identity.id, by: returned ? by : 'input' };
}
