import { encodeUtf8 } from '../../shared/bytes/bytes.ts';
import { success, type Result } from '../../shared/bytes/result.ts';
import { type BioEnrollmentCommand, bioEnrollmentCommand } from '../ctap2/bio-enrollment/bio-enrollment.ts';
import { removeFingerprint, renameFingerprint } from '../ctap2/bio-enrollment/change.ts';
import { type EnrolledFingerprint, enumerateFingerprints } from '../ctap2/bio-enrollment/enumerate.ts';
import { getSensorInfo } from '../ctap2/bio-enrollment/sensor-info.ts';
import { PinUvAuthPermission } from '../ctap2/pin-uv-auth/token.ts';
import { type ManagementError, managementFailure } from './errors.ts';
import { findById } from './find-by-id.ts';
import type { ManagedKey } from './managed-key.ts';
import { type Authorised, withToken } from './token.ts';

/** An enrolled fingerprint. */
export type FingerprintView = EnrolledFingerprint;

/** Lists the enrolled fingerprints. */
export async function listFingerprints(key: ManagedKey): Promise<Result<readonly FingerprintView[], ManagementError>> {
  const command = requireSensor(key);
  if (!command.ok) return command;
  return withToken(key, PinUvAuthPermission.bioEnrollment, (authorised) => readAll(key, command.value, authorised));
}

/** Names a fingerprint. `id` is the hexadecimal digits with which its ID, and no other's, begins. */
export async function renameKeyFingerprint(
  key: ManagedKey,
  id: string,
  name: string,
): Promise<Result<FingerprintView, ManagementError>> {
  const command = requireSensor(key);
  if (!command.ok) return command;
  const fits = await checkName(key, command.value, name);
  if (!fits.ok) return fits;
  return withToken(key, PinUvAuthPermission.bioEnrollment, async (authorised) => {
    const found = await find(key, command.value, authorised, id);
    if (!found.ok) return found;
    const { fingerprint } = found.value;
    const renamed = await authorised((token) => (options) =>
      renameFingerprint(key.device, command.value, { id: fingerprint.id, name }, token, options),
    );
    return renamed.ok ? success({ ...fingerprint, name }) : renamed;
  });
}

/** Deletes a fingerprint, after the user has seen which it is. `id` is as for {@link renameKeyFingerprint}. */
export async function deleteKeyFingerprint(key: ManagedKey, id: string): Promise<Result<FingerprintView, ManagementError>> {
  const command = requireSensor(key);
  if (!command.ok) return command;
  return withToken(key, PinUvAuthPermission.bioEnrollment, async (authorised) => {
    const found = await find(key, command.value, authorised, id);
    if (!found.ok) return found;
    const { fingerprint, isLast } = found.value;
    if (!(await key.user.confirm({ type: 'fingerprint', fingerprint, isLast }))) {
      return managementFailure('notConfirmed', 'Nothing was deleted.');
    }
    const removed = await authorised((token) => (options) =>
      removeFingerprint(key.device, command.value, fingerprint.id, token, options),
    );
    return removed.ok ? success(fingerprint) : removed;
  });
}

/** The command for fingerprints of a key that has a sensor. */
export function requireSensor({ info }: ManagedKey): Result<BioEnrollmentCommand, ManagementError> {
  const command = bioEnrollmentCommand(info);
  return command === undefined
    ? managementFailure('notSupported', 'This key has no fingerprint sensor that can be managed from here.')
    : success(command);
}

/** Whether the sensor takes a name of that length. */
export async function checkName(
  key: ManagedKey,
  command: BioEnrollmentCommand,
  name: string,
): Promise<Result<undefined, ManagementError>> {
  const sensor = await key.exchange((options) => getSensorInfo(key.device, command, options));
  if (!sensor.ok) return sensor;
  const { maxNameLength } = sensor.value;
  return encodeUtf8(name).length <= maxNameLength
    ? success(undefined)
    : managementFailure('nameTooLong', `The name is too long: this key takes ${maxNameLength.toString()} bytes.`);
}

interface Found {
  readonly fingerprint: FingerprintView;
  readonly isLast: boolean;
}

async function find(
  key: ManagedKey,
  command: BioEnrollmentCommand,
  authorised: Authorised,
  id: string,
): Promise<Result<Found, ManagementError>> {
  const all = await readAll(key, command, authorised);
  if (!all.ok) return all;
  const fingerprint = findById(all.value, id, 'fingerprint');
  return fingerprint.ok ? success({ fingerprint: fingerprint.value, isLast: all.value.length === 1 }) : fingerprint;
}

function readAll(
  key: ManagedKey,
  command: BioEnrollmentCommand,
  authorised: Authorised,
): Promise<Result<readonly FingerprintView[], ManagementError>> {
  return authorised((token) => (options) => enumerateFingerprints(key.device, command, token, options));
}
