import { failure, type Result } from '../../shared/bytes/result.ts';
import type { KeyAccess } from '../ceremony/key-access.ts';
import type { Device } from '../transport/device.ts';
import { explainTransportError, type ManagementError, managementFailure } from './errors.ts';
import type { KeyUser } from './key-user.ts';
import { ManagedKey } from './managed-key.ts';

/** Opens a key, lets `work` use it, and gives it back whatever happens. */
export async function withDevice<Value>(
  access: KeyAccess,
  id: string,
  signal: AbortSignal,
  work: (device: Device) => Promise<Result<Value, ManagementError>>,
): Promise<Result<Value, ManagementError>> {
  const opened = await access.open(id, signal);
  if (!opened.ok) return failure(explainTransportError(opened.error));
  try {
    const result = await work(opened.value);
    // What the key says once it was told to stop matters less than that it was.
    return !result.ok && signal.aborted ? managementFailure('cancelled', 'Cancelled.') : result;
  } finally {
    await access.close(opened.value);
  }
}

/** Like {@link withDevice}, for a key that is asked what it is first. */
export function withManagedKey<Value>(
  access: KeyAccess,
  id: string,
  { user, signal }: { readonly user: KeyUser; readonly signal: AbortSignal },
  work: (key: ManagedKey) => Promise<Result<Value, ManagementError>>,
): Promise<Result<Value, ManagementError>> {
  return withDevice(access, id, signal, async (device) => {
    const key = await ManagedKey.begin(device, user, signal);
    return key.ok ? work(key.value) : key;
  });
}
