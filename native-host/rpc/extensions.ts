import { decodeBase64url, encodeBase64url } from '../../shared/bytes/base64url.ts';
import type { ParamsOf, ResultOf } from '../../shared/wire/hop.ts';
import type { NativeHop } from '../../shared/wire/native.ts';
import type {
  AuthenticationExtensions,
  AuthenticationOutputs,
  RegistrationExtensions,
  RegistrationOutputs,
} from '../ceremony/request.ts';
import type { HmacSecretValues } from '../ctap2/hmac-secret.ts';
import { decodeCredentialIds, decodeHash } from './decode.ts';

type RegistrationJson = NonNullable<ParamsOf<NativeHop, 'registration.start'>['extensions']>;
type AuthenticationJson = NonNullable<ParamsOf<NativeHop, 'authentication.start'>['extensions']>;
type ValuesJson = NonNullable<NonNullable<RegistrationJson['prf']>['salts']>;

/** Decodes the byte strings of a registration's extension inputs; `undefined` when one has a wrong form. */
export function decodeRegistrationExtensions(json: RegistrationJson = {}): RegistrationExtensions | undefined {
  const { credBlob: blobText, prf: prfJson, ...plain } = json;
  const credBlob = blobText === undefined ? undefined : decodeBase64url(blobText);
  const salts = prfJson?.salts === undefined ? undefined : decodeValues(prfJson.salts);
  if (blobText !== undefined && credBlob === undefined) return undefined;
  if (prfJson?.salts !== undefined && salts === undefined) return undefined;
  return {
    ...plain,
    ...(credBlob === undefined ? {} : { credBlob }),
    ...(prfJson === undefined ? {} : { prf: salts === undefined ? {} : { salts } }),
  };
}

/** Decodes the byte strings of an authentication's extension inputs; `undefined` when one has a wrong form. */
export function decodeAuthenticationExtensions(json: AuthenticationJson = {}): AuthenticationExtensions | undefined {
  const { prf: prfJson, largeBlob: blobJson, ...plain } = json;
  const prf = prfJson === undefined ? undefined : decodePrf(prfJson);
  const write = typeof blobJson === 'object' ? decodeBase64url(blobJson.write) : undefined;
  if (prfJson !== undefined && prf === undefined) return undefined;
  if (typeof blobJson === 'object' && write === undefined) return undefined;
  const largeBlob = write === undefined ? undefined : { write };
  return {
    ...plain,
    ...(prf === undefined ? {} : { prf }),
    ...(blobJson === 'read' ? { largeBlob: blobJson } : {}),
    ...(largeBlob === undefined ? {} : { largeBlob }),
  };
}

/** The outputs of a registration as they cross the hop. */
export function encodeRegistrationOutputs(
  outputs: RegistrationOutputs,
): NonNullable<ResultOf<NativeHop, 'registration.start'>['extensions']> {
  const { prf, ...plain } = outputs;
  return { ...plain, ...(prf === undefined ? {} : { prf: encodeValues(prf) }) };
}

/** The outputs of an authentication as they cross the hop. */
export function encodeAuthenticationOutputs(
  outputs: AuthenticationOutputs,
): NonNullable<ResultOf<NativeHop, 'authentication.start'>['extensions']> {
  const { credBlob, prf, largeBlob, ...plain } = outputs;
  const { blob, ...rest } = largeBlob ?? {};
  return {
    ...plain,
    ...(credBlob === undefined ? {} : { credBlob: encodeBase64url(credBlob) }),
    ...(prf === undefined ? {} : { prf: encodeValues(prf) }),
    ...(largeBlob === undefined
      ? {}
      : { largeBlob: { ...rest, ...(blob === undefined ? {} : { blob: encodeBase64url(blob) }) } }),
  };
}

function decodePrf(json: NonNullable<AuthenticationJson['prf']>): AuthenticationExtensions['prf'] {
  const salts = json.salts === undefined ? undefined : decodeValues(json.salts);
  if (json.salts !== undefined && salts === undefined) return undefined;
  const byCredential = [];
  for (const entry of json.byCredential) {
    const [id] = decodeCredentialIds([entry]) ?? [];
    const own = decodeValues(entry.salts);
    if (id === undefined || own === undefined) return undefined;
    byCredential.push({ id, salts: own });
  }
  return { ...(salts === undefined ? {} : { salts }), byCredential };
}

function decodeValues({ first: firstText, second: secondText }: ValuesJson): HmacSecretValues | undefined {
  const first = decodeHash(firstText);
  const second = secondText === undefined ? undefined : decodeHash(secondText);
  if (first === undefined || (secondText !== undefined && second === undefined)) return undefined;
  return second === undefined ? { first } : { first, second };
}

function encodeValues({ first, second }: HmacSecretValues): ValuesJson {
  return { first: encodeBase64url(first), ...(second === undefined ? {} : { second: encodeBase64url(second) }) };
}
