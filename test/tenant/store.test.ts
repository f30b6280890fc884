import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startTenant } from './start.ts';
import { TenantDataError, TenantStore } from './store.ts';
import { TenantClient } from './support/client.ts';
import { registeredKey, startTestTenant, temporaryDataFile } from './support/fixture.ts';

test('keys survive a restart, the sessions do not', async () => {
  const dataFile = await temporaryDataFile();
  const first = await startTestTenant({ dataFile });
  const { key, userHandle, client } = await registeredKey(first);
  await first.close();

  const second = await startTestTenant({ dataFile });
  const browser = new TenantClient(second.origin);
  expect((await browser.signIn(key, userHandle)).body).toMatchObject({ ok: true, userName: 'alice' });
  expect((await browser.me()).body['credentials']).toMatchObject([{ id: key.id }]);
  const stolen = new TenantClient(second.origin);
  stolen.cookie = client.cookie;
  expect((await stolen.me()).body['user']).toBeNull();
});

test('the signature counter survives a restart', async () => {
  const dataFile = await temporaryDataFile();
  const first = await startTestTenant({ dataFile });
  const { key, userHandle } = await registeredKey(first);
  await new TenantClient(first.origin).signIn(key, userHandle);
  await first.close();
  const second = await startTestTenant({ dataFile });
  key.signCount = 0;
  expect((await new TenantClient(second.origin).signIn(key, userHandle)).body).toMatchObject({ reason: 'counter-not-increased' });
});

test('an answer made before a restart is refused after it', async () => {
  const dataFile = await temporaryDataFile();
  const first = await startTestTenant({ dataFile });
  const { key, userHandle } = await registeredKey(first);
  const browser = new TenantClient(first.origin);
  await browser.me();
  const { body } = await browser.api('/api/authentication/options', {});
  const { challenge } = body['options'] as { challenge: string };
  const response = key.authenticate({ challenge, origin: first.origin, rpId: 'localhost' }, userHandle);
  const { port } = first;
  await first.close();
  const second = await startTestTenant({ dataFile, port });
  const later = new TenantClient(second.origin);
  await later.me();
  expect((await later.api('/api/authentication/verify', { response })).body).toMatchObject({ reason: 'challenge-unknown' });
});

test.each([
  ['half of a file', '{"format":"tenant-data","version":1,"users":[{"id"'],
  ['an empty file', ''],
  ['another program’s file', '{"format":"other"}'],
  ['a later version', '{"format":"tenant-data","version":2,"users":[]}'],
  ['a user without handle', '{"format":"tenant-data","version":1,"users":[{"name":"alice"}]}'],
])('%s is a clear error at the start and stays as it is', async (_what, content) => {
  const dataFile = await temporaryDataFile();
  await writeFile(dataFile, content);
  const start = startTenant({ dataFile, users: [{ name: 'alice', code: 'SOME-CODE' }] });
  await expect(start).rejects.toThrow(TenantDataError);
  await expect(start).rejects.toThrow(dataFile);
  expect(await readFile(dataFile, 'utf8')).toBe(content);
  expect(await readdir(path.dirname(dataFile))).toEqual(['data.json']);
});

test('concurrent updates are all kept, and no temporary file stays', async () => {
  const dataFile = await temporaryDataFile();
  const store = await TenantStore.open(dataFile);
  const names = Array.from({ length: 20 }, (_, index) => `user-${index.toString()}`);
  await Promise.all(
    names.map((name) =>
      store.update((draft) => {
        draft.users.push({ id: 'AA', name, displayName: name, accessCode: null, credentials: [] });
      }),
    ),
  );
  const reopened = await TenantStore.open(dataFile);
  expect(reopened.data.users.map(({ name }) => name)).toEqual(names);
  expect(await readdir(path.dirname(dataFile))).toEqual(['data.json']);
  expect((await stat(dataFile)).mode & 0o077).toBe(0);
});

test('a change that fails leaves the data and the file as they were, and the next one works', async () => {
  const dataFile = await temporaryDataFile();
  const store = await TenantStore.open(dataFile);
  const failing = store.update((draft) => {
    draft.users.push({ id: 'AA', name: 'half', displayName: 'half', accessCode: null, credentials: [] });
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  expect(store.data.users).toEqual([]);
  await store.update((draft) => {
    draft.users.push({ id: 'AA', name: 'whole', displayName: 'whole', accessCode: null, credentials: [] });
  });
  expect((await TenantStore.open(dataFile)).data.users.map(({ name }) => name)).toEqual(['whole']);
});

test('a write that fails is reported, and memory does not run ahead of the file', async () => {
  const dataFile = await temporaryDataFile();
  const store = await TenantStore.open(path.join(dataFile, 'data.json'));
  await writeFile(dataFile, 'a file where a folder should be');
  await expect(store.update((draft) => draft.users.push({ id: 'AA', name: 'a', displayName: 'a', accessCode: null, credentials: [] }))).rejects.toThrow();
  expect(store.data.users).toEqual([]);
});
