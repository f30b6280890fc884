import { createHash, createPublicKey, randomBytes, verify as verifySignature, type KeyObject } from 'node:crypto';

import { decodeBase64url, encodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { sha256 } from '../../../shared/bytes/sha256.ts';
import { KeyType } from '../../../shared/cose/algorithms.ts';
import { decodeCoseKey } from '../../../shared/cose/cose-key.ts';
import type { CredentialRecord } from '../../../shared/verifier/credential-record.ts';
import { verifyAuthentication } from '../../../shared/verifier/verify-authentication.ts';
import { verifyRegistration } from '../../../shared/verifier/verify-registration.ts';
import { parseAttestationObject } from '../../../shared/webauthn/attestation-object.ts';
import { type AuthenticatorData, parseAuthenticatorData } from '../../../shared/webauthn/authenticator-data.ts';
import { buildClientData, type ClientDataType } from '../../../shared/webauthn/client-data.ts';
import type {
  AuthenticationOutcome,
  AuthenticationRequest,
  RegistrationOutcome,
  RegistrationRequest,
} from '../../../native-host/ceremony/request.ts';

const ORIGIN = 'https://interop.example';
/** Milliseconds that a ceremony may take. */
const TIMEOUT = 30_000;

/** RP ID of the checks. */
export const RP_ID = 'interop.example';

/** A request with what the site must remember to judge the response. */
export interface Challenged<Request> {
  readonly request: Request;
  readonly challenge: Bytes;
  readonly clientData: Bytes;
}

/** A credential that the site has accepted. */
export interface Registered {
  readonly id: Bytes;
  readonly record: CredentialRecord;
  readonly data: AuthenticatorData;
  readonly fmt: string;
  readonly outcome: RegistrationOutcome;
}

/** Random bytes. */
export function someBytes(length: number): Bytes {
  return new Uint8Array(randomBytes(length));
}

/** A registration request of the site. */
export function registrationRequest(more: Partial<RegistrationRequest> = {}): Challenged<RegistrationRequest> {
  const account = more.user?.name ?? 'somebody';
  const { hash, ...rest } = challenged('webauthn.create');
  const request: RegistrationRequest = {
    kind: 'registration',
    clientDataHash: hash,
    rpId: RP_ID,
    rpName: 'Interoperability',
    user: { id: someBytes(16), name: account, displayName: `The ${account}` },
    algorithms: [-7],
    excludeList: [],
    residentKey: 'discouraged',
    userVerification: 'preferred',
    timeout: TIMEOUT,
    extensions: {},
    ...more,
  };
  return { request, ...rest };
}

/** An authentication request of the site. */
export function authenticationRequest(more: Partial<AuthenticationRequest> = {}): Challenged<AuthenticationRequest> {
  const { hash, ...rest } = challenged('webauthn.get');
  const request: AuthenticationRequest = {
    kind: 'authentication',
    clientDataHash: hash,
    rpId: RP_ID,
    allowList: [],
    userVerification: 'preferred',
    timeout: TIMEOUT,
    extensions: {},
    ...more,
  };
  return { request, ...rest };
}

/** Judges a registration with the product's verifier, and the attestation's own form with Node. Throws when anything is wrong. */
export async function judgeRegistration(
  { request, challenge, clientData }: Challenged<RegistrationRequest>,
  outcome: RegistrationOutcome,
): Promise<Registered> {
  const attestation = parseAttestationObject(outcome.attestationObject);
  if (!attestation.ok) throw new Error(`The attestation object is broken: ${JSON.stringify(attestation.error)}`);
  const data = parsed(attestation.value.authData);
  const id = data.attestedCredentialData?.credentialId;
  if (id === undefined) throw new Error('There is no new credential in the response.');
  const { report, credential } = await verifyRegistration({
    response: {
      id: encodeBase64url(id),
      rawId: encodeBase64url(id),
      type: 'public-key',
      response: {
        clientDataJSON: encodeBase64url(clientData),
        attestationObject: encodeBase64url(outcome.attestationObject),
        transports: outcome.transports,
      },
      clientExtensionResults: {},
    },
    expected: {
      challenge,
      origins: [ORIGIN],
      allowCrossOrigin: false,
      rpId: request.rpId,
      requireUserVerification: request.userVerification === 'required',
      algorithms: request.algorithms,
      userHandle: request.user.id,
    },
    now: Date.now(),
  });
  if (credential === undefined) throw new Error(`Refused: ${JSON.stringify(report.checks.filter(({ state }) => state === 'fail'))}`);
  publicKeyOf(credential);
  return { id, record: credential, data, fmt: attestation.value.fmt, outcome };
}

/** Judges an authentication with the product's verifier and with Node's own cryptography. Throws when anything is wrong. */
export async function judgeAuthentication(
  { request, challenge, clientData }: Challenged<AuthenticationRequest>,
  outcome: AuthenticationOutcome,
  record: CredentialRecord,
): Promise<AuthenticatorData> {
  const { report } = await verifyAuthentication({
    response: {
      id: encodeBase64url(outcome.credentialId),
      rawId: encodeBase64url(outcome.credentialId),
      type: 'public-key',
      response: {
        clientDataJSON: encodeBase64url(clientData),
        authenticatorData: encodeBase64url(outcome.authenticatorData),
        signature: encodeBase64url(outcome.signature),
        ...(outcome.userHandle === undefined ? {} : { userHandle: encodeBase64url(outcome.userHandle) }),
      },
      clientExtensionResults: {},
    },
    expected: {
      challenge,
      origins: [ORIGIN],
      allowCrossOrigin: false,
      rpId: request.rpId,
      requireUserVerification: request.userVerification === 'required',
      ...(request.allowList.length === 0 ? { requireUserHandle: true } : { allowCredentials: request.allowList }),
    },
    credential: record,
  });
  if (report.verdict !== 'accepted') throw new Error(`Not accepted: ${JSON.stringify(report.checks.filter(({ state }) => state !== 'pass'))}`);
  const signed = Buffer.concat([outcome.authenticatorData, createHash('sha256').update(clientData).digest()]);
  const hash = record.algorithm === -8 ? null : 'sha256';
  if (!verifySignature(hash, signed, publicKeyOf(record), outcome.signature)) throw new Error('Node does not accept the signature.');
  return parsed(outcome.authenticatorData);
}

function publicKeyOf({ publicKey }: CredentialRecord): KeyObject {
  const key = decodeCoseKey(decodeBase64url(publicKey) ?? new Uint8Array());
  if (!key.ok) throw new Error(`The public key is broken: ${JSON.stringify(key.error)}`);
  if (key.value.keyType === KeyType.rsa) throw new Error('No RSA key was asked for.');
  const x = encodeBase64url(key.value.x);
  const jwk =
    key.value.keyType === KeyType.okp
      ? { kty: 'OKP', crv: 'Ed25519', x }
      : { kty: 'EC', crv: key.value.curve, x, y: encodeBase64url(key.value.y) };
  return createPublicKey({ key: jwk, format: 'jwk' });
}

function challenged(type: ClientDataType): { challenge: Bytes; clientData: Bytes; hash: Bytes } {
  const challenge = someBytes(32);
  const clientData = buildClientData({ type, challenge, origin: ORIGIN, crossOrigin: false });
  return { challenge, clientData, hash: sha256(clientData) };
}

function parsed(bytes: Bytes): AuthenticatorData {
  const data = parseAuthenticatorData(bytes);
  if (!data.ok) throw new Error(`The authenticator data is broken: ${JSON.stringify(data.error)}`);
  return data.value;
}
