import { createHash } from 'node:crypto';

import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { copyBytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import type { AuthenticationRequest, RegistrationRequest } from '../../../native-host/ceremony/request.ts';
import type { Knobs } from '../../virtual-key/client.ts';

export const PIN = '19 283';
const RP_ID = 'example.org';

/** The key that all cases use: its lists are short, so that they have to be looked through first. */
export const KEY: Knobs = {
  pin: PIN,
  touch: { mode: 'delay', ms: 20 },
  extensions: ['credProtect', 'largeBlobKey'],
  maxCredentialCountInList: 1,
};

/** Ceremonies that together have every step. Time is long: no case is to end by it. */
const COMMON = { clientDataHash: hashOf('client data'), rpId: RP_ID, timeout: 30_000 } as const;

/** A user who registers a credential for one of two accounts, before anything goes wrong. */
export function accountRegistration(name: string): RegistrationRequest {
  return { ...registration(name), residentKey: 'required', extensions: { largeBlob: 'required' } };
}

/** The requests of the matrix, by name. `known`: a credential of the key's. */
export function scenarios(known: Bytes): ReadonlyMap<string, RegistrationRequest | AuthenticationRequest> {
  const unknown = [hashOf('one'), hashOf('two')];
  const authentication = { ...COMMON, kind: 'authentication', extensions: {} } as const;
  return new Map<string, RegistrationRequest | AuthenticationRequest>([
    ['registration', { ...registration('ada'), excludeList: unknown }],
    ['sign-in, listed', { ...authentication, userVerification: 'discouraged', allowList: [...unknown, known] }],
    ['sign-in, choice', { ...authentication, userVerification: 'required', allowList: [], extensions: { largeBlob: 'read' } }],
  ]);
}

function registration(name: string): RegistrationRequest {
  return {
    ...COMMON,
    kind: 'registration',
    rpName: 'Example',
    user: { id: encodeUtf8(name), name, displayName: name },
    algorithms: [-7],
    excludeList: [],
    residentKey: 'discouraged',
    userVerification: 'required',
    extensions: {},
  };
}

function hashOf(text: string): Bytes {
  return copyBytes(createHash('sha256').update(text).digest());
}
