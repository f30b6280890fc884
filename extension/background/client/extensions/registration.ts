import * as v from 'valibot';

import { encodeBase64url } from '../../../../shared/bytes/base64url.ts';
import { success, type Result } from '../../../../shared/bytes/result.ts';
import type { WebauthnError } from '../../../../shared/webauthn/errors.ts';
import type { ExtensionOutputsJson } from '../../../../shared/webauthn/json.ts';
import { type CreationOptions, Requirement } from '../../../../shared/webauthn/options.ts';
import type { ParamsOf, ResultOf } from '../../../../shared/wire/hop.ts';
import type { NativeHop } from '../../../../shared/wire/native.ts';
import {
  byteString,
  decodeInputs,
  flag,
  largeBlobInputs,
  prfInputs,
  saltsOf,
  text,
  unsupported,
  validateAppId,
} from './inputs.ts';

type HostInputs = NonNullable<ParamsOf<NativeHop, 'registration.start'>['extensions']>;
type HostRegistration = ResultOf<NativeHop, 'registration.start'>;

const schema = v.object({
  appid: v.optional(v.unknown()),
  appidExclude: v.optional(text),
  credProps: flag,
  credentialProtectionPolicy: v.optional(text),
  enforceCredentialProtectionPolicy: flag,
  minPinLength: flag,
  credBlob: v.optional(byteString),
  hmacCreateSecret: flag,
  prf: v.optional(prfInputs),
  largeBlob: v.optional(largeBlobInputs),
});
type Inputs = v.InferOutput<typeof schema>;

/** Extensions of one registration: what the host is asked for, and what the page is told of the result. */
export interface RegistrationExtensions {
  readonly forHost: HostInputs;
  readonly outputs: (result: HostRegistration) => ExtensionOutputsJson;
}

/** CTAP's levels by the names of the policy. Source: CTAP 2.2 §12.1. */
const PROTECTION_LEVELS: ReadonlyMap<string, 1 | 2 | 3> = new Map([
  ['userVerificationOptional', 1],
  ['userVerificationOptionalWithCredentialIDList', 2],
  ['userVerificationRequired', 3],
]);

/**
 * Reads the extension inputs of `create()`; those that are not known here are ignored.
 *
 * Source: WebAuthn L3 §10.1.2 to §10.1.5, §10.2; CTAP 2.2 §12.
 *
 * @returns the extensions, or the exception for the page.
 */
export async function prepareRegistrationExtensions(
  origin: string,
  options: CreationOptions,
): Promise<Result<RegistrationExtensions, WebauthnError>> {
  const decoded = decodeInputs(schema, options.extensions);
  if (!decoded.ok) return decoded;
  const inputs = decoded.value;
  const { appid, appidExclude, prf, largeBlob } = inputs;
  if (appid !== undefined) return unsupported('appid is for authentications.');
  if (prf?.evalByCredential !== undefined) return unsupported('prf.evalByCredential is for authentications.');
  if (largeBlob?.read !== undefined || largeBlob?.write !== undefined) {
    return unsupported('largeBlob can only be supported at registration.');
  }
  const protection = credProtect(inputs, options);
  if (!protection.ok) return protection;
  const appIdExclude = appidExclude === undefined ? undefined : validateAppId(origin, appidExclude);
  if (appIdExclude?.ok === false) return appIdExclude;
  const salts = prf?.eval === undefined ? undefined : await saltsOf(prf.eval);
  return success({
    forHost: {
      ...(appIdExclude === undefined ? {} : { appIdExclude: appIdExclude.value }),
      ...protection.value,
      ...(inputs.minPinLength === true ? { minPinLength: true } : {}),
      ...(inputs.credBlob === undefined ? {} : { credBlob: encodeBase64url(inputs.credBlob) }),
      ...(inputs.hmacCreateSecret === true ? { hmacSecret: true } : {}),
      ...(prf === undefined ? {} : { prf: salts === undefined ? {} : { salts } }),
      ...(largeBlob === undefined ? {} : { largeBlob: largeBlob.support === 'required' ? 'required' : 'preferred' }),
    },
    outputs: (result) => outputsOf(inputs, options, result),
  });
}

/**
 * What browsers accept, stricter than the specification: a policy that would not hold for the credential is refused.
 *
 * Source: CTAP 2.2 §12.1; measured in Chromium 156.
 */
function credProtect(
  { credentialProtectionPolicy: policy, enforceCredentialProtectionPolicy: enforced = false }: Inputs,
  { residentKey, userVerification }: CreationOptions,
): Result<Pick<HostInputs, 'credProtect'>, WebauthnError> {
  if (policy === undefined) {
    return enforced ? unsupported('There is no credential protection policy to enforce.') : success({});
  }
  const level = PROTECTION_LEVELS.get(policy);
  const fits =
    (level === 1 && residentKey === Requirement.required && !enforced) ||
    level === 2 ||
    (level === 3 && userVerification === Requirement.required);
  if (level === undefined || !fits) return unsupported('The credential protection policy does not fit the other options.');
  return success({ credProtect: { level, enforce: enforced } });
}

function outputsOf(inputs: Inputs, options: CreationOptions, result: HostRegistration): ExtensionOutputsJson {
  const { credBlob = false, hmacSecret = false, largeBlob = false, prf } = result.extensions ?? {};
  return {
    ...(inputs.credProps === true ? { credProps: credProps(options, result) } : {}),
    ...(inputs.credBlob === undefined ? {} : { credBlob }),
    ...(inputs.hmacCreateSecret === true ? { hmacCreateSecret: hmacSecret } : {}),
    ...(inputs.prf === undefined
      ? {}
      : { prf: { enabled: hmacSecret, ...(prf === undefined ? {} : { results: prf }) } }),
    ...(inputs.largeBlob === undefined ? {} : { largeBlob: { supported: largeBlob } }),
  };
}

/** Source: WebAuthn L3 §10.1.3. */
function credProps(options: CreationOptions, { discoverable }: HostRegistration): { readonly rk?: boolean } {
  const rk = discoverable ?? (options.residentKey === Requirement.required ? true : undefined);
  return rk === undefined ? {} : { rk };
}
