import * as v from 'valibot';

import { decodeBase64url, encodeBase64url } from '../../../../shared/bytes/base64url.ts';
import { type Bytes, equalBytes } from '../../../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../../../shared/bytes/result.ts';
import { type WebauthnError, webauthnError, WebauthnErrorName } from '../../../../shared/webauthn/errors.ts';
import type { ExtensionOutputsJson } from '../../../../shared/webauthn/json.ts';
import type { RequestOptions } from '../../../../shared/webauthn/options.ts';
import type { ParamsOf, ResultOf } from '../../../../shared/wire/hop.ts';
import type { NativeHop } from '../../../../shared/wire/native.ts';
import { decodeInputs, flag, largeBlobInputs, prfInputs, saltsOf, text, unsupported, validateAppId } from './inputs.ts';

type HostInputs = NonNullable<ParamsOf<NativeHop, 'authentication.start'>['extensions']>;
type HostAuthentication = ResultOf<NativeHop, 'authentication.start'>;

const schema = v.object({
  appid: v.optional(text),
  credProps: flag,
  getCredBlob: flag,
  prf: v.optional(prfInputs),
  largeBlob: v.optional(largeBlobInputs),
});
type Inputs = v.InferOutput<typeof schema>;

/** Extensions of one authentication: what the host is asked for, and what the page is told of the result. */
export interface AuthenticationExtensions {
  readonly forHost: HostInputs;
  readonly outputs: (result: HostAuthentication) => ExtensionOutputsJson;
}

/**
 * Reads the extension inputs of `get()`; those that are not known here are ignored.
 *
 * Source: WebAuthn L3 §10.1.1, §10.1.4, §10.1.5; CTAP 2.2 §12.2.
 *
 * @returns the extensions, or the exception for the page.
 */
export async function prepareAuthenticationExtensions(
  origin: string,
  options: RequestOptions,
): Promise<Result<AuthenticationExtensions, WebauthnError>> {
  const decoded = decodeInputs(schema, options.extensions);
  if (!decoded.ok) return decoded;
  const inputs = decoded.value;
  if (inputs.credProps === true) return unsupported('credProps is for registrations.');
  const appId = inputs.appid === undefined ? undefined : validateAppId(origin, inputs.appid);
  if (appId?.ok === false) return appId;
  const prf = await preparePrf(inputs.prf, options);
  if (!prf.ok) return prf;
  const largeBlob = prepareLargeBlob(inputs.largeBlob, options);
  if (!largeBlob.ok) return largeBlob;
  return success({
    forHost: {
      ...(appId === undefined ? {} : { appId: appId.value }),
      ...(inputs.getCredBlob === true ? { getCredBlob: true } : {}),
      ...prf.value,
      ...largeBlob.value,
    },
    outputs: ({ extensions }) => outputsOf(inputs, extensions ?? {}),
  });
}

/** Source: WebAuthn L3 §10.1.4, client extension processing (authentication), steps 1 to 3. */
async function preparePrf(
  prf: Inputs['prf'],
  { allowCredentials }: RequestOptions,
): Promise<Result<Pick<HostInputs, 'prf'>, WebauthnError>> {
  if (prf === undefined) return success({});
  const entries = Object.entries(prf.evalByCredential ?? {});
  if (entries.length > 0 && allowCredentials.length === 0) {
    return unsupported('prf.evalByCredential needs allowCredentials.');
  }
  const byCredential: NonNullable<HostInputs['prf']>['byCredential'] = [];
  for (const [name, values] of entries) {
    const id = decodeBase64url(name);
    if (id === undefined || !isListed(id, allowCredentials)) {
      return failure(webauthnError(WebauthnErrorName.syntax, 'prf.evalByCredential names a credential that is not allowed.'));
    }
    byCredential.push({ id: encodeBase64url(id), salts: await saltsOf(values) });
  }
  const salts = prf.eval === undefined ? undefined : await saltsOf(prf.eval);
  // Nothing to compute: the key need not know of it.
  if (salts === undefined && byCredential.length === 0) return success({});
  return success({ prf: { ...(salts === undefined ? {} : { salts }), byCredential } });
}

function isListed(id: Bytes, credentials: RequestOptions['allowCredentials']): boolean {
  return credentials.some((credential) => equalBytes(credential.id, id));
}

/** Source: WebAuthn L3 §10.1.5, client extension processing (authentication), steps 1 to 3. */
function prepareLargeBlob(
  largeBlob: Inputs['largeBlob'],
  { allowCredentials }: RequestOptions,
): Result<Pick<HostInputs, 'largeBlob'>, WebauthnError> {
  if (largeBlob === undefined) return success({});
  const { support, read, write } = largeBlob;
  if (support !== undefined) return unsupported('largeBlob.support is for registrations.');
  if (read === true && write !== undefined) return unsupported('largeBlob cannot be read and written at once.');
  if (write === undefined) return success(read === true ? { largeBlob: 'read' } : {});
  if (allowCredentials.length !== 1) return unsupported('largeBlob can be written for exactly one allowed credential.');
  return success({ largeBlob: { write: encodeBase64url(write) } });
}

function outputsOf(inputs: Inputs, results: NonNullable<HostAuthentication['extensions']>): ExtensionOutputsJson {
  const { appId, credBlob, prf, largeBlob } = results;
  return {
    ...(inputs.appid === undefined ? {} : { appid: appId === true }),
    ...(inputs.getCredBlob === true && credBlob !== undefined ? { getCredBlob: credBlob } : {}),
    ...(inputs.prf === undefined ? {} : { prf: prf === undefined ? {} : { results: prf } }),
    ...(isBlobAsked(inputs) ? { largeBlob: largeBlob ?? {} } : {}),
  };
}

function isBlobAsked({ largeBlob }: Inputs): boolean {
  return largeBlob?.read === true || largeBlob?.write !== undefined;
}
