import type { CborMap } from '../../../../shared/cbor/value.ts';
import type { KeyState } from '../key-state.ts';
import { CtapFailure, CtapStatus } from '../status.ts';
import { buildAssertion } from './get-assertion.ts';

const LIFETIME = 30_000;

/** authenticatorGetNextAssertion. NOT_ALLOWED when there is nothing (any more) to go on with. Source: CTAP 2.1 §6.3. */
export function getNextAssertion(state: KeyState): CborMap {
  const pending = state.pendingAssertions;
  const now = state.environment.now();
  const next = pending?.credentials.shift();
  if (pending === undefined || next === undefined || now - pending.lastAt > LIFETIME) {
    state.pendingAssertions = undefined;
    throw new CtapFailure(CtapStatus.notAllowed);
  }
  pending.lastAt = now;
  return buildAssertion(state, next, pending, {
    omitCredential: false,
    withNames: pending.evidence.userVerified,
    numberOfCredentials: undefined,
  });
}
