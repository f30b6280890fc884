import type { Bytes } from '../../shared/bytes/bytes.ts';
import { success, type Result } from '../../shared/bytes/result.ts';
import type { BioEnrollmentCommand } from '../ctap2/bio-enrollment/bio-enrollment.ts';
import { renameFingerprint } from '../ctap2/bio-enrollment/change.ts';
import { beginEnrolment, cancelEnrolment, captureSample, type EnrolmentStep } from '../ctap2/bio-enrollment/enrol.ts';
import { PinUvAuthPermission } from '../ctap2/pin-uv-auth/token.ts';
import { type ManagementError, managementFailure } from './errors.ts';
import { checkName, type FingerprintView, requireSensor } from './fingerprints.ts';
import type { ManagedKey } from './managed-key.ts';
import { type Authorised, withToken } from './token.ts';

/** Milliseconds that the key waits for the finger, for each sample. */
const SAMPLE_TIMEOUT = 15_000;
/** Milliseconds for one sample with everything around it. */
const SAMPLE_DEADLINE = 25_000;
/** Samples after which an enrolment that comes to no end is given up. */
const MAX_SAMPLES = 60;
/** Samples in a row without a finger after which nobody is thought to be there. */
const MAX_IDLE_SAMPLES = 3;
/** Milliseconds that a key has to forget an enrolment that was given up. */
const CANCEL_DEADLINE = 2000;

/**
 * Enrols a fingerprint, sample by sample; the events `sampleNeeded` and `sampleTaken` tell the user what to do. An
 * enrolment that does not come to its end is cancelled on the key, so that it leaves nothing behind.
 *
 * @param name given to the fingerprint, where the key keeps names.
 */
export async function enrolKeyFingerprint(
  key: ManagedKey,
  name: string | undefined,
): Promise<Result<FingerprintView, ManagementError>> {
  const command = requireSensor(key);
  if (!command.ok) return command;
  if (name !== undefined) {
    const fits = await checkName(key, command.value, name);
    if (!fits.ok) return fits;
  }
  return withToken(key, PinUvAuthPermission.bioEnrollment, async (authorised) => {
    const id = await takeSamples(key, command.value, authorised);
    if (!id.ok) {
      await giveUp(key, command.value);
      return id;
    }
    if (name === undefined) return success({ id: id.value });
    const named = await authorised((token) => (options) =>
      renameFingerprint(key.device, command.value, { id: id.value, name }, token, options),
    );
    // Enrolled it is; that the name is missing shows in what is returned.
    return success(named.ok ? { id: id.value, name } : { id: id.value });
  });
}

async function takeSamples(
  key: ManagedKey,
  command: BioEnrollmentCommand,
  authorised: Authorised,
): Promise<Result<Bytes, ManagementError>> {
  const bounds = { deadline: SAMPLE_DEADLINE, touch: 'alreadyTold' } as const;
  key.user.tell({ type: 'sampleNeeded' });
  const begun = await authorised((token) => (options) => beginEnrolment(key.device, command, SAMPLE_TIMEOUT, token, options), bounds);
  if (!begun.ok) return begun;
  const { templateId } = begun.value;
  let step: EnrolmentStep = begun.value;
  let idle = 0;
  for (let count = 1; ; count += 1) {
    key.user.tell({ type: 'sampleTaken', status: step.status, remaining: step.remaining });
    if (step.status === 'exists') {
      return managementFailure('fingerprintExists', 'This fingerprint is enrolled already.');
    }
    if (step.remaining === 0) return success(templateId);
    idle = step.status === 'noUserActivity' ? idle + 1 : 0;
    if (idle >= MAX_IDLE_SAMPLES) return managementFailure('timeout', 'No finger came to the sensor.');
    if (count >= MAX_SAMPLES) return managementFailure('deviceError', 'The enrolment comes to no end.');
    key.user.tell({ type: 'sampleNeeded', remaining: step.remaining });
    const next = await authorised(
      (token) => (options) => captureSample(key.device, command, templateId, SAMPLE_TIMEOUT, token, options),
      bounds,
    );
    if (!next.ok) return next;
    step = next.value;
  }
}

/** Also after the caller has cancelled: its signal must not keep the key from forgetting. */
async function giveUp(key: ManagedKey, command: BioEnrollmentCommand): Promise<void> {
  // A key that is gone, or had begun nothing, answers with an error; the enrolment is over in any case.
  await cancelEnrolment(key.device, command, { signal: AbortSignal.timeout(CANCEL_DEADLINE), stallTimeout: CANCEL_DEADLINE });
}
