import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { type Authenticator } from '../authenticator/authenticator.ts';
import { exportKey, importKey } from '../authenticator/credential-key.ts';
import { type Credential, CredProtect, type CredentialUser, hashRpId } from '../authenticator/credential-store.ts';
import { ControlFailure, type Fields, mandatory } from './fields.ts';

/**
 * Reads WebDriver's credential parameters. Bytes are base64url, the private key PKCS#8.
 * Source: WebAuthn L3 §11.5 "Add Credential".
 */
export function decodeCredential(fields: Fields, authenticator: Authenticator): Credential {
  const { settings, environment } = authenticator;
  const discoverable = mandatory(fields.boolean('isResidentCredential'), 'credential.isResidentCredential');
  const rpId = mandatory(fields.text('rpId'), 'credential.rpId');
  const key = importKey(mandatory(fields.bytes('privateKey'), 'credential.privateKey'));
  if (key === undefined) throw new ControlFailure('invalid argument', 'credential.privateKey is no PKCS#8 key of P-256 or Ed25519.');
  const user = decodeUser(fields);
  if (discoverable && user === undefined) throw new ControlFailure('invalid argument', 'credential.userHandle is missing.');
  if (discoverable && !settings.residentKeys) {
    throw new ControlFailure('invalid argument', 'This authenticator has no resident credentials.');
  }
  if (fields.has('largeBlob')) {
    throw new ControlFailure('unsupported operation', 'A large blob cannot be put in from outside.');
  }
  const random = environment.random.bind(environment);
  const credential: Credential = {
    id: mandatory(fields.bytes('credentialId'), 'credential.credentialId'),
    rpId,
    rpIdHash: hashRpId(rpId),
    discoverable,
    key,
    ...(user === undefined ? {} : { user }),
    credProtect: fields.integer('credProtect', CredProtect.optional, CredProtect.required) ?? CredProtect.optional,
    ...(settings.extensions.includes('hmac-secret') ? { hmacSecrets: { withUv: random(32), withoutUv: random(32) } } : {}),
    backupEligible: fields.boolean('backupEligibility') ?? settings.backupEligible,
    backupState: fields.boolean('backupState') ?? settings.backupState,
    signCount: mandatory(fields.integer('signCount'), 'credential.signCount'),
  };
  fields.finish();
  return credential;
}

function decodeUser(fields: Fields): CredentialUser | undefined {
  const id = fields.bytes('userHandle');
  const name = fields.text('userName');
  const displayName = fields.text('userDisplayName');
  if (id === undefined) return undefined;
  return { id, ...(name === undefined ? {} : { name }), ...(displayName === undefined ? {} : { displayName }) };
}

/** A credential as get_credentials tells it. `rpId` is absent for a U2F registration. */
export interface CredentialJson {
  readonly credentialId: string;
  readonly isResidentCredential: boolean;
  readonly rpId?: string;
  readonly privateKey: string;
  readonly userHandle?: string;
  readonly userName?: string;
  readonly userDisplayName?: string;
  readonly signCount: number;
  readonly backupEligibility: boolean;
  readonly backupState: boolean;
  readonly credProtect: number;
}

/** Writes a credential in WebDriver's form. */
export function encodeCredential(credential: Credential): CredentialJson {
  const { user, rpId } = credential;
  return {
    credentialId: encodeBase64url(credential.id),
    isResidentCredential: credential.discoverable,
    ...(rpId === undefined ? {} : { rpId }),
    privateKey: encodeBase64url(exportKey(credential.key)),
    ...(user === undefined ? {} : { userHandle: encodeBase64url(user.id) }),
    ...(user?.name === undefined ? {} : { userName: user.name }),
    ...(user?.displayName === undefined ? {} : { userDisplayName: user.displayName }),
    signCount: credential.signCount,
    backupEligibility: credential.backupEligible,
    backupState: credential.backupState,
    credProtect: credential.credProtect,
  };
}
