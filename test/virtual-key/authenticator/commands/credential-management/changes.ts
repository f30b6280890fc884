import { concatBytes, equalBytes } from '../../../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../../../shared/cbor/codec.ts';
import type { CborMap } from '../../../../../shared/cbor/value.ts';
import type { Credential } from '../../credential-store.ts';
import type { KeyState } from '../../key-state.ts';
import { bytesAt, mapAt, required } from '../../parameters.ts';
import { Permission } from '../../pin-uv-auth/token.ts';
import { CtapFailure, CtapStatus } from '../../status.ts';
import { parseUser } from '../../user-entity.ts';
import { authorize } from '../authorize.ts';

/** deleteCredential. Source: CTAP 2.1 §6.8.5. */
export function deleteCredential(state: KeyState, parameters: CborMap): void {
  const credential = authorizedCredential(state, parameters, 6);
  state.store.remove(credential.id);
}

/** updateUserInformation: the given names replace both; an empty or absent one removes it. Source: CTAP 2.1 §6.8.6. */
export function updateUserInformation(state: KeyState, parameters: CborMap): void {
  const user = parseUser(required(mapAt(required(mapAt(parameters, 2)), 3)));
  const credential = authorizedCredential(state, parameters, 7);
  const isSame = credential.user !== undefined && equalBytes(credential.user.id, user.id);
  if (!isSame) throw new CtapFailure(CtapStatus.invalidParameter);
  const { id, name = '', displayName = '' } = user;
  state.store.rename(credential, { id, ...(name === '' ? {} : { name }), ...(displayName === '' ? {} : { displayName }) });
}

/** The credential that the request names, after the proof for it. */
function authorizedCredential(state: KeyState, parameters: CborMap, subcommand: number): Credential {
  const subcommandParameters = required(mapAt(parameters, 2));
  const id = required(bytesAt(required(mapAt(subcommandParameters, 2)), 'id'));
  const credential = state.store.findDiscoverable(id);
  authorize(state, parameters, {
    keys: [3, 4],
    message: concatBytes(Uint8Array.of(subcommand), encodeCbor(subcommandParameters)),
    permission: Permission.credentialManagement,
    fits: (rpId) => rpId === undefined || rpId === credential?.rpId,
  });
  if (credential === undefined) throw new CtapFailure(CtapStatus.noCredentials);
  return credential;
}
