import type { Exchange } from '../exchange.ts';
import type { KeyState } from '../key-state.ts';
import { CtapFailure, CtapStatus } from '../status.ts';

/** authenticatorReset: back to the factory state, after a touch soon after power-up. Source: CTAP 2.1 §6.6. */
export async function reset(state: KeyState, exchange: Exchange): Promise<void> {
  const { resetWindow } = state.settings;
  const age = state.environment.now() - state.poweredAt;
  if (resetWindow !== undefined && age > resetWindow) throw new CtapFailure(CtapStatus.notAllowed);
  const { transports, transportsForReset } = state.settings;
  if (transportsForReset !== undefined && !transportsForReset.some((name) => transports.includes(name))) {
    throw new CtapFailure(CtapStatus.notAllowed);
  }
  await state.user.require(exchange, CtapStatus.userActionTimeout);
  state.store.clear();
  state.largeBlobs.clear();
  state.pin.clear();
  state.uvRetries = state.settings.maxUvRetries;
  state.settings = { ...state.settings, ...state.factory, forcePinChange: false };
  state.fingerprints.clear();
  state.enrolment = undefined;
  state.persistentToken = undefined;
  state.deviceIdentifier = undefined;
  state.uvCount = 0;
  state.pinUvAuth.resetTokens();
}
