import type { Result } from '../../shared/bytes/result.ts';
import type { DeviceEffect } from './machine-types.ts';

/** Milliseconds for what a key does by itself; a slow card makes key material for seconds. */
const WITHOUT_USER = 30_000;
/** Milliseconds that a cancelled operation has to come to an end; a library or a driver that hangs never does. */
const GRACE = 3000;

/**
 * The wall clock of an operation: milliseconds that it may take in all, however busy the key says it is. None for what
 * waits for a person: the ceremony's own time bounds that. A PIN is checked without the person.
 */
export function clockOf(effect: DeviceEffect): number | undefined {
  switch (effect.type) {
    case 'selectByTouch':
    case 'operate':
      return undefined;
    case 'obtainToken':
      return effect.method === 'uv' ? undefined : WITHOUT_USER;
    case 'open':
    case 'probe':
    case 'readPinRetries':
    case 'readUvRetries':
    case 'preflight':
    case 'setPin':
      return WITHOUT_USER;
  }
}

/**
 * Bounds an operation by its clock: `late` when that ran out, whether or not the work came to an end by the cancel.
 *
 * @param cancel called when the clock runs out.
 */
export function withClock<Value, Failure>(
  effect: DeviceEffect,
  work: Promise<Result<Value, Failure>>,
  cancel: () => void,
): Promise<Result<Value, Failure> | 'late'> {
  const limit = clockOf(effect);
  if (limit === undefined) return work;
  return new Promise((resolve, reject) => {
    let isLate = false;
    let timer = setTimeout(() => {
      isLate = true;
      timer = setTimeout(() => resolve('late'), GRACE);
      cancel();
    }, limit);
    work
      .finally(() => clearTimeout(timer))
      .then((result) => resolve(isLate && !result.ok ? 'late' : result), reject);
  });
}
