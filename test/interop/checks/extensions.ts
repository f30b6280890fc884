import { expect } from 'vitest';

import { raiseMinPinLength } from '../../../native-host/management/config.ts';
import { must } from '../support/must.ts';
import { RP_ID, someBytes } from '../support/site.ts';
import { type Check, needsExtension, type Subject } from './check.ts';

/** Every key with credBlob stores so many bytes (CTAP 2.2 §12.2). */
const LEAST_CRED_BLOB = 32;

/** Extensions, where the key has them. */
export const extensionChecks: readonly Check[] = [
  {
    name: 'prf: the same salt gives the same secret, per credential, and another one without verification',
    lacks: needsExtension('hmac-secret'),
    async run(subject: Subject): Promise<void> {
      const first = someBytes(32);
      const second = someBytes(32);
      for (const residentKey of ['discouraged', 'required'] as const) {
        const credential = await subject.register({ residentKey, extensions: { prf: {} } });
        expect(credential.outcome.extensions.hmacSecret).toBe(true);
        const both = await subject.signIn([credential], { userVerification: 'required', extensions: { prf: { salts: { first, second }, byCredential: [] } } });
        const swapped = await subject.signIn([credential], {
          userVerification: 'required',
          extensions: { prf: { byCredential: [{ id: credential.id, salts: { first: second, second: first } }] } },
        });
        expect(both.outcome.extensions.prf?.first).toHaveLength(32);
        expect(both.outcome.extensions.prf?.second).toHaveLength(32);
        expect(swapped.outcome.extensions.prf).toStrictEqual({
          first: both.outcome.extensions.prf?.second,
          second: both.outcome.extensions.prf?.first,
        });
        const one = await subject.signIn([credential], { userVerification: 'required', extensions: { prf: { salts: { first }, byCredential: [] } } });
        expect(one.outcome.extensions.prf).toStrictEqual({ first: both.outcome.extensions.prf?.first });
      }
    },
  },
  {
    name: 'prf at registration',
    lacks: needsExtension('hmac-secret-mc'),
    async run(subject: Subject): Promise<void> {
      const salts = { first: someBytes(32) };
      const credential = await subject.register({ residentKey: 'required', userVerification: 'required', extensions: { prf: { salts } } });
      const { outcome } = await subject.signIn([credential], { userVerification: 'required', extensions: { prf: { salts, byCredential: [] } } });
      expect(credential.outcome.extensions.prf).toStrictEqual(outcome.extensions.prf);
    },
  },
  {
    name: 'largeBlob: write, read, write again, two credentials',
    lacks: needsExtension('largeBlobKey'),
    async run(subject: Subject): Promise<void> {
      const holders = [];
      for (const name of ['one', 'two']) {
        const user = { id: someBytes(8), name, displayName: name };
        const credential = await subject.register({ user, residentKey: 'required', userVerification: 'required', extensions: { largeBlob: 'required' } });
        expect(credential.outcome.extensions.largeBlob).toBe(true);
        holders.push({ credential, blob: someBytes(150) });
      }
      for (const holder of [...holders, ...holders]) {
        holder.blob = someBytes(holder.blob.length + 20);
        const { outcome } = await subject.signIn([holder.credential], { userVerification: 'required', extensions: { largeBlob: { write: holder.blob } } });
        expect(outcome.extensions.largeBlob).toStrictEqual({ written: true });
      }
      for (const { credential, blob } of holders) {
        const { outcome } = await subject.signIn([credential], { userVerification: 'required', extensions: { largeBlob: 'read' } });
        expect(outcome.extensions.largeBlob?.blob).toStrictEqual(blob);
      }
    },
  },
  {
    name: 'largeBlob: none there, and one that is too large',
    lacks: needsExtension('largeBlobKey'),
    async run(subject: Subject): Promise<void> {
      const credential = await subject.register({ residentKey: 'required', userVerification: 'required', extensions: { largeBlob: 'required' } });
      const empty = await subject.signIn([credential], { extensions: { largeBlob: 'read' } });
      expect(empty.outcome.extensions.largeBlob?.blob).toBeUndefined();
      const huge = await subject.signIn([credential], { userVerification: 'required', extensions: { largeBlob: { write: someBytes(20_000) } } });
      expect(huge.outcome.extensions.largeBlob).toStrictEqual({ written: false });
    },
  },
  {
    name: 'credBlob',
    lacks: needsExtension('credBlob'),
    async run(subject: Subject): Promise<void> {
      const credBlob = someBytes(LEAST_CRED_BLOB);
      const credential = await subject.register({ residentKey: 'required', userVerification: 'required', extensions: { credBlob } });
      expect(credential.outcome.extensions.credBlob).toBe(true);
      const { outcome } = await subject.signIn([credential], { userVerification: 'required', extensions: { getCredBlob: true } });
      expect(outcome.extensions.credBlob).toStrictEqual(credBlob);
    },
  },
  {
    name: 'minPinLength is told to a site that may know it',
    lacks: (info) => (info.options.setMinPINLength === true ? needsExtension('minPinLength')(info) : 'the minimum cannot be set'),
    async run(subject: Subject): Promise<void> {
      const change = { rpIds: [RP_ID] };
      must(await subject.key.manage(subject.person(), (key) => raiseMinPinLength(key, 6, change)));
      expect((await subject.key.info()).minPINLength).toBe(6);
      const { data } = await subject.register({ extensions: { minPinLength: true } });
      expect(data.extensions?.get('minPinLength')).toBe(6);
      const other = await subject.register({ rpId: 'other.example', extensions: { minPinLength: true } });
      expect(other.data.extensions?.get('minPinLength')).toBeUndefined();
    },
  },
  {
    name: 'everything at once',
    async run(subject: Subject): Promise<void> {
      const salts = { first: someBytes(32) };
      const credential = await subject.register({
        residentKey: 'required',
        extensions: {
          credProtect: { level: 2, enforce: false },
          credBlob: someBytes(16),
          minPinLength: true,
          prf: { salts },
          largeBlob: 'preferred',
        },
      });
      await subject.signIn([credential], { extensions: { getCredBlob: true, prf: { salts, byCredential: [] }, largeBlob: 'read' } });
    },
  },
];
