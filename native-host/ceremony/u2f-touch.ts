import { createHash } from 'node:crypto';

import { type Bytes, copyBytes, encodeUtf8 } from '../../shared/bytes/bytes.ts';
import { success, type Result } from '../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { transportFailure } from '../transport/errors.ts';
import { pause } from '../transport/signals.ts';
import { type U2fMessageError, U2fStatus } from '../u2f/message.ts';
import { u2fRegister } from '../u2f/register.ts';

/** Milliseconds between two requests to a key that waits for a touch; a touch counts for longer than that. */
const POLL_INTERVAL = 150;

/** Nobody has an origin under `.invalid` (RFC 2606), so nobody can use the credential that the touch makes. */
const DUMMY_RP_ID = 'keystile.invalid';

/** SHA-256 of a text: what U2F calls the application parameter. */
export function u2fApplication(rpId: string): Bytes {
  return copyBytes(createHash('sha256').update(encodeUtf8(rpId)).digest());
}

/** Asks again and again until the key was touched, has failed, or the call was cancelled: U2F knows no other waiting. */
export async function pollForTouch<Value>(
  device: Device,
  ask: () => Promise<Result<Value, U2fMessageError>>,
  { signal, onKeepalive }: CallOptions,
): Promise<Result<Value, U2fMessageError>> {
  for (let told = false; !signal.aborted; told = true) {
    const answer = await ask();
    const waits = !answer.ok && answer.error.kind === 'u2f' && answer.error.status === U2fStatus.conditionsNotSatisfied;
    if (!waits) return answer;
    if (!told) onKeepalive?.('userPresenceNeeded');
    await pause(POLL_INTERVAL, [signal]);
  }
  return transportFailure(device.descriptor.transport, 'cancelled', 'The wait for a touch was cancelled.');
}

/** Waits until a U2F key is touched, by a registration that is of no use. */
export async function waitForU2fTouch(device: Device, options: CallOptions): Promise<Result<undefined, U2fMessageError>> {
  const application = u2fApplication(DUMMY_RP_ID);
  const params = { challenge: new Uint8Array(32), application };
  const touched = await pollForTouch(device, () => u2fRegister(device, params, options), options);
  // A key that made something unreadable was touched all the same.
  if (!touched.ok && touched.error.kind !== 'malformedU2f') return touched;
  return success(undefined);
}
