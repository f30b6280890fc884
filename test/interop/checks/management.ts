import { expect } from 'vitest';

import { encodeHex } from '../../../shared/bytes/hex.ts';
import { setAlwaysUv } from '../../../native-host/management/config.ts';
import { deleteKeyCredential, listCredentials, renameKeyCredential } from '../../../native-host/management/credentials.ts';
import { describeManagedKey } from '../../../native-host/management/describe-key.ts';
import { must } from '../support/must.ts';
import { someBytes } from '../support/site.ts';
import type { Check, Subject } from './check.ts';

const RP_ID = 'management.example';

/** Key management, where the key has it. */
export const managementChecks: readonly Check[] = [
  {
    name: 'describes the key',
    async run(subject: Subject): Promise<void> {
      const { info, pin } = must(await subject.key.manage(subject.person(), describeManagedKey));
      expect(info.versions.length).toBeGreaterThan(0);
      expect(pin?.pinRetries).toBeGreaterThan(0);
    },
  },
  {
    name: 'lists credentials',
    lacks: lacksList,
    async run(subject: Subject): Promise<void> {
      const user = { id: someBytes(10), name: 'listed', displayName: 'The listed' };
      const { id } = await subject.register({ rpId: RP_ID, user, residentKey: 'required' });
      const { credentials, existing } = must(await subject.key.manage(subject.person(), listCredentials));
      // Keys are met that count a replaced credential twice.
      expect(existing).toBeGreaterThanOrEqual(credentials.length);
      const found = credentials.find((credential) => Buffer.compare(credential.id, id) === 0);
      expect(found).toMatchObject({ rpId: RP_ID, user: { id: user.id, name: 'listed' } });
      // Keys are met that do not store it.
      expect(['The listed', undefined]).toContain(found?.user?.displayName);
    },
  },
  {
    name: 'renames an account',
    lacks: ({ options, versions }) =>
      options.credMgmt === true && versions.includes('FIDO_2_1') ? undefined : 'the key cannot rename accounts',
    async run(subject: Subject): Promise<void> {
      const id = await idOf(subject);
      must(await subject.key.manage(subject.person(), (key) => renameKeyCredential(key, id, { name: 'renamed' })));
      const { credentials } = must(await subject.key.manage(subject.person(), listCredentials));
      const user = credentials.find(({ rpId }) => rpId === RP_ID)?.user;
      expect(user?.name).toBe('renamed');
      expect(['The listed', undefined]).toContain(user?.displayName);
    },
  },
  {
    name: 'deletes a credential',
    lacks: lacksList,
    async run(subject: Subject): Promise<void> {
      const id = await idOf(subject);
      must(await subject.key.manage(subject.person(), (key) => deleteKeyCredential(key, id)));
      const { credentials } = must(await subject.key.manage(subject.person(), listCredentials));
      expect(credentials.some(({ rpId }) => rpId === RP_ID)).toBe(false);
    },
  },
  {
    name: 'alwaysUv on and off',
    lacks: ({ options }) => (options.authnrCfg === true && options.alwaysUv === false ? undefined : 'alwaysUv cannot be set'),
    async run(subject: Subject): Promise<void> {
      const set = async (on: boolean): Promise<string> => must(await subject.key.manage(subject.person(), (key) => setAlwaysUv(key, on)));
      expect(await set(true)).toBe('changed');
      const credential = await subject.register({ userVerification: 'discouraged' });
      const { data } = await subject.signIn([credential], { userVerification: 'discouraged' });
      expect(data.userVerified).toBe(true);
      expect([await set(true), await set(false), await set(false)]).toStrictEqual(['unchanged', 'changed', 'unchanged']);
    },
  },
];

/** What the key lacks for a list of its credentials. */
export function lacksList({ options }: Subject['info']): string | undefined {
  return options.credMgmt === true || options.credentialMgmtPreview === true ? undefined : 'the key lists no credentials';
}

async function idOf(subject: Subject): Promise<string> {
  const { credentials } = must(await subject.key.manage(subject.person(), listCredentials));
  const credential = credentials.find(({ rpId }) => rpId === RP_ID);
  if (credential === undefined) throw new Error('The credential is not there.');
  return encodeHex(credential.id);
}
