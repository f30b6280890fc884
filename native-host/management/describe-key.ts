import { success, type Result } from '../../shared/bytes/result.ts';
import { bioEnrollmentCommand } from '../ctap2/bio-enrollment/bio-enrollment.ts';
import { getPinRetries, getUvRetries, type PinRetries } from '../ctap2/client-pin/retries.ts';
import { credentialManagementCommand } from '../ctap2/credential-management/credential-management.ts';
import type { AuthenticatorInfo } from '../ctap2/get-info.ts';
import type { ManagementError } from './errors.ts';
import type { ManagedKey } from './managed-key.ts';
import { chooseProtocol } from './pin-retries.ts';

/** What a key is, and the state it is in. */
export interface KeyReport {
  readonly info: AuthenticatorInfo;
  /** Absent without a PIN. */
  readonly pin?: PinRetries;
  /** Failed fingerprints that the key still takes; absent without its own verification. */
  readonly uvRetries?: number;
  readonly canManageCredentials: boolean;
  readonly canManageFingerprints: boolean;
}

/** Asks a key for everything that it tells without PIN and touch. */
export async function describeManagedKey(key: ManagedKey): Promise<Result<KeyReport, ManagementError>> {
  const { info } = key;
  const pin = info.options.clientPin === true ? await readPin(key) : undefined;
  if (pin?.ok === false) return pin;
  const uv =
    info.options.uv === true && info.options.pinUvAuthToken === true
      ? await key.exchange((options) => getUvRetries(key.device, options))
      : undefined;
  return success({
    info,
    ...(pin === undefined ? {} : { pin: pin.value }),
    // Not every key with a sensor counts.
    ...(uv?.ok === true ? { uvRetries: uv.value.uvRetries } : {}),
    canManageCredentials: credentialManagementCommand(info) !== undefined,
    canManageFingerprints: bioEnrollmentCommand(info) !== undefined,
  });
}

async function readPin(key: ManagedKey): Promise<Result<PinRetries, ManagementError>> {
  const protocol = chooseProtocol(key);
  if (!protocol.ok) return protocol;
  return key.exchange((options) => getPinRetries(key.device, protocol.value, options));
}
