import { expect } from 'vitest';

import { type Check, needsExtension, type Subject } from './check.ts';
import { someBytes } from '../support/site.ts';

const ES256 = -7;
const EDDSA = -8;
const RS256 = -257;

/** Registrations with a PIN. */
export const registrationChecks: readonly Check[] = [
  {
    name: 'ES256, discoverable and not',
    async run(subject: Subject): Promise<void> {
      for (const residentKey of ['discouraged', 'required'] as const) {
        const { record, data } = await subject.register({ residentKey, userVerification: 'required', algorithms: [ES256] });
        expect(record.algorithm).toBe(ES256);
        expect(data.userVerified).toBe(true);
      }
    },
  },
  {
    name: 'the first algorithm that the key knows',
    async run(subject: Subject): Promise<void> {
      const algorithms = [RS256, -65_000, ES256];
      expect((await subject.register({ algorithms })).record.algorithm).toBe(ES256);
    },
  },
  {
    name: 'Ed25519',
    lacks: ({ algorithms }) => (algorithms?.includes(EDDSA) === true ? undefined : 'the key has no EdDSA'),
    async run(subject: Subject): Promise<void> {
      const credential = await subject.register({ algorithms: [EDDSA] });
      expect(credential.record.algorithm).toBe(EDDSA);
      await subject.signIn([credential]);
    },
  },
  {
    name: 'no algorithm in common',
    async run(subject: Subject): Promise<void> {
      expect(await subject.refusal({ algorithms: [-65_000] })).toBe('unsupportedAlgorithm');
    },
  },
  {
    name: 'a listed credential of the key excludes it, be it the last of many',
    async run(subject: Subject): Promise<void> {
      for (const residentKey of ['discouraged', 'required'] as const) {
        const { id } = await subject.register({ residentKey });
        expect(await subject.refusal({ excludeList: [id] })).toBe('credentialExcluded');
        expect(await subject.refusal({ excludeList: [...foreign(40, id.length), id] })).toBe('credentialExcluded');
      }
    },
  },
  {
    name: 'foreign credentials of all lengths do not',
    async run(subject: Subject): Promise<void> {
      const excludeList = [1, 16, 32, 64, 70, 71, 128, 255, 256, 500, 1023].flatMap((length) => foreign(4, length));
      await subject.register({ excludeList });
    },
  },
  {
    name: 'long names',
    async run(subject: Subject): Promise<void> {
      const name = 'ü'.repeat(32);
      const user = { id: someBytes(64), name: `${name}@interop.example`, displayName: `${name} 𝒳 ${'長'.repeat(30)}` };
      await subject.register({ user, rpName: 'Ω'.repeat(60), residentKey: 'required' });
    },
  },
  {
    name: 'credProtect, and a credential of level 3 excludes too',
    lacks: needsExtension('credProtect'),
    async run(subject: Subject): Promise<void> {
      for (const level of [1, 2, 3] as const) {
        const credential = await subject.register({
          residentKey: 'required',
          userVerification: 'required',
          user: { id: someBytes(8), name: `level ${level.toString()}`, displayName: '' },
          extensions: { credProtect: { level, enforce: true } },
        });
        expect(credential.data.extensions?.get('credProtect')).toBe(level);
        await subject.signIn([credential], { userVerification: 'required' });
        expect(await subject.refusal({ excludeList: [credential.id] })).toBe('credentialExcluded');
      }
    },
  },
];

/** Credential IDs that no key has made. */
export function foreign(count: number, length: number): ReturnType<typeof someBytes>[] {
  return Array.from({ length: count }, () => someBytes(length));
}
