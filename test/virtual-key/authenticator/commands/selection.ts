import type { Exchange } from '../exchange.ts';
import type { KeyState } from '../key-state.ts';
import { CtapStatus } from '../status.ts';

/** authenticatorSelection: blink until touched. Source: CTAP 2.1 §6.9. */
export async function selection(state: KeyState, exchange: Exchange): Promise<void> {
  await state.user.require(exchange, CtapStatus.userActionTimeout);
}
