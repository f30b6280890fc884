import { concatBytes, equalBytes } from '../../../../../shared/bytes/bytes.ts';
import type { KeyState } from '../../key-state.ts';
import { required } from '../../parameters.ts';
import { parsePaddedPin } from '../../pin-uv-auth/pin.ts';
import { CtapFailure, CtapStatus } from '../../status.ts';
import { checkPin, type ClientPinRequest, openSession, requireClientPin } from './request.ts';

/** changePIN. Source: CTAP 2.1 §6.5.5.6. */
export function changePin(state: KeyState, request: ClientPinRequest): void {
  requireClientPin(state);
  const newPinEnc = required(request.newPinEnc);
  const pinHashEnc = required(request.pinHashEnc);
  const pinUvAuthParam = required(request.pinUvAuthParam);
  state.pin.requireTry();
  const session = openSession(state, request);
  const { protocol, secret } = session;
  if (!protocol.verify(secret, concatBytes(newPinEnc, pinHashEnc), pinUvAuthParam)) {
    throw new CtapFailure(CtapStatus.pinAuthInvalid);
  }
  checkPin(state, session, pinHashEnc);
  const newPin = parsePaddedPin(protocol.decrypt(secret, newPinEnc), state.settings);
  const oldHash = protocol.decrypt(secret, pinHashEnc);
  const isSame = oldHash !== undefined && equalBytes(oldHash, newPin.hash);
  if (state.settings.forcePinChange && isSame) throw new CtapFailure(CtapStatus.pinPolicyViolation);
  state.pin.set(newPin);
  state.settings = { ...state.settings, forcePinChange: false };
  state.pinUvAuth.resetTokens();
  state.persistentToken = undefined;
}
