import { type Bytes, concatBytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { encodeCbor } from '../../shared/cbor/codec.ts';
import type { CborValue } from '../../shared/cbor/value.ts';
import { isOnCurve } from '../../shared/cose/curves.ts';
import { AuthenticatorFlag } from '../../shared/webauthn/authenticator-flags.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { u2fAuthenticate, U2fControl } from '../u2f/authenticate.ts';
import { malformedU2f, type U2fMessageError, U2fStatus } from '../u2f/message.ts';
import { u2fRegister, type U2fRegistration } from '../u2f/register.ts';
import type { OperationPlan, PreflightFinding } from './machine-types.ts';
import type {
  AuthenticationOutcome,
  AuthenticationRequest,
  RegistrationExtensions,
  RegistrationOutcome,
  RegistrationOutputs,
  RegistrationRequest,
} from './request.ts';
import { pollForTouch, u2fApplication } from './u2f-touch.ts';

/**
 * Looks for the first of the listed credentials that a U2F key has made, under the first RP ID that one is found for.
 * No touch. `ids` of at most 255 bytes each.
 *
 * Source: CTAP 2.2 §7.3 "Using the CTAP2 authenticatorGetAssertion Command with CTAP1/U2F authenticators".
 */
export async function findU2fCredential(
  device: Device,
  { rpIds, ids }: { readonly rpIds: readonly string[]; readonly ids: readonly Bytes[] },
  options: CallOptions,
): Promise<Result<PreflightFinding, U2fMessageError>> {
  const challenge = new Uint8Array(32);
  for (const rpId of rpIds) {
    const application = u2fApplication(rpId);
    for (const id of ids) {
      const params = { control: U2fControl.checkOnly, challenge, application, keyHandle: id };
      const checked = await u2fAuthenticate(device, params, options);
      if (checked.ok || isOwn(checked.error)) return success({ kind: 'match', id, rpId });
      if (checked.error.kind === 'transport') return checked;
    }
  }
  return success({ kind: 'none' });
}

function isOwn(error: U2fMessageError): boolean {
  return error.kind === 'u2f' && error.status === U2fStatus.conditionsNotSatisfied;
}

/**
 * Makes a credential on a U2F key, and the attestation object of format `fido-u2f` that WebAuthn wants of it.
 *
 * Source: CTAP 2.2 §7.2; WebAuthn L3 §6.1.2, §8.6.
 */
export async function registerU2f(
  device: Device,
  request: RegistrationRequest,
  options: CallOptions,
): Promise<Result<RegistrationOutcome, U2fMessageError>> {
  const application = u2fApplication(request.rpId);
  const params = { challenge: request.clientDataHash, application };
  const made = await pollForTouch(device, () => u2fRegister(device, params, options), options);
  if (!made.ok) return made;
  const attestationObject = buildFidoU2f(application, made.value);
  if (attestationObject === undefined) return failure(malformedU2f('register', 'The public key is no point of P-256.'));
  return success({
    kind: 'registration',
    attestationObject,
    transports: [device.descriptor.transport === 'nfc' ? 'nfc' : 'usb'],
    discoverable: false,
    enterpriseAttestation: false,
    extensions: withoutExtensions(request.extensions),
  });
}

/** U2F knows no extensions: none of those asked for has been used. */
function withoutExtensions({ credBlob, hmacSecret, prf, largeBlob }: RegistrationExtensions): RegistrationOutputs {
  return {
    ...(credBlob === undefined ? {} : { credBlob: false }),
    ...(hmacSecret === undefined && prf === undefined ? {} : { hmacSecret: false }),
    ...(largeBlob === undefined ? {} : { largeBlob: false }),
  };
}

const AAGUID_LENGTH = 16;
const SIGN_COUNT_LENGTH = 4;

function buildFidoU2f(rpIdHash: Bytes, { publicKey, keyHandle, certificate, signature }: U2fRegistration): Bytes | undefined {
  const x = publicKey.slice(1, 33);
  const y = publicKey.slice(33);
  if (!isOnCurve('P-256', x, y)) return undefined;
  const coseKey = new Map<CborValue, CborValue>([
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, x],
    [-3, y],
  ]);
  const authData = concatBytes(
    rpIdHash,
    Uint8Array.of(AuthenticatorFlag.userPresent | AuthenticatorFlag.attestedCredentialData),
    new Uint8Array(SIGN_COUNT_LENGTH + AAGUID_LENGTH),
    Uint8Array.of(0, keyHandle.length),
    keyHandle,
    encodeCbor(coseKey),
  );
  const attStmt = new Map<CborValue, CborValue>([
    ['x5c', [certificate]],
    ['sig', signature],
  ]);
  return encodeCbor(
    new Map<CborValue, CborValue>([
      ['fmt', 'fido-u2f'],
      ['attStmt', attStmt],
      ['authData', authData],
    ]),
  );
}

/**
 * Lets a U2F key sign with the one credential of the plan, and builds the authenticator data that was signed.
 *
 * Source: CTAP 2.2 §7.3.
 */
export async function authenticateU2f(
  device: Device,
  request: AuthenticationRequest,
  { ids, rpId }: OperationPlan,
  options: CallOptions,
): Promise<Result<AuthenticationOutcome, U2fMessageError>> {
  const [credentialId] = ids;
  if (credentialId === undefined) throw new Error('A U2F key is to sign with a credential that was not looked for.');
  const application = u2fApplication(rpId);
  const params = {
    control: U2fControl.enforceUserPresence,
    challenge: request.clientDataHash,
    application,
    keyHandle: credentialId,
  };
  const signed = await pollForTouch(device, () => u2fAuthenticate(device, params, options), options);
  if (!signed.ok) return signed;
  const { userPresent, counter, signature } = signed.value;
  if (!userPresent) return failure(malformedU2f('authenticate', 'It signed without having been touched.'));
  const tail = new Uint8Array(1 + SIGN_COUNT_LENGTH);
  tail[0] = AuthenticatorFlag.userPresent;
  new DataView(tail.buffer).setUint32(1, counter);
  return success({
    kind: 'authentication',
    credentialId,
    authenticatorData: concatBytes(application, tail),
    signature,
    userHandle: undefined,
    extensions: request.extensions.appId === undefined ? {} : { appId: rpId !== request.rpId },
  });
}
