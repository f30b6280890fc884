import type { Bytes } from '../../../../../shared/bytes/bytes.ts';
import type { CborMap } from '../../../../../shared/cbor/value.ts';
import { bytesAt, mapAt, required, textAt, unsignedAt } from '../../parameters.ts';
import type { KeyState } from '../../key-state.ts';
import type { Session } from '../../pin-uv-auth/pin-uv-auth.ts';
import { CtapFailure, CtapStatus } from '../../status.ts';

/** Parameters of clientPin; which of them are mandatory depends on the subcommand. Source: CTAP 2.1 §6.5.5. */
export interface ClientPinRequest {
  readonly protocol: number | undefined;
  readonly keyAgreement: CborMap | undefined;
  readonly pinUvAuthParam: Bytes | undefined;
  readonly newPinEnc: Bytes | undefined;
  readonly pinHashEnc: Bytes | undefined;
  readonly permissions: number | undefined;
  readonly rpId: string | undefined;
}

/** Reads all parameters. */
export function parseClientPin(parameters: CborMap): ClientPinRequest {
  return {
    protocol: unsignedAt(parameters, 1),
    keyAgreement: mapAt(parameters, 3),
    pinUvAuthParam: bytesAt(parameters, 4),
    newPinEnc: bytesAt(parameters, 5),
    pinHashEnc: bytesAt(parameters, 6),
    permissions: unsignedAt(parameters, 9),
    rpId: textAt(parameters, 10),
  };
}

/** The shared secret of the request. */
export function openSession(state: KeyState, request: ClientPinRequest): Session {
  return state.pinUvAuth.session(required(request.protocol), required(request.keyAgreement));
}

/**
 * Checks a PIN that the platform sent, with all the counting that goes with it. A wrong one brings a new key
 * agreement key. Source: CTAP 2.1 §6.5.5.7.1 steps 6 to 9.
 */
export function checkPin(state: KeyState, session: Session, pinHashEnc: Bytes): void {
  if (state.pin.check(session.protocol.decrypt(session.secret, pinHashEnc))) {
    state.uvRetries = state.settings.maxUvRetries;
    state.uvCount = 0;
    return;
  }
  state.pinUvAuth.regenerate(session.protocol.number);
  throw new CtapFailure(state.pin.failureStatus());
}

/** Refuses PIN subcommands on a key that cannot have a PIN. */
export function requireClientPin(state: KeyState): void {
  if (!state.settings.clientPin) throw new CtapFailure(CtapStatus.invalidSubcommand);
}
