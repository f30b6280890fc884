import { encodeHex } from '../../shared/bytes/hex.ts';
import { NO_AAGUID } from '../../shared/webauthn/authenticator-data.ts';
import type { AuthenticatorInfo } from '../ctap2/get-info.ts';
import { MAX_KEY_HANDLE_LENGTH } from '../u2f/authenticate.ts';
import type { KeyFacts } from './key-facts.ts';

/** What getInfo tells of a key, as the machine needs it. Source: CTAP 2.2 §6.4, "option IDs". */
export function describeKey(info: AuthenticatorInfo): KeyFacts {
  const { options } = info;
  return {
    protocol: 'ctap2',
    aaguid: encodeHex(info.aaguid),
    pin: options.clientPin === undefined ? 'unsupported' : options.clientPin ? 'set' : 'notSet',
    uv: options.uv === undefined ? 'unsupported' : options.uv ? 'ready' : 'notConfigured',
    uvByToken: options.pinUvAuthToken === true,
    hasCredProtect: info.extensions.includes('credProtect'),
    hasHmacSecret: info.extensions.includes('hmac-secret'),
    hasLargeBlobs: supportsLargeBlobs(info),
    canMakeResidentKey: options.rk === true,
    makeCredUvNotRqd: options.makeCredUvNotRqd === true,
    alwaysUv: options.alwaysUv === true,
    noMcGaPermissionsWithClientPin: options.noMcGaPermissionsWithClientPin === true,
    forcePinChange: info.forcePINChange,
    minPinLength: info.minPINLength,
    maxPinLength: info.maxPINLength,
    algorithms: info.algorithms,
    lists: {
      maxCount: info.maxCredentialCountInList,
      // A key that says 0 means that it does not tell.
      maxIdLength: info.maxCredentialIdLength === 0 ? undefined : info.maxCredentialIdLength,
      maxMessageSize: info.maxMsgSize,
    },
  };
}

/** CTAPHID's longest message, in bytes. */
const MAX_MESSAGE = 7609;

/**
 * What every key is that speaks only U2F: it makes ES256 credentials for whoever touches it, and takes one key handle,
 * of at most 255 bytes, in a request. Source: FIDO U2F Raw Message Formats v1.2 §4, §5.
 */
export const U2F_FACTS: KeyFacts = {
  protocol: 'u2f',
  aaguid: NO_AAGUID,
  pin: 'unsupported',
  uv: 'unsupported',
  uvByToken: false,
  hasCredProtect: false,
  hasHmacSecret: false,
  hasLargeBlobs: false,
  canMakeResidentKey: false,
  makeCredUvNotRqd: true,
  alwaysUv: false,
  noMcGaPermissionsWithClientPin: false,
  forcePinChange: false,
  minPinLength: 4,
  maxPinLength: undefined,
  algorithms: [-7],
  lists: { maxCount: 1, maxIdLength: MAX_KEY_HANDLE_LENGTH, maxMessageSize: MAX_MESSAGE },
};

/** Credentials of the key can have large blobs. Source: CTAP 2.2 §12.3. */
export function supportsLargeBlobs({ extensions, options }: Pick<AuthenticatorInfo, 'extensions' | 'options'>): boolean {
  return options.largeBlobs === true && extensions.includes('largeBlobKey');
}

/** The key names any version of CTAP2. */
export function speaksCtap2({ versions }: Pick<AuthenticatorInfo, 'versions'>): boolean {
  return versions.some((version) => version.startsWith('FIDO_2_'));
}

/** The key takes U2F messages besides CTAP2. */
export function speaksU2f({ versions }: Pick<AuthenticatorInfo, 'versions'>): boolean {
  return versions.includes('U2F_V2');
}

/** The key speaks CTAP 2.1 or a later version; `FIDO_2_1_PRE` does not count. */
export function isCtap21({ versions }: Pick<AuthenticatorInfo, 'versions'>): boolean {
  return versions.some((version) => /^FIDO_2_[1-9]\d*$/.test(version));
}
