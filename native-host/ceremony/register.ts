import { encodeUtf8 } from '../../shared/bytes/bytes.ts';
import { success, type Result } from '../../shared/bytes/result.ts';
import type { CborMap } from '../../shared/cbor/value.ts';
import type { CommandError } from '../ctap2/errors.ts';
import type { AuthenticatorInfo } from '../ctap2/get-info.ts';
import { beginHmacSecret } from '../ctap2/hmac-secret.ts';
import { makeCredential, type MakeCredentialParams } from '../ctap2/make-credential.ts';
import { isCtap21 } from './describe-key.ts';
import { encodeRegistrationInputs, saltsAtRegistration } from './extension-inputs.ts';
import { readRegistrationOutputs } from './extension-outputs.ts';
import type { OperationPlan } from './machine-types.ts';
import { MAX_NAME_BYTES, type RegistrationOutcome, type RegistrationRequest } from './request.ts';
import { describeCredentials, type OperationAccess, pinUvAuthFor } from './token-use.ts';

/** Makes the credential. The key waits for a touch. */
export async function register(
  access: OperationAccess,
  request: RegistrationRequest,
  plan: OperationPlan,
): Promise<Result<RegistrationOutcome, CommandError>> {
  const { device, info, options } = access;
  const salts = saltsAtRegistration(request.extensions, info);
  const hmacSecretMc = salts === undefined ? undefined : await beginHmacSecret(device, info, salts, options);
  if (hmacSecretMc?.ok === false) return hmacSecretMc;
  try {
    const made = await makeCredential(device, registrationParams(access, request, plan, hmacSecretMc?.value.input), options);
    if (!made.ok) return made;
    return success({
      kind: 'registration',
      attestationObject: made.value.attestationObject,
      transports: [...new Set([...info.transports, device.descriptor.transport === 'nfc' ? 'nfc' : 'usb'])],
      discoverable: isDiscoverable(info, plan),
      enterpriseAttestation: made.value.epAtt,
      extensions: readRegistrationOutputs(request.extensions, made.value, hmacSecretMc?.value),
    });
  } finally {
    hmacSecretMc?.value.end();
  }
}

function registrationParams(
  { info, token }: OperationAccess,
  request: RegistrationRequest,
  plan: OperationPlan,
  hmacSecretMc: CborMap | undefined,
): MakeCredentialParams {
  const { clientDataHash, user, enterpriseAttestation } = request;
  const algorithms = request.algorithms.filter((algorithm) => info.algorithms?.includes(algorithm) ?? true);
  // Keys that do not tell their formats know no preference.
  const formats = (request.attestationFormats ?? []).filter((format) => info.attestationFormats?.includes(format) ?? false);
  return {
    clientDataHash,
    rp: { id: request.rpId, name: truncateText(request.rpName, MAX_NAME_BYTES) },
    user: {
      id: user.id,
      name: truncateText(user.name, MAX_NAME_BYTES),
      displayName: truncateText(user.displayName, MAX_NAME_BYTES),
    },
    pubKeyCredParams: algorithms.map((alg) => ({ alg, type: 'public-key' })),
    excludeList: describeCredentials(plan.ids),
    extensions: encodeRegistrationInputs(request.extensions, info, plan, hmacSecretMc),
    options: { ...(plan.residentKey ? { rk: true } : {}), ...(plan.uv ? { uv: true } : {}) },
    // Keys refuse it unless it is enabled on them.
    ...(enterpriseAttestation !== undefined && info.options.ep === true ? { enterpriseAttestation } : {}),
    ...(formats.length === 0 ? {} : { attestationFormatsPreference: formats }),
    ...pinUvAuthFor(plan.authorised ? token : undefined, clientDataHash),
  };
}

/**
 * Keys make what `rk` asks for; only before CTAP 2.1 could a credential be discoverable without being asked to.
 *
 * Source: CTAP 2.2 §6.1.2, the steps on option `rk`.
 */
function isDiscoverable(info: AuthenticatorInfo, { residentKey }: OperationPlan): boolean | undefined {
  if (residentKey) return true;
  return isCtap21(info) || info.options.rk !== true ? false : undefined;
}

/** Cuts a text to at most `maxBytes` of UTF-8, never inside a character. */
export function truncateText(text: string, maxBytes: number): string {
  let length = 0;
  let cut = '';
  for (const character of text) {
    length += encodeUtf8(character).length;
    if (length > maxBytes) return cut;
    cut += character;
  }
  return text;
}
