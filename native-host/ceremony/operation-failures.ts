import type { DeviceProblem } from '../../shared/wire/ceremony-state.ts';
import { onDeviceRemoved } from './device-arrivals.ts';
import { beginOperation, type Draft, fail, moveDevice, patchDevice, setAsideDevice } from './draft.ts';
import { listedIds } from './credential-lists.ts';
import { reasonOf } from './error-map.ts';
import { askForNewTap, NO_CREDENTIALS } from './key-operation.ts';
import type { DeviceRecord } from './machine-types.ts';
import type { OperationFailure } from './operation-failure.ts';

/** A key that ends its own requests again and again is broken, or nobody is there. */
const MAX_REARMED = 10;

/** Goes on after the bad end of the operation that the key's step waits for. `detail` is for the developer. */
export function onOperationFailed(draft: Draft, record: DeviceRecord, failure: OperationFailure, detail: string): void {
  if (failure === 'disconnected') {
    onDeviceRemoved(draft, record.identity.id);
    return;
  }
  if (isStale(record, failure)) {
    askForNewTap(draft, record);
    return;
  }
  switch (record.step.at) {
    case 'opening':
    case 'probing':
      giveUp(draft, record, failure, detail);
      break;
    case 'readingPinRetries':
      // Only the number is missing; whether the PIN is taken will show.
      patchDevice(draft, record, {
        pinRetries: 'unknown',
        step: record.locked ? { at: 'needsReinsert', gone: false } : { at: 'ready' },
      });
      break;
    case 'readingUvRetries':
    case 'cancelling':
      moveDevice(draft, record, { at: 'ready' });
      break;
    case 'preflighting':
      patchDevice(draft, record, { preflight: { kind: 'unknown' }, step: { at: 'ready' } });
      break;
    case 'selecting':
      onSelectionFailed(draft, record, failure, detail);
      break;
    case 'verifyingUv':
      onUvFailed(draft, record, failure, detail);
      break;
    case 'verifyingPin':
      onPinFailed(draft, record, failure, detail);
      break;
    case 'settingPin':
      if (failure === 'pinPolicyViolation') moveDevice(draft, record, { at: 'needsNewPin', problem: 'policy' });
      else onPinFailed(draft, record, failure, detail);
      break;
    case 'operating':
      onOperationRefused(draft, record, record.step.asked, failure, detail);
      break;
    default:
      break;
  }
}

/**
 * Whether a card has no presence left to give: being laid down counts once, and not for long, and this one lay there before.
 * One that asked for a touch has not got it, or its owner has declined.
 */
function isStale({ identity, step }: DeviceRecord, failure: OperationFailure): boolean {
  const isUnasked = (step.at === 'selecting' || step.at === 'operating') && !step.asked;
  return identity.presentBefore === true && isUnasked && (failure === 'denied' || failure === 'userTimeout');
}

function onSelectionFailed(draft: Draft, record: DeviceRecord, failure: OperationFailure, detail: string): void {
  const ranOut = failure === 'userTimeout' || failure === 'cancelled';
  if (ranOut && hasRivals(draft, record) && record.rearmed < MAX_REARMED) rearm(draft, record);
  else if (ranOut || failure === 'denied') fail(draft, reasonOf(failure), detail);
  else giveUp(draft, record, failure, detail);
}

function onUvFailed(draft: Draft, record: DeviceRecord, failure: OperationFailure, detail: string): void {
  switch (failure) {
    case 'uvInvalid':
      if (record.rearmed >= MAX_REARMED) {
        patchDevice(draft, record, { uvRefused: true, step: { at: 'ready' } });
        return;
      }
      beginOperation(
        draft,
        patchDevice(draft, record, { rearmed: record.rearmed + 1 }),
        (op) => ({ at: 'readingUvRetries', op }),
        { type: 'readUvRetries' },
      );
      break;
    case 'denied':
    case 'userTimeout':
    case 'cancelled':
      fail(draft, reasonOf(failure), detail);
      break;
    default:
      // Whatever the key calls it, its sensor does not serve: the PIN may.
      if (failure === 'uvBlocked' || record.facts?.pin === 'set') {
        patchDevice(draft, record, { uvRefused: true, step: { at: 'ready' } });
      } else {
        fail(draft, reasonOf(failure), detail);
      }
  }
}

function onPinFailed(draft: Draft, record: DeviceRecord, failure: OperationFailure, detail: string): void {
  switch (failure) {
    case 'pinInvalid':
      patchDevice(draft, record, {
        changesPin: false,
        pinReason: 'wrong',
        pinRetries: undefined,
        step: { at: 'ready' },
      });
      break;
    case 'pinAuthBlocked':
      beginOperation(
        draft,
        patchDevice(draft, record, { changesPin: false, locked: true }),
        (op) => ({ at: 'readingPinRetries', op }),
        { type: 'readPinRetries' },
      );
      break;
    case 'pinPolicyViolation':
      patchDevice(draft, record, { changesPin: true, step: { at: 'needsNewPin', problem: 'policy' } });
      break;
    case 'pinNotSet':
      if (record.facts === undefined || record.facts.pin === 'notSet') fail(draft, reasonOf(failure), detail);
      else patchDevice(draft, record, { facts: { ...record.facts, pin: 'notSet' }, step: { at: 'ready' } });
      break;
    default:
      fail(draft, reasonOf(failure), detail);
  }
}

function onOperationRefused(
  draft: Draft,
  record: DeviceRecord,
  asked: boolean,
  failure: OperationFailure,
  detail: string,
): void {
  switch (failure) {
    case 'noCredentials':
      // A key that asked for a touch has got it; another one answered at once, and still has to be touched.
      if (asked) fail(draft, NO_CREDENTIALS.reason, NO_CREDENTIALS.message);
      else patchDevice(draft, record, { verdict: NO_CREDENTIALS, step: { at: 'ready' } });
      break;
    case 'requestTooLong':
      if (record.listTooLong || listedIds(draft.request).length < 2) giveUp(draft, record, failure, detail);
      else patchDevice(draft, record, { listTooLong: true, step: { at: 'ready' } });
      break;
    case 'uvDemanded':
      if (record.uvDemanded) fail(draft, reasonOf(failure), detail);
      else patchDevice(draft, record, { uvDemanded: true, authorised: false, step: { at: 'ready' } });
      break;
    case 'uvInvalid':
      if (record.rearmed >= MAX_REARMED) fail(draft, reasonOf(failure), detail);
      else rearm(draft, record);
      break;
    case 'uvBlocked':
      patchDevice(draft, record, { uvRefused: true, uvDemanded: true, authorised: false, step: { at: 'ready' } });
      break;
    case 'tokenRefused':
      renewToken(draft, record, detail);
      break;
    case 'userTimeout':
    case 'cancelled':
      if (hasRivals(draft, record) && record.rearmed < MAX_REARMED) rearm(draft, record);
      else fail(draft, reasonOf(failure), detail);
      break;
    case 'deviceError':
    case 'accessDenied':
    case 'busy':
      giveUp(draft, record, failure, detail);
      break;
    default:
      fail(draft, reasonOf(failure), detail);
  }
}

/** A token is good for one touch only, and some keys spend it earlier: one fresh one is fetched, without the user. */
function renewToken(draft: Draft, record: DeviceRecord, detail: string): void {
  const { facts, authorised, renewals, uvRefused } = record;
  if (!authorised || renewals > 0 || facts === undefined) {
    giveUp(draft, record, 'tokenRefused', detail);
    return;
  }
  const renewed = patchDevice(draft, record, { authorised: false, renewals: renewals + 1, step: { at: 'ready' } });
  if (facts.uv === 'ready' && facts.uvByToken && !uvRefused) return;
  beginOperation(draft, renewed, (op) => ({ at: 'verifyingPin', op }), { type: 'obtainToken', method: 'keptPin' });
}

function rearm(draft: Draft, record: DeviceRecord): void {
  patchDevice(draft, record, { rearmed: record.rearmed + 1, step: { at: 'ready' } });
}

/** A key that does not work is set aside for the others, or ends the ceremony when it is the one that counts. */
function giveUp(draft: Draft, record: DeviceRecord, failure: OperationFailure, detail: string): void {
  const { at } = record.step;
  // Nobody was asked for anything yet: the prompt tells of the key, and another one may come.
  const unnoticed = (at === 'opening' || at === 'probing') && draft.selected?.id !== record.identity.id;
  if (unnoticed || hasRivals(draft, record)) setAsideDevice(draft, record, problemOf(failure), detail);
  else fail(draft, reasonOf(failure), detail);
}

/** Other keys could still serve: the user has not chosen this one. */
function hasRivals(draft: Draft, record: DeviceRecord): boolean {
  if (draft.selected !== undefined) return false;
  return draft.devices.some((each) => each.identity.id !== record.identity.id && each.step.at !== 'unusable');
}

function problemOf(failure: OperationFailure): DeviceProblem['problem'] {
  return failure === 'accessDenied' || failure === 'busy' ? failure : 'unavailable';
}
