import { expect } from 'vitest';

import type { Registered } from '../support/site.ts';
import { someBytes } from '../support/site.ts';
import type { Check, Subject } from './check.ts';
import { foreign } from './registration.ts';

/** Sign-ins with a PIN. */
export const authenticationChecks: readonly Check[] = [
  {
    name: 'verification as the site wants it',
    async run(subject: Subject): Promise<void> {
      const credential = await subject.register();
      expect((await subject.signIn([credential], { userVerification: 'required' })).data.userVerified).toBe(true);
      await subject.signIn([credential], { userVerification: 'preferred' });
      const { ceremony } = await subject.signIn([credential], { userVerification: 'discouraged' });
      const wantsPin = (await subject.key.info()).options.alwaysUv === true;
      expect(ceremony.states.some(({ state }) => state === 'needsPin')).toBe(wantsPin);
    },
  },
  {
    name: 'the one credential of the key among many foreign ones',
    async run(subject: Subject): Promise<void> {
      for (const residentKey of ['discouraged', 'required'] as const) {
        const credential = await subject.register({ residentKey });
        for (const userVerification of ['required', 'discouraged'] as const) {
          const allowList = [...foreign(25, credential.id.length), ...foreign(4, 300), credential.id, ...foreign(25, 16)];
          const { outcome } = await subject.signIn([credential], { allowList, userVerification });
          expect(outcome.credentialId).toStrictEqual(credential.id);
        }
      }
    },
  },
  {
    name: 'only foreign credentials',
    async run(subject: Subject): Promise<void> {
      expect(await subject.signInRefusal({ allowList: foreign(1, 64) })).toBe('noCredentials');
      expect(await subject.signInRefusal({ allowList: [...foreign(30, 64), ...foreign(3, 1000)] })).toBe('noCredentials');
    },
  },
  {
    name: 'an account of several is chosen',
    async run(subject: Subject): Promise<void> {
      const rpId = `accounts.${Buffer.from(someBytes(4)).toString('hex')}.example`;
      const accounts: Registered[] = [];
      for (const name of ['anna', 'bert', 'carl']) {
        const user = { id: someBytes(12), name, displayName: `The ${name}` };
        accounts.push(await subject.register({ rpId, user, residentKey: 'required', userVerification: 'required' }));
      }
      for (const [index, account] of ['anna', 'bert', 'carl'].entries()) {
        const signedIn = await subject.signIn(accounts, { rpId, allowList: [], userVerification: 'required' }, subject.person({ account }));
        expect(signedIn.outcome.credentialId).toStrictEqual(accounts[index]?.id);
        const shown = signedIn.ceremony.states.find(({ state }) => state === 'selectingCredential');
        expect(shown).toMatchObject({ entries: expect.objectContaining({ length: 3 }) as unknown });
      }
    },
  },
  {
    name: 'no account for the site',
    async run(subject: Subject): Promise<void> {
      expect(await subject.signInRefusal({ rpId: 'nobody.example' })).toBe('noCredentials');
    },
  },
  {
    name: 'the same account again replaces its credential',
    async run(subject: Subject): Promise<void> {
      const rpId = `again.${Buffer.from(someBytes(4)).toString('hex')}.example`;
      const user = { id: someBytes(12), name: 'again', displayName: 'Again' };
      await subject.register({ rpId, user, residentKey: 'required' });
      const second = await subject.register({ rpId, user, residentKey: 'required' });
      const { outcome } = await subject.signIn([second], { rpId, allowList: [] });
      expect(outcome.credentialId).toStrictEqual(second.id);
    },
  },
];
