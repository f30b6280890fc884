import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { TenantClient } from './support/client.ts';
import { startTestTenant, temporaryDataFile, TEST_CODE, testClock } from './support/fixture.ts';

const MINUTE = 60_000;

test('a code signs in once, and the page says so', async () => {
  const tenant = await startTestTenant();
  const browser = new TenantClient(tenant.origin);
  await browser.page('/sign-in/code');
  expect(await browser.submit('/sign-in/code', { userName: 'Alice', code: TEST_CODE })).toMatchObject({ status: 303, location: '/account' });
  const account = await browser.page('/account');
  expect(account.result).toBe('signed-in');
  expect(account.text).toContain('Signed in as alice with a temporary access code.');
  expect(tenant.events.list()).toMatchObject([{ type: 'signed-in', userName: 'alice', method: 'access-code' }]);

  const again = new TenantClient(tenant.origin);
  await again.page('/sign-in/code');
  expect(await again.submit('/sign-in/code', { userName: 'alice', code: TEST_CODE })).toMatchObject({
    status: 401,
    result: 'code-used',
    error: 'code-used',
  });
});

test('of two sign-ins with one code at the same time, one works', async () => {
  const tenant = await startTestTenant();
  const clients = [new TenantClient(tenant.origin), new TenantClient(tenant.origin)];
  const answers = await Promise.all(clients.map((client) => client.signInWithCode('alice', TEST_CODE)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
});

test('a code expires', async () => {
  const clock = testClock();
  const tenant = await startTestTenant({ clock, codeLifetimeMs: 60 * MINUTE });
  clock.advance(60 * MINUTE);
  const browser = new TenantClient(tenant.origin);
  expect((await browser.signInWithCode('alice', TEST_CODE)).body).toMatchObject({ reason: 'code-expired' });
  const code = await tenant.issueCode('alice');
  expect((await browser.signInWithCode('alice', code)).status).toBe(200);
});

test('a wrong code and an unknown user get the same answer', async () => {
  const browser = new TenantClient((await startTestTenant()).origin);
  const wrong = await browser.signInWithCode('alice', 'WRONG-CODE');
  const unknown = await browser.signInWithCode('nobody', TEST_CODE);
  expect(wrong).toMatchObject({ status: 401, body: { reason: 'code-wrong' } });
  expect(unknown).toEqual(wrong);
});

test('five wrong codes make the code void, a new one works', async () => {
  const tenant = await startTestTenant();
  const browser = new TenantClient(tenant.origin);
  for (let tries = 0; tries < 5; tries += 1) await browser.signInWithCode('alice', 'WRONG-CODE');
  expect((await browser.signInWithCode('alice', TEST_CODE)).body).toMatchObject({ reason: 'code-blocked' });
  expect((await browser.signInWithCode('bob', TEST_CODE)).status).toBe(200);
  expect((await browser.signInWithCode('alice', await tenant.issueCode('alice'))).status).toBe(200);
});

test('a used code stays used when the tenant is started again with it, a different one is good', async () => {
  const dataFile = await temporaryDataFile();
  const first = await startTestTenant({ dataFile });
  await new TenantClient(first.origin).signInWithCode('alice', TEST_CODE);
  await first.close();
  const second = await startTestTenant({ dataFile });
  const browser = new TenantClient(second.origin);
  expect((await browser.signInWithCode('alice', TEST_CODE)).body).toMatchObject({ reason: 'code-used' });
  await second.close();
  const third = await startTestTenant({ dataFile, users: [{ name: 'alice', code: 'ANOTHER-CODE' }] });
  expect((await new TenantClient(third.origin).signInWithCode('alice', 'ANOTHER-CODE')).status).toBe(200);
});

test('the data file and the log hold no code', async () => {
  const dataFile = await temporaryDataFile();
  const tenant = await startTestTenant({ dataFile });
  await new TenantClient(tenant.origin).signInWithCode('alice', TEST_CODE);
  await new TenantClient(tenant.origin).signInWithCode('bob', 'WRONG-CODE');
  const kept = (await readFile(dataFile, 'utf8')) + JSON.stringify(tenant.events.list());
  expect(kept).toContain('"alice"');
  expect(kept).not.toContain(TEST_CODE);
  expect(kept).not.toContain('WRONG-CODE');
});

test.each(['short', 'has space', 'x'.repeat(65)])('the code %j is refused at the start', async (code) => {
  await expect(startTestTenant({ users: [{ name: 'alice', code }] })).rejects.toThrow('6 to 64');
});
