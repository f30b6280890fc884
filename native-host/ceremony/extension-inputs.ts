import { equalBytes } from '../../shared/bytes/bytes.ts';
import type { CborMap, CborValue } from '../../shared/cbor/value.ts';
import { parameterMap } from '../ctap2/command.ts';
import type { AuthenticatorInfo } from '../ctap2/get-info.ts';
import type { HmacSecretValues } from '../ctap2/hmac-secret.ts';
import { supportsLargeBlobs } from './describe-key.ts';
import type { OperationPlan } from './machine-types.ts';
import type { AuthenticationExtensions, RegistrationExtensions } from './request.ts';

/**
 * The salts that a registration sends along: only keys with hmac-secret-mc (CTAP 2.2 §12.8) take any. The others give
 * their values at the next authentication.
 */
export function saltsAtRegistration(
  { prf }: RegistrationExtensions,
  { extensions: supported }: Pick<AuthenticatorInfo, 'extensions'>,
): HmacSecretValues | undefined {
  return supported.includes('hmac-secret') && supported.includes('hmac-secret-mc') ? prf?.salts : undefined;
}

/**
 * The salts for the one credential that may sign, or those for any. Source: WebAuthn L3 §10.1.4, client processing
 * (authentication), steps 4 to 6.
 */
export function saltsAtAuthentication(
  { prf }: AuthenticationExtensions,
  { extensions: supported }: Pick<AuthenticatorInfo, 'extensions'>,
  { ids }: Pick<OperationPlan, 'ids'>,
): HmacSecretValues | undefined {
  if (prf === undefined || !supported.includes('hmac-secret')) return undefined;
  const [only] = ids;
  const own = ids.length === 1 ? prf.byCredential.find(({ id }) => only !== undefined && equalBytes(id, only)) : undefined;
  return own?.salts ?? prf.salts;
}

/**
 * The extension inputs of a registration in CBOR form, of those that the key supports.
 *
 * @param hmacSecretMc input of hmac-secret-mc, when there are salts to send.
 */
export function encodeRegistrationInputs(
  { credProtect, minPinLength, credBlob, hmacSecret, prf, largeBlob }: RegistrationExtensions,
  info: AuthenticatorInfo,
  plan: Pick<OperationPlan, 'residentKey'>,
  hmacSecretMc?: CborMap,
): CborMap {
  const ifSupported = (identifier: string, value: CborValue): [string, CborValue] => [
    identifier,
    info.extensions.includes(identifier) ? value : undefined,
  ];
  const fits = credBlob !== undefined && credBlob.length <= (info.maxCredBlobLength ?? 0);
  // Only discoverable credentials can have one: a key refuses the whole request for any other.
  const wantsBlob = largeBlob !== undefined && plan.residentKey && supportsLargeBlobs(info);
  return parameterMap(
    ifSupported('credProtect', credProtect?.level),
    ifSupported('minPinLength', minPinLength),
    ifSupported('credBlob', fits ? credBlob : undefined),
    ifSupported('hmac-secret', hmacSecret === true || prf !== undefined ? true : undefined),
    ['hmac-secret-mc', hmacSecretMc],
    ['largeBlobKey', wantsBlob ? true : undefined],
  );
}

/**
 * The extension inputs of an authentication in CBOR form, of those that the key supports.
 *
 * @param hmacSecret input of hmac-secret, when there are salts to send.
 */
export function encodeAuthenticationInputs(
  { getCredBlob, largeBlob }: AuthenticationExtensions,
  info: AuthenticatorInfo,
  hmacSecret?: CborMap,
): CborMap {
  return parameterMap(
    ['credBlob', info.extensions.includes('credBlob') ? getCredBlob : undefined],
    ['hmac-secret', hmacSecret],
    ['largeBlobKey', largeBlob !== undefined && supportsLargeBlobs(info) ? true : undefined],
  );
}
