import { createHash, generateKeyPairSync, sign } from 'node:crypto';

import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { type Bytes, concatBytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import type { AuthenticationInput, ExpectedAuthentication, KnownCredential } from '../../../shared/verifier/verify-authentication.ts';
import type { ExpectedRegistration, RegistrationInput } from '../../../shared/verifier/verify-registration.ts';
import { type Attribute, type CertificateSpec, type KeyPair, aaguidExtension, basicConstraints, certificate, newKeyPair } from '../x509/certificate-builder.ts';

/** Makes responses as a key and a browser would, and every wrong one that a test wants. */

export const NOW = Date.UTC(2026, 10, 22);
export const CHALLENGE = new Uint8Array(32).fill(0x5a);
export const CREDENTIAL_ID = new Uint8Array(24).fill(0x11);
export const USER_HANDLE = Uint8Array.of(7, 7, 7);
export const AAGUID = new Uint8Array(16).fill(0xaa);
export const CREDENTIAL_KEY = newKeyPair();
export const ATTESTATION_KEY = newKeyPair();
export const ROOT_KEY = newKeyPair();
const ROOT_NAME: readonly Attribute[] = [['2.5.4.3', 'Test root']];

/** Subject that §8.2.1 asks for. */
export const SUBJECT: readonly Attribute[] = [
  ['2.5.4.6', 'SE', 0x13],
  ['2.5.4.10', 'Keystile tests'],
  ['2.5.4.11', 'Authenticator Attestation'],
  ['2.5.4.3', 'Leaf'],
];

export const ROOT = certificate({ subject: ROOT_NAME, issuer: ROOT_NAME, key: ROOT_KEY, issuerKey: ROOT_KEY, extensions: [basicConstraints(true)] });

/** An attestation certificate under the test root. */
export function leaf(changes: Partial<CertificateSpec> = {}): Bytes {
  return certificate({
    subject: SUBJECT,
    issuer: ROOT_NAME,
    key: ATTESTATION_KEY,
    issuerKey: ROOT_KEY,
    extensions: [basicConstraints(false), aaguidExtension(AAGUID)],
    ...changes,
  });
}

export const COMMON = {
  challenge: CHALLENGE,
  origins: ['https://login.example.org'],
  allowCrossOrigin: false,
  rpId: 'example.org',
  requireUserVerification: false,
};

export function sha256(...parts: readonly Uint8Array[]): Bytes {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** An ECDSA signature in DER over the parts. */
export function signed({ privateKey }: KeyPair, ...parts: readonly Uint8Array[]): Bytes {
  return new Uint8Array(sign('SHA256', concatBytes(...parts), privateKey));
}

/** Client data of a call; `changes` overwrites members, `undefined` takes one out. */
export function clientData(type: string, changes: Readonly<Record<string, unknown>> = {}): Bytes {
  const members = { type, challenge: encodeBase64url(CHALLENGE), origin: COMMON.origins[0], crossOrigin: false, ...changes };
  return encodeUtf8(JSON.stringify(members));
}

/** The COSE_Key of a P-256 key pair; changes are laid over its members. */
export function coseKey({ publicKey }: KeyPair, ...changes: readonly (readonly [CborValue, CborValue])[]): Bytes {
  const { x, y } = publicKey.export({ format: 'jwk' });
  const bytes = (text: string | undefined): Bytes => new Uint8Array(Buffer.from(text ?? '', 'base64url'));
  return encodeCbor(new Map<CborValue, CborValue>([[1, 2], [3, -7], [-1, 1], [-2, bytes(x)], [-3, bytes(y)], ...changes]));
}

/** A key pair for ES256K; {@link es256kKey} encodes it. */
export function newEs256kPair(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
}

/** The COSE_Key of a key pair for ES256K. */
export function es256kKey(pair: KeyPair): Bytes {
  return coseKey(pair, [3, -47], [-1, 8]);
}

/** What authenticator data is made of. */
export interface AuthDataSpec {
  readonly rpId?: string;
  readonly flags: number;
  readonly signCount?: number;
  readonly parts?: readonly Uint8Array[];
}

export function authData({ rpId = COMMON.rpId, flags, signCount = 0, parts = [] }: AuthDataSpec): Bytes {
  const counter = new Uint8Array(4);
  new DataView(counter.buffer).setUint32(0, signCount);
  return concatBytes(sha256(encodeUtf8(rpId)), Uint8Array.of(flags), counter, ...parts);
}

/** Attested credential data. */
export function attested(key = coseKey(CREDENTIAL_KEY), id: Bytes = CREDENTIAL_ID, aaguid: Bytes = AAGUID): Bytes {
  return concatBytes(aaguid, Uint8Array.of(id.length >> 8, id.length & 0xff), id, key);
}

/** What a registration response is made of; everything has a valid default. */
export interface RegistrationSpec {
  readonly client?: Bytes;
  readonly data?: Bytes;
  readonly fmt?: string;
  readonly attStmt?: CborValue;
  readonly changes?: Readonly<Record<string, unknown>>;
  readonly responseChanges?: Readonly<Record<string, unknown>>;
  readonly expected?: Partial<ExpectedRegistration>;
  readonly input?: Partial<RegistrationInput>;
}

export const REGISTRATION_CLIENT_DATA = clientData('webauthn.create');
export const REGISTRATION_DATA = authData({ flags: 0x45, parts: [attested()] });

/** A registration, by default of format `none`. */
export function registration(spec: RegistrationSpec = {}): RegistrationInput {
  const attestationObject = encodeCbor(
    new Map<CborValue, CborValue>([
      ['fmt', spec.fmt ?? 'none'],
      ['attStmt', spec.attStmt ?? new Map<CborValue, CborValue>()],
      ['authData', spec.data ?? REGISTRATION_DATA],
    ]),
  );
  const id = encodeBase64url(CREDENTIAL_ID);
  return {
    response: {
      id,
      rawId: id,
      type: 'public-key',
      response: {
        clientDataJSON: encodeBase64url(spec.client ?? REGISTRATION_CLIENT_DATA),
        attestationObject: encodeBase64url(attestationObject),
        transports: ['usb'],
        ...spec.responseChanges,
      },
      clientExtensionResults: {},
      ...spec.changes,
    },
    expected: { ...COMMON, algorithms: [-7, -257], userHandle: USER_HANDLE, ...spec.expected },
    now: NOW,
    ...spec.input,
  };
}

/** A packed statement with certificates over the default registration. */
export function packed(x5c: readonly CborValue[], signer: KeyPair = ATTESTATION_KEY, data: Bytes = REGISTRATION_DATA, algorithm = -7): CborValue {
  const signature = signed(signer, data, sha256(REGISTRATION_CLIENT_DATA));
  return new Map<CborValue, CborValue>([['alg', algorithm], ['sig', signature], ['x5c', x5c]]);
}

/** A packed self attestation over the default registration. */
export function packedSelf(algorithm = -7, signer: KeyPair = CREDENTIAL_KEY): CborValue {
  const signature = signed(signer, REGISTRATION_DATA, sha256(REGISTRATION_CLIENT_DATA));
  return new Map<CborValue, CborValue>([['alg', algorithm], ['sig', signature]]);
}

/** The credential of the default registration, as it is on record. */
export const KNOWN: KnownCredential = {
  credentialId: encodeBase64url(CREDENTIAL_ID),
  publicKey: encodeBase64url(coseKey(CREDENTIAL_KEY)),
  signCount: 5,
  backupEligible: false,
  rpId: COMMON.rpId,
  userHandle: encodeBase64url(USER_HANDLE),
};

/** What an authentication response is made of; everything has a valid default. */
export interface AuthenticationSpec {
  readonly client?: Bytes;
  readonly data?: Bytes;
  readonly signature?: Bytes;
  readonly userHandle?: Bytes | null;
  readonly changes?: Readonly<Record<string, unknown>>;
  readonly expected?: Partial<ExpectedAuthentication>;
  /** `null`: the credential is not known. */
  readonly credential?: Partial<KnownCredential> | null;
}

/** An authentication, signed anew over whatever it is made of. */
export function authentication(spec: AuthenticationSpec = {}): AuthenticationInput {
  const client = spec.client ?? clientData('webauthn.get');
  const data = spec.data ?? authData({ flags: 0x05, signCount: 6 });
  const id = encodeBase64url(CREDENTIAL_ID);
  const userHandle = spec.userHandle === undefined ? USER_HANDLE : spec.userHandle;
  return {
    response: {
      id,
      rawId: id,
      type: 'public-key',
      response: {
        clientDataJSON: encodeBase64url(client),
        authenticatorData: encodeBase64url(data),
        signature: encodeBase64url(spec.signature ?? signed(CREDENTIAL_KEY, data, sha256(client))),
        ...(userHandle === null ? {} : { userHandle: encodeBase64url(userHandle) }),
      },
      clientExtensionResults: {},
      ...spec.changes,
    },
    expected: { ...COMMON, ...spec.expected },
    ...(spec.credential === null ? {} : { credential: { ...KNOWN, ...spec.credential } }),
  };
}
