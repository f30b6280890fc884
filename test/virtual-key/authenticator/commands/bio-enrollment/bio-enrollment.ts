import type { CborMap, CborValue } from '../../../../../shared/cbor/value.ts';
import type { Exchange } from '../../exchange.ts';
import type { KeyState } from '../../key-state.ts';
import { booleanAt, required, unsignedAt } from '../../parameters.ts';
import { CtapFailure, CtapStatus } from '../../status.ts';
import { captureSample, enrolBegin } from './enrolment.ts';
import { enumerateFingerprints, removeFingerprint, setFriendlyName } from './fingerprints.ts';

/** Names of the subcommands, for the command log. Source: CTAP 2.1 §6.7. */
export const BIO_ENROLLMENT_SUBCOMMANDS: ReadonlyMap<number, string> = new Map([
  [1, 'enrollBegin'],
  [2, 'enrollCaptureNextSample'],
  [3, 'cancelCurrentEnrollment'],
  [4, 'enumerateEnrollments'],
  [5, 'setFriendlyName'],
  [6, 'removeEnrollment'],
  [7, 'getFingerprintSensorInfo'],
]);

/** The modality "fingerprint". */
const FINGERPRINT = 0x01;
/** fingerprintKind: the finger is put onto the sensor (2 would be drawn across it). */
const TOUCH_SENSOR = 0x01;
const CANCEL = 3;

/** authenticatorBioEnrollment. Source: CTAP 2.1 §6.7. */
export async function bioEnrollment(state: KeyState, parameters: CborMap, exchange: Exchange): Promise<CborMap | undefined> {
  if (booleanAt(parameters, 6) === true) return new Map<CborValue, CborValue>([[1, FINGERPRINT]]);
  const subcommand = required(unsignedAt(parameters, 2));
  if (required(unsignedAt(parameters, 1)) !== FINGERPRINT) throw new CtapFailure(CtapStatus.unsupportedOption);
  switch (subcommand) {
    case 1:
      return await enrolBegin(state, parameters, exchange);
    case 2:
      return await captureSample(state, parameters, exchange);
    case CANCEL:
      state.enrolment = undefined;
      return undefined;
    case 4:
      return enumerateFingerprints(state, parameters);
    case 5:
      setFriendlyName(state, parameters);
      return undefined;
    case 6:
      removeFingerprint(state, parameters);
      return undefined;
    case 7:
      return new Map<CborValue, CborValue>([
        [2, TOUCH_SENSOR],
        [3, state.settings.samplesPerFingerprint],
        [8, state.settings.maxFriendlyNameLength],
      ]);
    default:
      throw new CtapFailure(CtapStatus.invalidSubcommand);
  }
}
