import type { Bytes } from '../../../shared/bytes/bytes.ts';
import type { UserEvidence } from './authenticator-data.ts';
import type { Exchange } from './exchange.ts';
import type { KeyState } from './key-state.ts';
import { isLegacy } from './settings.ts';
import { CtapFailure, CtapStatus } from './status.ts';
import { Permission } from './pin-uv-auth/token.ts';

/** What a platform sent with makeCredential or getAssertion to prove that the user was verified. */
export interface UvRequest {
  readonly permission: typeof Permission.makeCredential | typeof Permission.getAssertion;
  readonly rpId: string;
  readonly clientDataHash: Bytes;
  readonly pinUvAuthParam: Bytes | undefined;
  readonly pinUvAuthProtocol: number | undefined;
  /** The option `uv`. */
  readonly uv: boolean;
  /** The option `up`; always true for makeCredential. */
  readonly up: boolean;
  /** The option `rk`; always false for getAssertion. */
  readonly rk: boolean;
}

/** A user can be verified on this key: a PIN is set or the built-in way is set up. */
export function isProtected(state: KeyState): boolean {
  return state.pin.isSet || isUvReady(state);
}

/** The built-in way of verifying the user is set up; a fingerprint reader needs a fingerprint. */
export function isUvReady({ settings, fingerprints }: KeyState): boolean {
  return settings.bioEnrollment === 'none' ? settings.builtInUv : fingerprints.all.length > 0;
}

/**
 * Answers the old way of asking "is this the key you mean?": an empty pinUvAuthParam gets a touch and then an error. A key
 * that can have no PIN does not know that way, and looks at the param like at any other.
 * Source: CTAP 2.1 §6.1.2 step 1, §6.2.2 step 1.
 */
export async function answerTouchProbe(state: KeyState, pinUvAuthParam: Bytes | undefined, exchange: Exchange): Promise<void> {
  if (pinUvAuthParam?.length !== 0 || !state.settings.clientPin) return;
  await state.user.require(exchange, presenceTimeoutStatus(state));
  throw new CtapFailure(state.pin.isSet ? CtapStatus.pinInvalid : CtapStatus.pinNotSet);
}

/** Checks that a pinUvAuthParam comes with a protocol that the key knows. Source: CTAP 2.1 §6.1.2 step 2. */
export function checkProtocol(state: KeyState, pinUvAuthParam: Bytes | undefined, protocol: number | undefined): void {
  if (pinUvAuthParam === undefined) return;
  if (protocol === undefined) throw new CtapFailure(CtapStatus.missingParameter);
  if (state.pinUvAuth.supports(protocol)) return;
  throw new CtapFailure(isLegacy(state.settings) ? CtapStatus.pinAuthInvalid : CtapStatus.invalidParameter);
}

/**
 * Verifies the user as far as the request and the key's settings demand it.
 * Source: CTAP 2.1 §6.1.2 steps 5 to 11, §6.2.2 steps 4 to 6; CTAP 2.0 §5.1, §5.2.
 */
export async function verifyUser(state: KeyState, request: UvRequest, exchange: Exchange): Promise<UserEvidence> {
  const viaToken = request.pinUvAuthParam !== undefined;
  const wantsBuiltIn = !viaToken && request.uv;
  if (wantsBuiltIn && !isUvReady(state)) {
    throw new CtapFailure(isLegacy(state.settings) ? CtapStatus.unsupportedOption : CtapStatus.invalidOption);
  }
  const demanded = isLegacy(state.settings) ? demandLegacy(state, request) : demand(state, request);
  if (viaToken) return verifyToken(state, request);
  if (wantsBuiltIn) return await verifyBuiltIn(state, exchange);
  if (demanded === 'builtIn') return await verifyBuiltIn(state, exchange);
  if (demanded !== undefined) throw new CtapFailure(demanded);
  return { userPresent: false, userVerified: false };
}

type Demand = 'builtIn' | CtapStatus | undefined;

/** What is to happen when the platform brought no proof: nothing, the built-in way, or a refusal. */
function demand(state: KeyState, request: UvRequest): Demand {
  const { settings } = state;
  const registers = request.permission === Permission.makeCredential;
  const pinUsable = state.pin.isSet && !settings.noMcGaPermissionsWithClientPin;
  if (settings.alwaysUv && request.up) {
    if (!isProtected(state)) throw new CtapFailure(settings.clientPin ? CtapStatus.puatRequired : CtapStatus.operationDenied);
    if (isUvReady(state)) return 'builtIn';
    return pinUsable ? CtapStatus.puatRequired : CtapStatus.operationDenied;
  }
  if (!registers || !isProtected(state)) return undefined;
  if (settings.makeCredUvNotRqd && !request.rk) return undefined;
  return pinUsable ? CtapStatus.puatRequired : CtapStatus.operationDenied;
}

function demandLegacy(state: KeyState, request: UvRequest): Demand {
  const registers = request.permission === Permission.makeCredential;
  return registers && state.pin.isSet ? CtapStatus.puatRequired : undefined;
}

function verifyToken(state: KeyState, request: UvRequest): UserEvidence {
  if (!isProtected(state)) throw new CtapFailure(CtapStatus.pinNotSet);
  const number = request.pinUvAuthProtocol ?? 0;
  const token = state.pinUvAuth.token(number);
  const proven =
    token.verify(state.pinUvAuth.protocol(number), request.clientDataHash, request.pinUvAuthParam ?? new Uint8Array()) &&
    token.userVerified &&
    token.allows(request.permission, request.rpId);
  if (!proven) throw new CtapFailure(CtapStatus.pinAuthInvalid);
  const evidence = { userPresent: token.userPresent, userVerified: true };
  if (state.settings.tokenLife === 'oneUse') state.pinUvAuth.resetTokens();
  return evidence;
}

async function verifyBuiltIn(state: KeyState, exchange: Exchange): Promise<UserEvidence> {
  const outcome = await performBuiltInUv(state, exchange);
  if (outcome === 'verified') return { userPresent: true, userVerified: true };
  if (outcome === 'cancelled') throw new CtapFailure(CtapStatus.keepaliveCancel);
  const pinUsable = state.pin.isSet && !state.settings.noMcGaPermissionsWithClientPin;
  const canFallBack = outcome !== 'timeout' && pinUsable;
  throw new CtapFailure(canFallBack ? CtapStatus.puatRequired : CtapStatus.operationDenied);
}

/** Runs the built-in user verification, which takes a touch and so is evidence of presence too. Source: CTAP 2.1 §6.5.3.1. */
export async function performBuiltInUv(
  state: KeyState,
  exchange: Exchange,
): Promise<'verified' | 'failed' | 'blocked' | 'timeout' | 'cancelled'> {
  if (state.uvRetries === 0) return 'blocked';
  const outcome = await state.user.request(exchange);
  if (outcome !== 'given') return outcome;
  state.uvCount += 1;
  if (state.settings.userVerified) {
    state.uvRetries = state.settings.maxUvRetries;
    return 'verified';
  }
  state.uvRetries -= 1;
  return state.uvRetries === 0 ? 'blocked' : 'failed';
}

/** Waits for a touch unless one was given already; a touch spends the tokens. Source: CTAP 2.1 §6.1.2 step 14, §6.2.2 step 9. */
export async function collectPresence(state: KeyState, evidence: UserEvidence, exchange: Exchange): Promise<UserEvidence> {
  if (!evidence.userPresent) await state.user.require(exchange, presenceTimeoutStatus(state));
  if (state.settings.tokenLife === 'specified') state.pinUvAuth.spendTokens();
  else state.pinUvAuth.resetTokens();
  return { ...evidence, userPresent: true };
}

function presenceTimeoutStatus(state: KeyState): CtapStatus {
  return isLegacy(state.settings) ? CtapStatus.userActionTimeout : CtapStatus.operationDenied;
}
