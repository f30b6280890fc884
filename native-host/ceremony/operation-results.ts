import { success } from '../../shared/bytes/result.ts';
import { beginOperation, type Draft, finish, moveDevice, patchDevice, selectDevice } from './draft.ts';
import { findVerdict } from './key-operation.ts';
import type { DeviceRecord, OperationResult } from './machine-types.ts';

/** Goes on after the good end of the operation that the key's step waits for. */
export function onOperationResult(draft: Draft, record: DeviceRecord, result: OperationResult): void {
  switch (result.type) {
    case 'opened':
      beginOperation(draft, record, (op) => ({ at: 'probing', op }), { type: 'probe' });
      break;
    case 'probed': {
      const verdict = findVerdict(draft.request, result.facts);
      patchDevice(draft, record, { facts: result.facts, verdict, step: { at: 'ready' } });
      break;
    }
    case 'pinRetriesRead':
      onPinRetries(draft, record, result.pinRetries, result.powerCycleRequired);
      break;
    case 'uvRetriesRead':
      patchDevice(draft, record, {
        uvRetries: result.uvRetries,
        uvRefused: record.uvRefused || result.uvRetries === 0,
        step: { at: 'ready' },
      });
      break;
    case 'preflighted':
      patchDevice(draft, record, { preflight: result.finding, step: { at: 'ready' } });
      break;
    case 'touched':
      selectDevice(draft, record, 'touch');
      moveDevice(draft, record, { at: 'ready' });
      break;
    case 'tokenObtained':
      if (draft.selected?.by === 'alone') selectDevice(draft, record, 'input');
      // With the token the key shows credentials that it hid before; a renewed one shows nothing new.
      patchDevice(draft, record, {
        authorised: true,
        preflight: record.renewals > 0 ? record.preflight : undefined,
        step: { at: 'ready' },
      });
      break;
    case 'pinSet':
      // The PIN that was just set need not be typed again: the runner has kept it.
      beginOperation(
        draft,
        patchDevice(draft, record, {
          changesPin: false,
          ...(record.facts === undefined ? {} : { facts: { ...record.facts, pin: 'set', forcePinChange: false } }),
        }),
        (op) => ({ at: 'verifyingPin', op }),
        { type: 'obtainToken', method: 'keptPin' },
      );
      break;
    case 'completed':
      finish(draft, success(result.outcome));
      break;
    case 'accountsFound':
      selectDevice(draft, record, 'touch');
      moveDevice(draft, record, { at: 'choosing', accounts: result.accounts });
      break;
  }
}

function onPinRetries(draft: Draft, record: DeviceRecord, pinRetries: number, powerCycleRequired: boolean): void {
  const read = patchDevice(draft, record, { pinRetries, step: { at: 'ready' } });
  if (!powerCycleRequired && !record.locked) return;
  if (draft.selected?.id !== record.identity.id) {
    // Deselected while it was read: it is read again when the user touches it.
    patchDevice(draft, read, { pinRetries: undefined });
  } else if (pinRetries > 0) {
    moveDevice(draft, read, { at: 'needsReinsert', gone: false });
  }
}
