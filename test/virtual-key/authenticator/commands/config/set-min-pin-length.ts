import type { CborMap, CborValue } from '../../../../../shared/cbor/value.ts';
import type { KeyState } from '../../key-state.ts';
import { booleanAt, mapAt, textsAt, unsignedAt } from '../../parameters.ts';
import { CtapFailure, CtapStatus } from '../../status.ts';
import { changeSettings } from './change-settings.ts';

/** RP IDs that the key can keep for the extension minPinLength. */
export const MAX_RP_IDS = 4;

const MAX_PIN_LENGTH = 63;

/** setMinPINLength: never shorter than before. Source: CTAP 2.1 §6.11.4. */
export function setMinPinLength(state: KeyState, parameters: CborMap): void {
  const { settings, pin } = state;
  const wanted = mapAt(parameters, 2) ?? new Map<CborValue, CborValue>();
  const minPinLength = unsignedAt(wanted, 1) ?? settings.minPinLength;
  const rpIds = textsAt(wanted, 2);
  const forceChange = booleanAt(wanted, 3) ?? false;
  if (!settings.clientPin) throw new CtapFailure(CtapStatus.invalidParameter);
  if (minPinLength < settings.minPinLength || minPinLength > MAX_PIN_LENGTH) {
    throw new CtapFailure(CtapStatus.pinPolicyViolation);
  }
  if (forceChange && !pin.isSet) throw new CtapFailure(CtapStatus.pinNotSet);
  if (rpIds !== undefined) {
    if (!settings.extensions.includes('minPinLength')) throw new CtapFailure(CtapStatus.invalidParameter);
    if (rpIds.length > MAX_RP_IDS) throw new CtapFailure(CtapStatus.keyStoreFull);
  }
  changeSettings(state, { minPinLength, ...(rpIds === undefined ? {} : { minPinLengthRpIds: rpIds }) });
  const isTooShort = pin.isSet && pin.codePoints < minPinLength;
  if (forceChange || isTooShort) state.settings = { ...state.settings, forcePinChange: true };
}
