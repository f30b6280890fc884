import type { Bytes } from '../../shared/bytes/bytes.ts';
import type { CborMap, CborValue } from '../../shared/cbor/value.ts';
import { parameterMap } from './command.ts';

/** A credential as lists name it (WebAuthn L3 §5.8.3). */
export interface CredentialDescriptor {
  readonly id: Bytes;
  readonly type: 'public-key';
  readonly transports?: readonly string[];
}

/** The proof of user verification that goes with a request. */
export interface PinUvAuth {
  /** `pinUvAuthParam`: what `PinUvAuthToken.authenticate` returned; empty to ask for a touch only. */
  readonly param: Bytes;
  readonly protocol: 1 | 2;
}

/**
 * A list as it is sent, or `undefined` for none: an empty list is not allowed in a request. `transports` stays behind,
 * as keys have no use for it and messages are small.
 */
export function encodeCredentialList(list: readonly CredentialDescriptor[] | undefined): CborValue {
  if (list === undefined || list.length === 0) return undefined;
  return list.map(({ id, type }) => parameterMap(['id', id], ['type', type]));
}

/** A map of options or extensions, or `undefined` when it holds nothing: empty maps are not sent. */
export function nonEmptyMap(map: CborMap | undefined): CborMap | undefined {
  return map === undefined || map.size === 0 ? undefined : map;
}
