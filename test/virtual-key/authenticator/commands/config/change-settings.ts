import type { FactorySettings, KeyState } from '../../key-state.ts';

/** Changes what authenticatorConfig may change, and keeps what it was at first for reset. */
export function changeSettings(state: KeyState, changes: Partial<FactorySettings>): void {
  const { alwaysUv, minPinLength, minPinLengthRpIds, enterpriseAttestation, pinComplexityPolicy, longTouchForReset } = state.settings;
  state.factory ??= { alwaysUv, minPinLength, minPinLengthRpIds, enterpriseAttestation, pinComplexityPolicy, longTouchForReset };
  state.settings = { ...state.settings, ...changes };
}
