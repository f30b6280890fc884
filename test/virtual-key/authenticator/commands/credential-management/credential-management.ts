import { concatBytes, equalBytes } from '../../../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../../../shared/cbor/codec.ts';
import type { CborMap } from '../../../../../shared/cbor/value.ts';
import { hashRpId } from '../../credential-store.ts';
import type { KeyState } from '../../key-state.ts';
import { bytesAt, mapAt, required, unsignedAt } from '../../parameters.ts';
import { Permission } from '../../pin-uv-auth/token.ts';
import { CtapFailure, CtapStatus } from '../../status.ts';
import { authorize, type Authorization } from '../authorize.ts';
import { deleteCredential, updateUserInformation } from './changes.ts';
import { countCredentials, describeCredentials, describeRelyingParties } from './descriptions.ts';

/** Names of the subcommands, for the command log. Source: CTAP 2.1 §6.8. */
export const CREDENTIAL_MANAGEMENT_SUBCOMMANDS: ReadonlyMap<number, string> = new Map([
  [1, 'getCredsMetadata'],
  [2, 'enumerateRpsBegin'],
  [3, 'enumerateRpsGetNextRp'],
  [4, 'enumerateCredentialsBegin'],
  [5, 'enumerateCredentialsGetNextCredential'],
  [6, 'deleteCredential'],
  [7, 'updateUserInformation'],
]);

type Form = 'preview' | 'standard';

/** authenticatorCredentialManagement; the preview has no updateUserInformation. Source: CTAP 2.2 §6.8. */
export function credentialManagement(form: Form): (state: KeyState, parameters: CborMap) => CborMap | undefined {
  return (state, parameters) => {
    const subcommand = required(unsignedAt(parameters, 1));
    const { enumeration } = state;
    state.enumeration = undefined;
    switch (subcommand) {
      case 1:
        authorize(state, parameters, reading(subcommand));
        return countCredentials(state);
      case 2:
        authorize(state, parameters, reading(subcommand));
        return begin(state, 3, describeRelyingParties(state));
      case 4:
        return enumerateCredentials(state, parameters);
      case 3:
      case 5:
        if (enumeration?.next !== subcommand) throw new CtapFailure(CtapStatus.notAllowed);
        return begin(state, subcommand, enumeration.left, CtapStatus.notAllowed);
      case 6:
        deleteCredential(state, parameters);
        return undefined;
      case 7:
        if (form === 'preview') break;
        updateUserInformation(state, parameters);
        return undefined;
      default:
    }
    throw new CtapFailure(CtapStatus.invalidSubcommand);
  };
}

/** A proof for a subcommand that only reads and concerns all Relying Parties. */
function reading(subcommand: number): Authorization {
  return {
    keys: [3, 4],
    message: Uint8Array.of(subcommand),
    permission: Permission.credentialManagement,
    fits: (rpId) => rpId === undefined,
    readOnly: true,
  };
}

function enumerateCredentials(state: KeyState, parameters: CborMap): CborMap {
  const subcommandParameters = required(mapAt(parameters, 2));
  const rpIdHash = required(bytesAt(subcommandParameters, 1));
  authorize(state, parameters, {
    ...reading(4),
    message: concatBytes(Uint8Array.of(4), encodeCbor(subcommandParameters)),
    fits: (rpId) => rpId === undefined || equalBytes(hashRpId(rpId), rpIdHash),
  });
  return begin(state, 5, describeCredentials(state, rpIdHash));
}

/** Answers the first of a series and keeps the rest for the subcommand that asks for the next one. */
function begin(state: KeyState, next: 3 | 5, series: readonly CborMap[], whenEmpty: number = CtapStatus.noCredentials): CborMap {
  const [first, ...left] = series;
  if (first === undefined) throw new CtapFailure(whenEmpty);
  state.enumeration = { next, left };
  return first;
}
