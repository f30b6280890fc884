import type { KeyState } from '../../key-state.ts';
import { required } from '../../parameters.ts';
import { parsePaddedPin } from '../../pin-uv-auth/pin.ts';
import { CtapFailure, CtapStatus } from '../../status.ts';
import { type ClientPinRequest, openSession, requireClientPin } from './request.ts';

/** setPIN, for a key that has none yet. Source: CTAP 2.1 §6.5.5.5. */
export function setPin(state: KeyState, request: ClientPinRequest): void {
  requireClientPin(state);
  const newPinEnc = required(request.newPinEnc);
  const pinUvAuthParam = required(request.pinUvAuthParam);
  const session = openSession(state, request);
  if (state.pin.isSet) throw new CtapFailure(CtapStatus.pinAuthInvalid);
  const { protocol, secret } = session;
  if (!protocol.verify(secret, newPinEnc, pinUvAuthParam)) throw new CtapFailure(CtapStatus.pinAuthInvalid);
  state.persistentToken = undefined;
  state.pin.set(parsePaddedPin(protocol.decrypt(secret, newPinEnc), state.settings));
}
