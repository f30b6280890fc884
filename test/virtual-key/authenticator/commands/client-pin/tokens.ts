import type { CborMap, CborValue } from '../../../../../shared/cbor/value.ts';
import { persistentToken } from '../../encrypted-state.ts';
import type { Exchange } from '../../exchange.ts';
import type { KeyState } from '../../key-state.ts';
import { required } from '../../parameters.ts';
import type { Session } from '../../pin-uv-auth/pin-uv-auth.ts';
import { Permission, type TokenGrant } from '../../pin-uv-auth/token.ts';
import { isLegacy, type Settings } from '../../settings.ts';
import { CtapFailure, CtapStatus } from '../../status.ts';
import { isUvReady, performBuiltInUv } from '../../user-verification.ts';
import { checkPin, type ClientPinRequest, openSession, requireClientPin } from './request.ts';

const CEREMONY_PERMISSIONS = Permission.makeCredential | Permission.getAssertion;

/** getPinToken: the token of CTAP 2.0, and of 2.1 platforms that name no permissions. Source: CTAP 2.1 §6.5.5.7.1. */
export function getPinToken(state: KeyState, request: ClientPinRequest): CborMap {
  requireClientPin(state);
  const pinHashEnc = required(request.pinHashEnc);
  const legacy = isLegacy(state.settings);
  if (!legacy && (request.permissions !== undefined || request.rpId !== undefined)) {
    throw new CtapFailure(CtapStatus.invalidParameter);
  }
  const session = openSession(state, request);
  state.pin.requireTry();
  checkPin(state, session, pinHashEnc);
  refuseForcedChange(state);
  const permissions = state.settings.noMcGaPermissionsWithClientPin ? 0 : CEREMONY_PERMISSIONS;
  return tokenResponse(
    state.pinUvAuth.issue(session, { permissions, rpId: undefined, userPresent: false, unlimited: legacy }),
  );
}

/** getPinUvAuthTokenUsingPinWithPermissions. Source: CTAP 2.1 §6.5.5.7.2. */
export function getTokenUsingPin(state: KeyState, request: ClientPinRequest): CborMap {
  requireClientPin(state);
  const pinHashEnc = required(request.pinHashEnc);
  const permissions = requestedPermissions(state, request, 'pin');
  if (state.settings.noMcGaPermissionsWithClientPin && (permissions & CEREMONY_PERMISSIONS) !== 0) {
    throw new CtapFailure(CtapStatus.unauthorizedPermission);
  }
  const session = openSession(state, request);
  state.pin.requireTry();
  checkPin(state, session, pinHashEnc);
  refuseForcedChange(state);
  return tokenResponse(issue(state, session, { permissions, rpId: request.rpId, userPresent: false, unlimited: false }));
}

/** getPinUvAuthTokenUsingUvWithPermissions. The built-in verification counts as a touch. Source: CTAP 2.1 §6.5.5.7.3. */
export async function getTokenUsingUv(state: KeyState, request: ClientPinRequest, exchange: Exchange): Promise<CborMap> {
  const permissions = requestedPermissions(state, request, 'uv');
  if (!isUvReady(state)) throw new CtapFailure(CtapStatus.notAllowed);
  const session = openSession(state, request);
  const outcome = await performBuiltInUv(state, exchange);
  switch (outcome) {
    case 'verified':
      return tokenResponse(issue(state, session, { permissions, rpId: request.rpId, userPresent: true, unlimited: false }));
    case 'failed':
      throw new CtapFailure(CtapStatus.uvInvalid);
    case 'blocked':
      throw new CtapFailure(CtapStatus.uvBlocked);
    case 'timeout':
      throw new CtapFailure(CtapStatus.userActionTimeout);
    case 'cancelled':
      throw new CtapFailure(CtapStatus.keepaliveCancel);
  }
}

/** Checks the wanted permissions against those that the key can give, and that ceremonies name their RP ID. */
function requestedPermissions(state: KeyState, request: ClientPinRequest, method: 'pin' | 'uv'): number {
  const permissions = required(request.permissions);
  if (permissions === 0) throw new CtapFailure(CtapStatus.invalidParameter);
  if ((permissions & ~knownPermissions(state.settings, method)) !== 0) {
    throw new CtapFailure(CtapStatus.unauthorizedPermission);
  }
  // The persistent token is another one than the ordinary: no single token could have both kinds of permissions (CTAP 2.2 §6.5.5.7.2 step 4).
  const persistent = Permission.persistentCredentialManagementReadOnly;
  if ((permissions & persistent) !== 0 && permissions !== persistent) throw new CtapFailure(CtapStatus.unauthorizedPermission);
  if ((permissions & CEREMONY_PERMISSIONS) !== 0) required(request.rpId);
  return permissions;
}

function knownPermissions(settings: Settings, method: 'pin' | 'uv'): number {
  const byPin = method === 'pin';
  const optional: readonly (readonly [boolean, number])[] = [
    [settings.extensions.includes('largeBlobKey'), Permission.largeBlobWrite],
    [settings.credentialManagement !== 'none', Permission.credentialManagement],
    [settings.persistentCredentialManagement, Permission.persistentCredentialManagementReadOnly],
    [settings.bioEnrollment !== 'none' && (byPin || settings.uvBioEnroll), Permission.bioEnrollment],
    [settings.config && (byPin || settings.uvConfig), Permission.authenticatorConfiguration],
  ];
  return optional.reduce((known, [has, permission]) => (has ? known | permission : known), CEREMONY_PERMISSIONS);
}

function issue(state: KeyState, session: Session, grant: TokenGrant): CborValue {
  if (grant.permissions !== Permission.persistentCredentialManagementReadOnly) return state.pinUvAuth.issue(session, grant);
  return session.protocol.encrypt(session.secret, persistentToken(state));
}

function refuseForcedChange(state: KeyState): void {
  if (state.settings.forcePinChange) throw new CtapFailure(CtapStatus.pinPolicyViolation);
}

function tokenResponse(token: CborValue): CborMap {
  return new Map<CborValue, CborValue>([[2, token]]);
}
