import { failure as failed, success, type Result } from '../../shared/bytes/result.ts';
import type { CeremonyReason, DeviceProblem } from '../../shared/wire/ceremony-state.ts';
import type {
  DeviceEffect,
  DeviceIdentity,
  DeviceRecord,
  DeviceStep,
  MachineEffect,
  MachineState,
} from './machine-types.ts';
import type { CeremonyOutcome } from './request.ts';

/** Milliseconds between a key's being found busy and the next try; each try goes on for a few seconds. */
const BUSY_RETRY = 500;

type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] };

/**
 * The machine's state while one input is worked on, and the effects so far. Records and lists inside are replaced,
 * never changed: the state before the step stays as it was.
 */
export interface Draft extends Mutable<MachineState> {
  readonly effects: MachineEffect[];
}

/** What an operation is, but for its number. */
type NewOperation = DeviceEffect extends infer Effect
  ? Effect extends DeviceEffect
    ? Omit<Effect, 'op' | 'device'>
    : never
  : never;

/** Finds a key by its id. */
export function findDevice(draft: Draft, id: string): DeviceRecord | undefined {
  return draft.devices.find(({ identity }) => identity.id === id);
}

/** The selected key. */
export function selectedDevice(draft: Draft): DeviceRecord | undefined {
  return draft.selected === undefined ? undefined : findDevice(draft, draft.selected.id);
}

/** Changes what is known of a key, and gives the new record. */
export function patchDevice(draft: Draft, record: DeviceRecord, patch: Partial<DeviceRecord>): DeviceRecord {
  const changed = { ...record, ...patch };
  draft.devices = draft.devices.map((each) => (each.identity.id === record.identity.id ? changed : each));
  return changed;
}

/** Moves a key to a step that waits for nothing of the runner's. */
export function moveDevice(draft: Draft, record: DeviceRecord, step: DeviceStep): DeviceRecord {
  return patchDevice(draft, record, { step });
}

/** Starts an operation on a key and moves the key to the step that waits for it. */
export function beginOperation(
  draft: Draft,
  record: DeviceRecord,
  step: (op: number) => DeviceStep,
  operation: NewOperation,
): void {
  const op = draft.nextOp;
  draft.nextOp += 1;
  moveDevice(draft, record, step(op));
  draft.effects.push({ ...operation, device: record.identity.id, op });
}

/** Takes up a key that is there: it is opened at once, as nobody notices that. */
export function addDevice(draft: Draft, identity: DeviceIdentity, patch: Partial<DeviceRecord> = {}): void {
  const record: DeviceRecord = { ...newRecord(identity, { at: 'ready' }), ...patch };
  draft.devices = [...draft.devices, record];
  beginOperation(draft, record, (op) => ({ at: 'opening', op }), { type: 'open' });
}

/** Takes up a key that may not be opened. */
export function addUnusableDevice(draft: Draft, identity: DeviceIdentity, problem: DeviceProblem): void {
  draft.devices = [...draft.devices, newRecord(identity, { at: 'unusable', problem })];
}

function newRecord(identity: DeviceIdentity, step: DeviceStep): DeviceRecord {
  return {
    identity,
    step,
    facts: undefined,
    authorised: false,
    uvRefused: false,
    uvDemanded: false,
    renewals: 0,
    rearmed: 0,
    preflight: undefined,
    listTooLong: false,
    verdict: undefined,
    pinReason: 'needed',
    pinRetries: undefined,
    uvRetries: undefined,
    locked: false,
    changesPin: false,
    heldUpBy: undefined,
  };
}

/** Cancels, closes and forgets a key. */
export function dropDevice(draft: Draft, record: DeviceRecord): void {
  if (holdsHandle(record)) draft.effects.push({ type: 'close', device: record.identity.id });
  draft.devices = draft.devices.filter(({ identity }) => identity.id !== record.identity.id);
  if (draft.selected?.id === record.identity.id) draft.selected = undefined;
}

/**
 * Closes a key that is of no use, but keeps it in mind: the prompt says why it is not taken. One that something else
 * uses is tried again, as nobody would say when it is free.
 */
export function setAsideDevice(draft: Draft, record: DeviceRecord, problem: DeviceProblem['problem'], detail: string): void {
  if (holdsHandle(record)) draft.effects.push({ type: 'close', device: record.identity.id });
  const { transport } = record.identity;
  moveDevice(draft, record, { at: 'unusable', problem: { problem, transport, detail: detail.slice(0, 1024) } });
  if (problem === 'busy') {
    draft.effects.push({ type: 'retryLater', device: record.identity.id, milliseconds: BUSY_RETRY });
  }
}

function holdsHandle({ step }: DeviceRecord): boolean {
  return step.at !== 'unusable' && !(step.at === 'needsReinsert' && step.gone);
}

/** The user means this key, by touching it or by what was entered for it: the others are given back. */
export function selectDevice(draft: Draft, record: DeviceRecord, by: 'touch' | 'input'): void {
  draft.selected = { id: record.identity.id, by };
  for (const other of draft.devices) {
    if (other.identity.id !== record.identity.id) dropDevice(draft, other);
  }
}

/** Ends the ceremony: everything is given back, and nothing follows. */
export function finish(draft: Draft, result: Result<CeremonyOutcome, { reason: CeremonyReason; message: string }>): void {
  if (draft.ended !== undefined) return;
  draft.ended = result.ok ? success(undefined) : result;
  // The result leaves first: nobody waits for the keys.
  draft.effects.push({ type: 'finish', result }, { type: 'clearTimer' });
  for (const record of draft.devices) dropDevice(draft, record);
}

/** Ends the ceremony without a result. */
export function fail(draft: Draft, reason: CeremonyReason, message: string): void {
  finish(draft, failed({ reason, message }));
}
