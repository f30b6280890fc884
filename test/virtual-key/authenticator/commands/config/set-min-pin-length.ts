import type { CborMap, CborValue } from '../../../../../shared/cbor/value.ts';
import type { KeyState } from '../../key-state.ts';
import { booleanAt, mapAt, textsAt, unsignedAt } from '../../parameters.ts';
import { CtapFailure, CtapStatus } from '../../status.ts';
import { changeSettings } from './change-settings.ts';

/** RP IDs that the key can keep for the extension minPinLength. */
export const MAX_RP_IDS = 4;

const MAX_PIN_LENGTH = 63;

/** setMinPINLength: never shorter than before; in CTAP 2.2 also the switch for the PIN's complexity. Source: CTAP 2.2 §6.11.4. */
export function setMinPinLength(state: KeyState, parameters: CborMap): void {
  const { settings, pin } = state;
  const wanted = mapAt(parameters, 2) ?? new Map<CborValue, CborValue>();
  const minPinLength = unsignedAt(wanted, 1) ?? settings.minPinLength;
  const rpIds = textsAt(wanted, 2);
  const forceChange = booleanAt(wanted, 3) ?? false;
  const complexity = booleanAt(wanted, 4) ?? false;
  if (!settings.clientPin) throw new CtapFailure(CtapStatus.invalidParameter);
  if (minPinLength < settings.minPinLength || minPinLength > (settings.maxPinLength ?? MAX_PIN_LENGTH)) {
    throw new CtapFailure(CtapStatus.pinPolicyViolation);
  }
  if (forceChange && !pin.isSet) throw new CtapFailure(CtapStatus.pinNotSet);
  if (rpIds !== undefined) {
    if (!settings.extensions.includes('minPinLength')) throw new CtapFailure(CtapStatus.invalidParameter);
    if (rpIds.length > MAX_RP_IDS) throw new CtapFailure(CtapStatus.keyStoreFull);
  }
  if (complexity && settings.pinComplexityPolicy === undefined) throw new CtapFailure(CtapStatus.invalidParameter);
  changeSettings(state, { minPinLength, ...(complexity ? { pinComplexityPolicy: true } : {}), ...(rpIds === undefined ? {} : { minPinLengthRpIds: rpIds }) });
  const isTooShort = pin.isSet && pin.codePoints < minPinLength;
  // A key that keeps only the hash of its PIN cannot tell whether that is complex enough.
  const isDoubtful = complexity && pin.isSet && settings.pinComplexityPolicy === false;
  if (forceChange || isTooShort || isDoubtful) state.settings = { ...state.settings, forcePinChange: true };
}
