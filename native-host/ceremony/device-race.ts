import { type Draft, findDevice, moveDevice, selectedDevice } from './draft.ts';
import { askForTouch, proceedWithKey } from './key-operation.ts';
import type { DeviceRecord } from './machine-types.ts';
import { advanceSelected, isDirect, judgeUnverifiable } from './selected-device.ts';
import { planVerification } from './verification-plan.ts';

/**
 * Takes the next step with every key that waits for one. One key goes straight on. Several keys all wait for a touch
 * at the same time, by their operation where that needs nothing else, else by a selection; the first one touched wins.
 */
export function advance(draft: Draft): void {
  if (draft.ended !== undefined) return;
  if (draft.selected?.by === 'alone' && contenders(draft).length + waitingCards(draft) > 1) reopenRace(draft);
  const selected = selectedDevice(draft);
  if (selected !== undefined) {
    advanceSelected(draft, selected);
    return;
  }
  const racers = contenders(draft);
  const alone = racers.length + waitingCards(draft) === 1;
  for (const { identity } of racers) {
    const record = findDevice(draft, identity.id);
    if (record !== undefined) advanceRacer(draft, record, alone);
  }
}

/** Keys that are known well enough to be used, and may be. */
function contenders(draft: Pick<Draft, 'devices'>): readonly DeviceRecord[] {
  return draft.devices.filter(({ facts, step }) => facts !== undefined && step.at !== 'unusable' && step.at !== 'needsTap');
}

/** Cards that lay there before take no part yet, but may be what the person means: no other key is the only one then. */
function waitingCards({ devices }: Pick<Draft, 'devices'>): number {
  return devices.filter(({ step }) => step.at === 'needsTap').length;
}

function advanceRacer(draft: Draft, record: DeviceRecord, alone: boolean): void {
  const { facts } = record;
  if (record.step.at !== 'ready' || facts === undefined) return;
  const verification = planVerification(draft.request, facts, record);
  if (record.verdict !== undefined) {
    askForTouch(draft, record);
  } else if (verification === 'impossible') {
    judgeUnverifiable(draft, record);
  } else if (isDirect(verification)) {
    proceedWithKey(draft, record, facts);
  } else if (alone) {
    draft.selected = { id: record.identity.id, by: 'alone' };
    advanceSelected(draft, record);
  } else {
    askForTouch(draft, record);
  }
}

/** Another key came before the user did anything with the only one: now a touch decides. */
function reopenRace(draft: Draft): void {
  const record = selectedDevice(draft);
  if (record === undefined) return;
  switch (record.step.at) {
    case 'needsPin':
    case 'needsNewPin':
      if (record.pinReason !== 'needed') return;
      moveDevice(draft, record, { at: 'ready' });
      break;
    case 'verifyingUv':
      moveDevice(draft, record, { at: 'cancelling', op: record.step.op });
      draft.effects.push({ type: 'cancel', device: record.identity.id });
      break;
    case 'ready':
    case 'readingPinRetries':
    case 'selecting':
      break;
    default:
      return;
  }
  draft.selected = undefined;
}
