import { expect } from 'vitest';

import type { Check, Subject } from '../checks/check.ts';
import { foreign } from '../checks/registration.ts';
import { someBytes } from '../support/site.ts';

const ES256 = -7;
const EDDSA = -8;

/** What a key with a verification of its own and no PIN must be good for. */
export const withVerification: readonly Check[] = [
  {
    name: 'registers and signs in, verified',
    async run(subject: Subject): Promise<void> {
      for (const algorithms of [[ES256], [EDDSA]]) {
        const user = { id: someBytes(8), name: 'verified', displayName: '' };
        const credential = await subject.register({ algorithms, user, userVerification: 'required' });
        expect(credential.data.userVerified).toBe(true);
        const { data } = await subject.signIn([credential], { userVerification: 'required' });
        expect(data.userVerified).toBe(true);
      }
    },
  },
  {
    name: 'whatever the site wants of verification',
    async run(subject: Subject): Promise<void> {
      const credential = await subject.register({ userVerification: 'discouraged' });
      await subject.signIn([credential], { userVerification: 'discouraged' });
      await subject.signIn([credential], { userVerification: 'preferred' });
    },
  },
  {
    name: 'an own credential excludes the key',
    async run(subject: Subject): Promise<void> {
      const { id } = await subject.register();
      expect(await subject.refusal({ excludeList: [...foreign(3, 32), id] })).toBe('credentialExcluded');
    },
  },
  {
    name: 'a discoverable credential signs in',
    async run(subject: Subject): Promise<void> {
      const rpId = 'discoverable.example';
      const user = { id: someBytes(20), name: 'one', displayName: 'One' };
      const credential = await subject.register({ rpId, user, residentKey: 'required', userVerification: 'required' });
      const { outcome } = await subject.signIn([credential], { rpId, allowList: [] });
      expect(outcome.userHandle).toStrictEqual(user.id);
    },
  },
  {
    name: 'foreign credentials only',
    async run(subject: Subject): Promise<void> {
      expect(await subject.signInRefusal({ allowList: foreign(3, 32) })).toBe('noCredentials');
    },
  },
  {
    name: 'no algorithm in common',
    async run(subject: Subject): Promise<void> {
      expect(await subject.refusal({ algorithms: [-65_000] })).toBe('unsupportedAlgorithm');
    },
  },
];
