import { success, type Result } from '../../shared/bytes/result.ts';
import type { KeyAccess, TransportSummary } from '../ceremony/key-access.ts';
import type { DeviceDescriptor, TransportError } from '../transport/device.ts';
import { pause } from '../transport/signals.ts';
import { explainTransportError, type ManagementError, managementFailure } from './errors.ts';

/** Milliseconds that the first key has to show itself. */
const FIRST_KEY_TIMEOUT = 2000;
/** Milliseconds that further keys have after the first. */
const FURTHER_KEYS_TIMEOUT = 400;

/** A key that is there but may not be used. */
export interface DeniedKey {
  readonly descriptor: DeviceDescriptor;
  readonly error: TransportError;
}

/** What is plugged in and on readers. */
export interface FoundKeys {
  readonly keys: readonly DeviceDescriptor[];
  readonly denied: readonly DeniedKey[];
  /** Ways of reaching keys that cannot be used on this machine. */
  readonly problems: TransportSummary['problems'];
}

/**
 * Looks which keys are there. Takes a moment: keys show themselves one after the other.
 *
 * @param wantedId ends the search as soon as this key is there.
 */
export async function findKeys(access: KeyAccess, signal: AbortSignal, wantedId?: string): Promise<FoundKeys> {
  const keys = new Map<string, DeviceDescriptor>();
  const denied = new Map<string, DeniedKey>();
  const seen = new AbortController();
  const wantedSeen = new AbortController();
  const stop = access.watch({
    added(descriptor) {
      denied.delete(descriptor.id);
      keys.set(descriptor.id, descriptor);
      seen.abort();
      if (descriptor.id === wantedId) wantedSeen.abort();
    },
    removed(id) {
      keys.delete(id);
      denied.delete(id);
    },
    denied(descriptor, error) {
      denied.set(descriptor.id, { descriptor, error });
      seen.abort();
    },
  });
  try {
    const summary = access.summarise();
    await pause(FIRST_KEY_TIMEOUT, [signal, seen.signal]);
    if (keys.size + denied.size > 0) await pause(FURTHER_KEYS_TIMEOUT, [signal, wantedSeen.signal]);
    const { problems } = await summary;
    return { keys: [...keys.values()], denied: [...denied.values()], problems };
  } finally {
    stop();
  }
}

/** The one key that is meant: the one with that id, or else the only one. */
export function chooseKey(found: FoundKeys, wantedId: string | undefined): Result<DeviceDescriptor, ManagementError> {
  const { keys, denied, problems } = found;
  const refused = denied.find(({ descriptor }) => wantedId === undefined || descriptor.id === wantedId);
  if (wantedId !== undefined) {
    const wanted = keys.find(({ id }) => id === wantedId);
    if (wanted !== undefined) return success(wanted);
    if (refused !== undefined) return refusal(refused);
    return managementFailure('noKey', `There is no key with the ID ${wantedId}. "keystile keys list" shows those that are there.`);
  }
  const [first, ...others] = keys;
  if (first !== undefined && others.length === 0) return success(first);
  if (first !== undefined) {
    const ids = keys.map(({ id }) => id).join(', ');
    return managementFailure('severalKeys', `Several keys are there (${ids}). Choose one with --device, or remove the others.`);
  }
  if (refused !== undefined) return refusal(refused);
  const [problem] = problems;
  return managementFailure(
    'noKey',
    'No security key was found. Insert it, or put it on the reader, and run the command again.',
    problem === undefined ? {} : { detail: `${problem.transport}: ${problem.detail}` },
  );
}

function refusal({ error }: DeniedKey): Result<never, ManagementError> {
  const { reason, message, detail } = explainTransportError(error);
  return managementFailure(reason, message, detail === undefined ? {} : { detail });
}
