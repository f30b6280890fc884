import { encodeHex } from '../../../../../shared/bytes/hex.ts';
import type { CborMap, CborValue } from '../../../../../shared/cbor/value.ts';
import { cosePublicKey } from '../../credential-key.ts';
import type { Credential } from '../../credential-store.ts';
import type { KeyState } from '../../key-state.ts';
import { encodeUser } from '../../user-entity.ts';

/** The response of getCredsMetadata. Source: CTAP 2.1 §6.8.2. */
export function countCredentials({ store, settings }: KeyState): CborMap {
  const remaining = Math.max(settings.maxDiscoverableCredentials - store.discoverableCount, 0);
  return new Map<CborValue, CborValue>([
    [1, store.discoverableCount],
    [2, remaining],
  ]);
}

/** One response for each Relying Party with discoverable credentials; the first tells how many there are. Source: CTAP 2.1 §6.8.3. */
export function describeRelyingParties({ store }: KeyState): CborMap[] {
  const parties = new Map<string, Credential>();
  for (const credential of store.all) {
    const hash = encodeHex(credential.rpIdHash);
    if (credential.discoverable && !parties.has(hash)) parties.set(hash, credential);
  }
  return [...parties.values()].map(({ rpId, rpIdHash }, index) => {
    const response = new Map<CborValue, CborValue>([
      [3, new Map<CborValue, CborValue>([['id', rpId ?? '']])],
      [4, rpIdHash],
    ]);
    if (index === 0) response.set(5, parties.size);
    return response;
  });
}

/** One response for each discoverable credential of a Relying Party; the first tells how many there are. Source: CTAP 2.1 §6.8.4. */
export function describeCredentials({ store }: KeyState, rpIdHash: Uint8Array): CborMap[] {
  return store.discoverable(rpIdHash).map((credential, index, all) => {
    const response = new Map<CborValue, CborValue>();
    if (credential.user !== undefined) response.set(6, encodeUser(credential.user, true));
    response.set(7, new Map<CborValue, CborValue>([['id', credential.id], ['type', 'public-key']]));
    response.set(8, cosePublicKey(credential.key));
    if (index === 0) response.set(9, all.length);
    response.set(10, credential.credProtect);
    if (credential.largeBlobKey !== undefined) response.set(11, credential.largeBlobKey);
    return response;
  });
}
