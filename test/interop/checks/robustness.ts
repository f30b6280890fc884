import { expect } from 'vitest';

import { encodeHex } from '../../../shared/bytes/hex.ts';
import { deleteKeyCredential, listCredentials } from '../../../native-host/management/credentials.ts';
import { must } from '../support/must.ts';
import { authenticationRequest, registrationRequest, someBytes } from '../support/site.ts';
import type { Check, Subject } from './check.ts';
import { lacksList } from './management.ts';

/** More credentials than any key at hand has room for. */
const MANY = 300;

/** Cancels, haste and full keys. */
export const robustnessChecks: readonly Check[] = [
  {
    name: 'a cancel at any moment leaves a key that works',
    async run(subject: Subject): Promise<void> {
      const credential = await subject.register({ userVerification: 'discouraged' });
      for (const at of ['waitingForDevice', 'processing', 'needsPin', 'needsPresence'] as const) {
        const requests = [
          registrationRequest({ userVerification: 'required' }).request,
          authenticationRequest({ userVerification: 'required', allowList: [credential.id] }).request,
        ];
        for (const request of requests) {
          await subject.key.run(request, subject.person(), ({ state }, running) => {
            if (state === at) running.abort({ reason: 'cancelledByUser', message: 'Cancelled.' });
          });
        }
        await subject.signIn([credential]);
      }
    },
  },
  {
    name: 'one ceremony right after the other',
    async run(subject: Subject): Promise<void> {
      const credential = await subject.register({ userVerification: 'discouraged' });
      for (let count = 0; count < 5; count += 1) await subject.signIn([credential], { userVerification: 'required' });
    },
  },
  {
    name: 'two ceremonies at once: each has its end',
    async run(subject: Subject): Promise<void> {
      const credential = await subject.register({ userVerification: 'discouraged' });
      const request = (): ReturnType<typeof authenticationRequest>['request'] =>
        authenticationRequest({ userVerification: 'discouraged', allowList: [credential.id] }).request;
      const both = await Promise.all([subject.key.run(request(), subject.person()), subject.key.run(request(), subject.person())]);
      expect(both.some(({ result }) => result.ok)).toBe(true);
      await subject.signIn([credential]);
    },
  },
  {
    name: 'no room for another credential; after a deletion there is',
    lacks: lacksList,
    timeout: 300_000,
    async run(subject: Subject): Promise<void> {
      const rpId = 'full.example';
      let reason: string | undefined;
      for (let count = 0; count < MANY && reason === undefined; count += 1) {
        const user = { id: someBytes(8), name: `user ${count.toString()}`, displayName: '' };
        const { request } = registrationRequest({ rpId, user, residentKey: 'required', userVerification: 'discouraged' });
        const { result } = await subject.key.run(request, subject.person());
        if (!result.ok) reason = result.error.reason;
      }
      if (reason === undefined) return;
      expect(reason).toBe('keyStoreFull');
      const { credentials } = must(await subject.key.manage(subject.person(), listCredentials));
      const mine = credentials.find((credential) => credential.rpId === rpId);
      must(await subject.key.manage(subject.person(), (key) => deleteKeyCredential(key, encodeHex(mine?.id ?? new Uint8Array()))));
      await subject.register({ rpId, residentKey: 'required' });
    },
  },
];
