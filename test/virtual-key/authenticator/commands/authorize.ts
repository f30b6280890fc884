import type { Bytes } from '../../../../shared/bytes/bytes.ts';
import type { CborMap } from '../../../../shared/cbor/value.ts';
import type { KeyState } from '../key-state.ts';
import { bytesAt, required, unsignedAt } from '../parameters.ts';
import { CtapFailure, CtapStatus } from '../status.ts';
import { checkProtocol } from '../user-verification.ts';

/** What a management command wants to be proven. */
export interface Authorization {
  /** The map's keys of pinUvAuthProtocol and pinUvAuthParam. */
  readonly keys: readonly [protocol: number, param: number];
  /** What the param is over. */
  readonly message: Bytes;
  readonly permission: number;
  /** Whether a token may be bound to this RP ID; `undefined`: to none. */
  readonly fits: (rpId: string | undefined) => boolean;
  /** A persistent read-only token does as well. */
  readonly readOnly?: boolean;
}

/**
 * Fails unless the request carries a proof of a token with the permission.
 * Source: CTAP 2.2 §6.7, §6.8, §6.11 (the first steps of their subcommands).
 */
export function authorize(state: KeyState, parameters: CborMap, wanted: Authorization): void {
  const protocolNumber = unsignedAt(parameters, wanted.keys[0]);
  const param = bytesAt(parameters, wanted.keys[1]);
  if (param === undefined) throw new CtapFailure(CtapStatus.puatRequired);
  const number = required(protocolNumber);
  checkProtocol(state, param, number);
  const protocol = state.pinUvAuth.protocol(number);
  if (wanted.readOnly === true && state.settings.persistentCredentialManagement && state.persistentToken !== undefined) {
    if (protocol.verify(state.persistentToken, wanted.message, param)) return;
  }
  const token = state.pinUvAuth.token(number);
  if (!token.verify(protocol, wanted.message, param) || !token.allowsFor(wanted.permission, wanted.fits)) {
    throw new CtapFailure(CtapStatus.pinAuthInvalid);
  }
  if (state.settings.tokenLife === 'oneUse') state.pinUvAuth.resetTokens();
}
