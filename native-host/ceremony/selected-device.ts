import type { Draft } from './draft.ts';
import { beginOperation, fail, moveDevice, patchDevice } from './draft.ts';
import { askForTouch, proceedWithKey } from './key-operation.ts';
import type { DeviceRecord } from './machine-types.ts';
import { planVerification, type Verification } from './verification-plan.ts';

/** Takes the next step with the selected key, when it waits for one. */
export function advanceSelected(draft: Draft, record: DeviceRecord): void {
  const { facts } = record;
  if (record.step.at !== 'ready' || facts === undefined) return;
  if (record.verdict !== undefined) {
    // Who touched the key in this ceremony has shown to hold it: no second touch.
    if (draft.selected?.by === 'touch') fail(draft, record.verdict.reason, record.verdict.message);
    else askForTouch(draft, record);
    return;
  }
  const verification = record.authorised ? 'none' : planVerification(draft.request, facts, record);
  switch (verification) {
    case 'none':
    case 'uvOption':
      proceedWithKey(draft, record, facts);
      break;
    case 'uvToken':
      verifyByKey(draft, record);
      break;
    case 'pin':
      askForPin(draft, record);
      break;
    case 'newPin':
      moveDevice(draft, record, { at: 'needsNewPin' });
      break;
    case 'impossible':
      judgeUnverifiable(draft, record);
      break;
  }
}

/** Whether the key can do the operation at once: the touch that chooses it is the touch that it needs. */
export function isDirect(verification: Verification): boolean {
  return verification === 'none' || verification === 'uvOption';
}

/** Gives a key that cannot verify its user, although it has to, the verdict that a touch brings out. */
export function judgeUnverifiable(draft: Draft, record: DeviceRecord): void {
  const judged = patchDevice(draft, record, {
    verdict: record.uvRefused
      ? { reason: 'uvBlocked', message: "The key's own user verification is blocked, and it has no PIN to use." }
      : { reason: 'unsupportedRequirement', message: 'The key cannot verify its user.' },
  });
  // A blocked sensor was touched to get there.
  if (record.uvRefused && draft.selected !== undefined) {
    fail(draft, 'uvBlocked', judged.verdict?.message ?? '');
    return;
  }
  askForTouch(draft, judged);
}

function verifyByKey(draft: Draft, record: DeviceRecord): void {
  if (!draft.promptVisible) return;
  beginOperation(draft, record, (op) => ({ at: 'verifyingUv', op }), { type: 'obtainToken', method: 'uv' });
}

/** The tries that are left are read first: the prompt shows them. */
function askForPin(draft: Draft, record: DeviceRecord): void {
  if (record.pinRetries === undefined) {
    beginOperation(draft, record, (op) => ({ at: 'readingPinRetries', op }), { type: 'readPinRetries' });
  } else if (record.pinRetries === 0) {
    fail(draft, 'pinBlocked', 'The PIN is blocked: no tries are left.');
  } else {
    moveDevice(draft, record, { at: 'needsPin' });
  }
}
