import { type Bytes, equalBytes } from '../../../../../shared/bytes/bytes.ts';
import type { CborMap, CborValue } from '../../../../../shared/cbor/value.ts';
import type { Exchange } from '../../exchange.ts';
import type { KeyState } from '../../key-state.ts';
import { bytesAt, mapAt, required, unsignedAt } from '../../parameters.ts';
import { CtapFailure, CtapStatus } from '../../status.ts';
import { authorizeBio } from './authorize-bio.ts';

/** Bytes of the ids that the key gives to fingerprints. */
export const FINGERPRINT_ID_LENGTH = 2;

const GOOD_SAMPLE = 0x00;

/** enrollBegin: a new fingerprint and its first sample. Source: CTAP 2.1 §6.7.4. */
export async function enrolBegin(state: KeyState, parameters: CborMap, exchange: Exchange): Promise<CborMap> {
  authorizeBio(state, parameters, 1);
  state.enrolment = undefined;
  const { fingerprints, settings, environment } = state;
  if (fingerprints.all.length >= settings.maxFingerprints) throw new CtapFailure(CtapStatus.fpDatabaseFull);
  const id = environment.random(FINGERPRINT_ID_LENGTH);
  state.enrolment = { id, remaining: settings.samplesPerFingerprint };
  return new Map<CborValue, CborValue>([[4, id], ...(await capture(state, parameters, exchange))]);
}

/** enrollCaptureNextSample. Source: CTAP 2.1 §6.7.4. */
export async function captureSample(state: KeyState, parameters: CborMap, exchange: Exchange): Promise<CborMap> {
  const id = required(bytesAt(required(mapAt(parameters, 3)), 1));
  authorizeBio(state, parameters, 2);
  if (!isCurrent(state, id)) throw new CtapFailure(CtapStatus.invalidParameter);
  return await capture(state, parameters, exchange);
}

function isCurrent(state: KeyState, id: Bytes): boolean {
  return state.enrolment !== undefined && equalBytes(state.enrolment.id, id);
}

/** Waits for the finger; the status of the sample is the next one of the settings. The last good one enrols. */
async function capture(state: KeyState, parameters: CborMap, exchange: Exchange): Promise<CborMap> {
  const { enrolment } = state;
  if (enrolment === undefined) throw new CtapFailure(CtapStatus.invalidParameter);
  const timeout = unsignedAt(mapAt(parameters, 3) ?? new Map<CborValue, CborValue>(), 3);
  const outcome = await state.user.request(exchange, timeout);
  if (outcome === 'cancelled') throw new CtapFailure(CtapStatus.keepaliveCancel);
  if (outcome === 'timeout') throw new CtapFailure(CtapStatus.userActionTimeout);
  const [status = GOOD_SAMPLE, ...later] = state.settings.sampleStatuses;
  state.settings = { ...state.settings, sampleStatuses: later };
  if (status === GOOD_SAMPLE) enrolment.remaining -= 1;
  if (enrolment.remaining === 0) {
    state.fingerprints.add({ id: enrolment.id, name: undefined });
    state.enrolment = undefined;
  }
  return new Map<CborValue, CborValue>([
    [5, status],
    [6, enrolment.remaining],
  ]);
}
