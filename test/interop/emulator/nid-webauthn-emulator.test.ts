import { defineChecks } from '../checks/run-checks.ts';
import { withVerification } from './checks.ts';
import { startEmulatedKey } from './emulated-key.ts';

/** An independent implementation of the authenticator's side answers the host's client. */
defineChecks('nid-webauthn-emulator', withVerification, () => startEmulatedKey(false));
defineChecks(
  'nid-webauthn-emulator, stateless',
  withVerification,
  () => startEmulatedKey(true),
  { 'an own credential excludes the key': 'it keeps no credentials', 'a discoverable credential signs in': 'it keeps no credentials', 'foreign credentials only': 'it takes every ID for its own' },
);
