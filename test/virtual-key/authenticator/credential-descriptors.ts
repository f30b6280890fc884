import type { Bytes } from '../../../shared/bytes/bytes.ts';
import type { CborMap } from '../../../shared/cbor/value.ts';
import { bytesAt, mapsAt, required, textAt } from './parameters.ts';
import type { Settings } from './settings.ts';
import { CtapFailure, CtapStatus } from './status.ts';

/**
 * Reads an allow or exclude list: the ids of type "public-key". REQUEST_TOO_LARGE for more ids than the key takes,
 * LIMIT_EXCEEDED for an id that is too long. Source: CTAP 2.1 §6.4 (0x07, 0x08).
 */
export function credentialIdsAt(parameters: CborMap, key: number, settings: Settings): readonly Bytes[] | undefined {
  const descriptors = mapsAt(parameters, key)?.map((descriptor) => ({
    type: required(textAt(descriptor, 'type')),
    id: required(bytesAt(descriptor, 'id')),
  }));
  if (descriptors === undefined) return undefined;
  const { acceptedCredentialCount, maxCredentialCountInList, maxCredentialIdLength } = settings;
  const most = acceptedCredentialCount ?? maxCredentialCountInList;
  if (most !== undefined && descriptors.length > most) {
    throw new CtapFailure(CtapStatus.requestTooLarge);
  }
  if (maxCredentialIdLength !== undefined && descriptors.some(({ id }) => id.length > maxCredentialIdLength)) {
    throw new CtapFailure(CtapStatus.limitExceeded);
  }
  return descriptors.filter(({ type }) => type === 'public-key').map(({ id }) => id);
}
