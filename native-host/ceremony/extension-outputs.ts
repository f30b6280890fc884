import type { Bytes } from '../../shared/bytes/bytes.ts';
import type { CborMap } from '../../shared/cbor/value.ts';
import { parseAuthenticatorData } from '../../shared/webauthn/authenticator-data.ts';
import type { HmacSecretExchange } from '../ctap2/hmac-secret.ts';
import { bytesMember } from '../ctap2/members.ts';
import type { AuthenticationExtensions, AuthenticationOutputs, RegistrationExtensions, RegistrationOutputs } from './request.ts';

/** What a key's answer to makeCredential says of the extensions that were asked for. */
export function readRegistrationOutputs(
  asked: RegistrationExtensions,
  response: { readonly authData: Bytes; readonly largeBlobKey?: Bytes },
  hmacSecretMc: HmacSecretExchange | undefined,
): RegistrationOutputs {
  const outputs = outputsOf(response.authData);
  const values = hmacSecretMc?.read(outputs.get('hmac-secret-mc'));
  return {
    ...(asked.credBlob === undefined ? {} : { credBlob: outputs.get('credBlob') === true }),
    ...(asked.hmacSecret === undefined && asked.prf === undefined
      ? {}
      : { hmacSecret: outputs.get('hmac-secret') === true }),
    ...(values === undefined ? {} : { prf: values }),
    ...(asked.largeBlob === undefined ? {} : { largeBlob: response.largeBlobKey !== undefined }),
  };
}

/** What a key's assertion says of the extensions that were asked for, but for large blobs, which are beside it. */
export function readAuthenticationOutputs(
  asked: AuthenticationExtensions,
  authData: Bytes,
  hmacSecret: HmacSecretExchange | undefined,
): AuthenticationOutputs {
  const outputs = outputsOf(authData);
  const credBlob = asked.getCredBlob === undefined ? undefined : bytesMember(outputs, 'credBlob');
  const values = hmacSecret?.read(outputs.get('hmac-secret'));
  return {
    ...(credBlob === undefined ? {} : { credBlob }),
    ...(values === undefined ? {} : { prf: values }),
  };
}

/** Empty where there are none, or where the data is broken: judging it is the client's business. */
function outputsOf(authData: Bytes): CborMap {
  const parsed = parseAuthenticatorData(authData);
  return (parsed.ok ? parsed.value.extensions : undefined) ?? new Map();
}
