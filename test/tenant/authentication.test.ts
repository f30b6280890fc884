import { expect, test } from 'vitest';
import { TenantClient } from './support/client.ts';
import { registeredKey, startTestTenant, testClock } from './support/fixture.ts';
import { SoftwareKey } from './support/software-key.ts';

test('sign-in without user name: empty allow list, user verification, and the key says who it is', async () => {
  const tenant = await startTestTenant();
  const { key, userHandle } = await registeredKey(tenant);
  const browser = new TenantClient(tenant.origin);
  await browser.me();
  const { body } = await browser.api('/api/authentication/options', {});
  expect(body['options']).toMatchObject({ rpId: 'localhost', userVerification: 'required', allowCredentials: [] });

  const reported = tenant.events.next('signed-in');
  expect(await browser.signIn(key, userHandle)).toMatchObject({ status: 200, body: { userName: 'alice', userVerified: true } });
  expect(await reported).toMatchObject({ userName: 'alice', method: 'security-key', credentialId: key.id, userVerified: true });
  expect((await browser.me()).body['user']).toMatchObject({ name: 'alice', signedInWith: 'security-key' });
});

test('sign-in with user name first: the allow list holds the keys of this user', async () => {
  const tenant = await startTestTenant();
  const { key } = await registeredKey(tenant);
  await registeredKey(tenant, 'bob');
  const browser = new TenantClient(tenant.origin);
  await browser.me();
  const { body } = await browser.api('/api/authentication/options', { userName: ' Alice ' });
  expect(body['options']).toMatchObject({ allowCredentials: [{ id: key.id, type: 'public-key', transports: ['usb'] }] });
  // A key used from an allow list need not tell the user handle.
  expect((await browser.signIn(key, undefined, {}, 'alice')).status).toBe(200);
});

test('a user name without a key is refused', async () => {
  const tenant = await startTestTenant();
  const browser = new TenantClient(tenant.origin);
  await browser.me();
  for (const userName of ['alice', 'nobody']) {
    expect((await browser.api('/api/authentication/options', { userName })).body).toMatchObject({ reason: 'unknown-user' });
  }
});

test.each([
  ['another origin', { origin: 'http://127.0.0.1' }, 'wrong-origin'],
  ['another RP ID', { rpId: 'evil.example' }, 'wrong-rp-id'],
  ['no user verification', { userVerified: false }, 'user-not-verified'],
  ['a frame of another site', { clientData: { crossOrigin: true, topOrigin: 'https://evil.example' } }, 'cross-origin-frame'],
  ['a registration', { clientData: { type: 'webauthn.create' } }, 'wrong-type'],
] as const)('an answer with %s is refused and reported', async (_what, wrong, reason) => {
  const tenant = await startTestTenant();
  const { key, userHandle } = await registeredKey(tenant);
  const browser = new TenantClient(tenant.origin);
  expect(await browser.signIn(key, userHandle, wrong)).toMatchObject({ status: 400, body: { reason } });
  expect(tenant.events.list().at(-1)).toMatchObject({ type: 'refused', during: 'sign-in', reason });
  expect((await browser.me()).body['user']).toBeNull();
});

test('a replayed answer is refused, in the session it was for and in another one', async () => {
  const tenant = await startTestTenant();
  const { key, userHandle } = await registeredKey(tenant);
  const browser = new TenantClient(tenant.origin);
  await browser.me();
  const { body } = await browser.api('/api/authentication/options', {});
  const { challenge } = body['options'] as { challenge: string };
  const response = key.authenticate({ challenge, origin: tenant.origin, rpId: 'localhost' }, userHandle);
  expect((await browser.api('/api/authentication/verify', { response })).status).toBe(200);
  expect((await browser.api('/api/authentication/verify', { response })).body).toMatchObject({ reason: 'challenge-used' });
  const thief = new TenantClient(tenant.origin);
  await thief.me();
  expect((await thief.api('/api/authentication/verify', { response })).body).toMatchObject({ reason: 'challenge-used' });
  expect((await thief.me()).body['user']).toBeNull();
});

test('an answer that was refused has spent its challenge', async () => {
  const tenant = await startTestTenant();
  const { key, userHandle } = await registeredKey(tenant);
  const browser = new TenantClient(tenant.origin);
  await browser.me();
  const { body } = await browser.api('/api/authentication/options', {});
  const { challenge } = body['options'] as { challenge: string };
  const request = { challenge, origin: tenant.origin, rpId: 'localhost' };
  const bad = key.authenticate({ ...request, userVerified: false }, userHandle);
  expect((await browser.api('/api/authentication/verify', { response: bad })).body).toMatchObject({ reason: 'user-not-verified' });
  const good = key.authenticate(request, userHandle);
  expect((await browser.api('/api/authentication/verify', { response: good })).body).toMatchObject({ reason: 'challenge-used' });
});

test('an answer from another session is refused and does not spend the challenge', async () => {
  const tenant = await startTestTenant();
  const { key, userHandle } = await registeredKey(tenant);
  const [browser, thief] = [new TenantClient(tenant.origin), new TenantClient(tenant.origin)];
  await Promise.all([browser.me(), thief.me()]);
  const { body } = await browser.api('/api/authentication/options', {});
  const { challenge } = body['options'] as { challenge: string };
  const response = key.authenticate({ challenge, origin: tenant.origin, rpId: 'localhost' }, userHandle);
  expect((await thief.api('/api/authentication/verify', { response })).body).toMatchObject({ reason: 'challenge-unknown' });
  expect((await browser.api('/api/authentication/verify', { response })).status).toBe(200);
});

test('an answer after ten minutes is refused', async () => {
  const clock = testClock();
  const tenant = await startTestTenant({ clock });
  const { key, userHandle } = await registeredKey(tenant);
  const browser = new TenantClient(tenant.origin);
  await browser.me();
  const { body } = await browser.api('/api/authentication/options', {});
  const { challenge } = body['options'] as { challenge: string };
  clock.advance(10 * 60_000);
  const response = key.authenticate({ challenge, origin: tenant.origin, rpId: 'localhost' }, userHandle);
  expect((await browser.api('/api/authentication/verify', { response })).body).toMatchObject({ reason: 'challenge-expired' });
});

test('the user handle must name the owner of the credential', async () => {
  const tenant = await startTestTenant();
  const { key } = await registeredKey(tenant);
  const bob = await registeredKey(tenant, 'bob');
  const browser = new TenantClient(tenant.origin);
  expect((await browser.signIn(key, bob.userHandle)).body).toMatchObject({ reason: 'wrong-user' });
  expect((await browser.signIn(key, undefined)).body).toMatchObject({ reason: 'wrong-user' });
  expect((await browser.signIn(bob.key, bob.userHandle, {}, 'alice')).body).toMatchObject({ reason: 'wrong-user' });
});

test('a signature by another key is refused', async () => {
  const tenant = await startTestTenant();
  const { key, userHandle } = await registeredKey(tenant);
  const impostor = Object.assign(new SoftwareKey(), { id: key.id });
  const browser = new TenantClient(tenant.origin);
  expect((await browser.signIn(impostor, userHandle)).body).toMatchObject({ reason: 'signature-invalid' });
});

test('a signature counter that does not rise is refused', async () => {
  const tenant = await startTestTenant();
  const { key, userHandle } = await registeredKey(tenant);
  const browser = new TenantClient(tenant.origin);
  expect((await browser.signIn(key, userHandle)).status).toBe(200);
  key.signCount = 0;
  expect((await browser.signIn(key, userHandle)).body).toMatchObject({ reason: 'counter-not-increased' });
});

test('a key that was never registered, or was deleted, is refused', async () => {
  const tenant = await startTestTenant();
  const { key, userHandle, client } = await registeredKey(tenant);
  const browser = new TenantClient(tenant.origin);
  expect((await browser.signIn(new SoftwareKey(), userHandle)).body).toMatchObject({ reason: 'unknown-credential' });
  await client.page('/security-info');
  await client.submit('/security-info/delete', { id: key.id });
  expect((await browser.signIn(key, userHandle)).body).toMatchObject({ reason: 'unknown-credential' });
});
