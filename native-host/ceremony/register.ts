import { encodeUtf8 } from '../../shared/bytes/bytes.ts';
import { success, type Result } from '../../shared/bytes/result.ts';
import type { CommandError } from '../ctap2/errors.ts';
import type { AuthenticatorInfo } from '../ctap2/get-info.ts';
import { makeCredential, type MakeCredentialParams } from '../ctap2/make-credential.ts';
import type { PinUvAuthToken } from '../ctap2/pin-uv-auth/token.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { isCtap21 } from './describe-key.ts';
import { encodeRegistrationInputs } from './extension-inputs.ts';
import type { OperationPlan } from './machine-types.ts';
import type { RegistrationOutcome, RegistrationRequest } from './request.ts';
import { describeCredentials, pinUvAuthFor } from './token-use.ts';

/** WebAuthn L3 §6.4.1 lets names be cut behind 64 bytes; keys refuse requests that are too large. */
const MAX_NAME_BYTES = 128;

/** Makes the credential. The key waits for a touch. */
export async function register(
  device: Device,
  info: AuthenticatorInfo,
  request: RegistrationRequest,
  plan: OperationPlan,
  token: PinUvAuthToken | undefined,
  options: CallOptions,
): Promise<Result<RegistrationOutcome, CommandError>> {
  const made = await makeCredential(device, registrationParams(info, request, plan, token), options);
  if (!made.ok) return made;
  return success({
    kind: 'registration',
    attestationObject: made.value.attestationObject,
    transports: [...new Set([...info.transports, device.descriptor.transport === 'nfc' ? 'nfc' : 'usb'])],
    discoverable: isDiscoverable(info, plan),
    answeredAt: performance.now(),
  });
}

function registrationParams(
  info: AuthenticatorInfo,
  request: RegistrationRequest,
  plan: OperationPlan,
  token: PinUvAuthToken | undefined,
): MakeCredentialParams {
  const { clientDataHash, user } = request;
  const algorithms = request.algorithms.filter((algorithm) => info.algorithms?.includes(algorithm) ?? true);
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
    extensions: encodeRegistrationInputs(request.extensions, info),
    options: { ...(plan.residentKey ? { rk: true } : {}), ...(plan.uv ? { uv: true } : {}) },
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
