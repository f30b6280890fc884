import { concatBytes } from '../../../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../../../shared/cbor/codec.ts';
import type { CborMap } from '../../../../../shared/cbor/value.ts';
import type { KeyState } from '../../key-state.ts';
import { mapAt } from '../../parameters.ts';
import { Permission } from '../../pin-uv-auth/token.ts';
import { authorize } from '../authorize.ts';

const FINGERPRINT = 0x01;

/** Fails unless the subcommand with its parameters is proven to come from a verified user. Source: CTAP 2.1 §6.7.4. */
export function authorizeBio(state: KeyState, parameters: CborMap, subcommand: number): void {
  const subcommandParameters = mapAt(parameters, 3);
  const encoded = subcommandParameters === undefined ? new Uint8Array() : encodeCbor(subcommandParameters);
  authorize(state, parameters, {
    keys: [4, 5],
    message: concatBytes(Uint8Array.of(FINGERPRINT, subcommand), encoded),
    permission: Permission.bioEnrollment,
    fits: () => true,
  });
}
