import { expect, test } from 'vitest';
import { registeredKey, signedInClient, startTestTenant, testClock } from './support/fixture.ts';
import { SoftwareKey } from './support/software-key.ts';

const MINUTE = 60_000;

test('options ask for a discoverable, verified security key and direct attestation, with a fresh 32-byte challenge', async () => {
  const tenant = await startTestTenant();
  const client = await signedInClient(tenant);
  const first = (await client.api('/api/registration/options', {})).body['options'] as { challenge: string };
  const second = (await client.api('/api/registration/options', {})).body['options'] as { challenge: string };
  expect(first).toMatchObject({
    rp: { id: 'localhost' },
    user: { name: 'alice' },
    attestation: 'direct',
    pubKeyCredParams: [{ alg: -7 }, { alg: -257 }],
    authenticatorSelection: { residentKey: 'required', userVerification: 'required', authenticatorAttachment: 'cross-platform' },
    excludeCredentials: [],
  });
  expect(Buffer.from(first.challenge, 'base64url')).toHaveLength(32);
  expect(second.challenge).not.toBe(first.challenge);
});

test('the attestation conveyance is configurable', async () => {
  const client = await signedInClient(await startTestTenant({ attestation: 'none' }));
  const { body } = await client.api('/api/registration/options', {});
  expect(body['options']).toMatchObject({ attestation: 'none' });
});

test('a registered key is listed, reported, and excluded from the next registration', async () => {
  const tenant = await startTestTenant();
  const { key, client } = await registeredKey(tenant);
  expect((await client.me()).body['credentials']).toMatchObject([
    { id: key.id, aaguid: '00000000-0000-0000-0000-000000000000', model: 'Unknown model', device: 'usb', transports: ['usb'] },
  ]);
  expect(tenant.events.list().at(-1)).toMatchObject({ type: 'registered', userName: 'alice', credentialId: key.id, fmt: 'none', userVerified: true });
  const { body } = await client.api('/api/registration/options', {});
  expect(body['options']).toMatchObject({ excludeCredentials: [{ id: key.id, type: 'public-key', transports: ['usb'] }] });
});

test('a credential that is registered is refused again, also for another user', async () => {
  const tenant = await startTestTenant();
  const { key, client } = await registeredKey(tenant);
  const bob = await signedInClient(tenant, 'bob');
  expect(await client.register(key)).toMatchObject({ status: 409, body: { reason: 'already-registered' } });
  expect(await bob.register(key)).toMatchObject({ status: 409, body: { reason: 'already-registered' } });
  expect((await bob.me()).body['credentials']).toEqual([]);
});

test.each([
  ['another origin', { origin: 'https://evil.example' }, 'wrong-origin'],
  ['another RP ID', { rpId: 'evil.example' }, 'wrong-rp-id'],
  ['no user verification', { userVerified: false }, 'user-not-verified'],
  ['a frame of another site', { clientData: { crossOrigin: true, topOrigin: 'https://evil.example' } }, 'cross-origin-frame'],
  ['a frame whose top is not told', { clientData: { crossOrigin: true } }, 'cross-origin-frame'],
  ['an assertion', { clientData: { type: 'webauthn.get' } }, 'wrong-type'],
  ['a challenge of its own', { challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }, 'challenge-unknown'],
] as const)('an answer with %s is refused and reported, and nothing is kept', async (_what, wrong, reason) => {
  const tenant = await startTestTenant();
  const client = await signedInClient(tenant);
  expect(await client.register(new SoftwareKey(), wrong)).toMatchObject({ status: 400, body: { ok: false, reason } });
  expect(tenant.events.list().at(-1)).toMatchObject({ type: 'refused', during: 'registration', reason });
  expect((await client.me()).body['credentials']).toEqual([]);
});

test('a frame of an accepted top origin is accepted', async () => {
  const tenant = await startTestTenant({ topOrigins: ['https://portal.example'] });
  const client = await signedInClient(tenant);
  const answer = await client.register(new SoftwareKey(), { clientData: { crossOrigin: true, topOrigin: 'https://portal.example' } });
  expect(answer.status).toBe(200);
});

test('each accepted origin goes with its own RP ID', async () => {
  const tenant = await startTestTenant({ origins: [{ origin: 'https://login.other.example', rpId: 'other.example' }] });
  const client = await signedInClient(tenant);
  const crossed = await client.register(new SoftwareKey(), { origin: 'https://login.other.example' });
  expect(crossed.body).toMatchObject({ reason: 'wrong-origin' });
});

test('a registration challenge is good once', async () => {
  const tenant = await startTestTenant();
  const client = await signedInClient(tenant);
  const { body } = await client.api('/api/registration/options', {});
  const { challenge } = body['options'] as { challenge: string };
  const make = () => new SoftwareKey().register({ challenge, origin: tenant.origin, rpId: 'localhost' });
  expect((await client.api('/api/registration/verify', { response: make() })).status).toBe(200);
  expect(await client.api('/api/registration/verify', { response: make() })).toMatchObject({ status: 400, body: { reason: 'challenge-used' } });
});

test('a challenge is good for ten minutes', async () => {
  const clock = testClock();
  const tenant = await startTestTenant({ clock });
  const client = await signedInClient(tenant);
  const { body } = await client.api('/api/registration/options', {});
  const { challenge } = body['options'] as { challenge: string };
  clock.advance(10 * MINUTE);
  const response = new SoftwareKey().register({ challenge, origin: tenant.origin, rpId: 'localhost' });
  expect((await client.api('/api/registration/verify', { response })).body).toMatchObject({ reason: 'challenge-expired' });
});

test('options need a sign-in not older than five minutes; a slow person may still finish', async () => {
  const clock = testClock();
  const tenant = await startTestTenant({ clock });
  const client = await signedInClient(tenant);
  const { body } = await client.api('/api/registration/options', {});
  const { challenge } = body['options'] as { challenge: string };
  clock.advance(5 * MINUTE + 1);
  expect(await client.api('/api/registration/options', {})).toMatchObject({ status: 401, body: { reason: 'sign-in-stale' } });
  const response = new SoftwareKey().register({ challenge, origin: tenant.origin, rpId: 'localhost' });
  expect((await client.api('/api/registration/verify', { response })).status).toBe(200);
});

test('ten keys are enough', async () => {
  const client = await signedInClient(await startTestTenant());
  for (let count = 0; count < 10; count += 1) expect((await client.register(new SoftwareKey())).status).toBe(200);
  expect(await client.api('/api/registration/options', {})).toMatchObject({ status: 409, body: { reason: 'too-many-keys' } });
});

test.each([
  ['nothing', {}],
  ['a text', { response: 'no' }],
  ['padding in base64url', { response: { id: 'AA==', rawId: 'AA==', type: 'public-key', response: {} } }],
  ['client data that is not JSON', { response: { id: 'AA', rawId: 'AA', type: 'public-key', response: { clientDataJSON: 'AAAA', attestationObject: 'AA' } } }],
])('%s instead of a response is a bad request', async (_what, body) => {
  const client = await signedInClient(await startTestTenant());
  expect(await client.api('/api/registration/verify', body)).toMatchObject({ status: 400, body: { reason: 'bad-request' } });
});

test('an attestation object of garbage is refused without an error inside', async () => {
  const tenant = await startTestTenant();
  const client = await signedInClient(tenant);
  const { body } = await client.api('/api/registration/options', {});
  const { challenge } = body['options'] as { challenge: string };
  const response = new SoftwareKey().register({ challenge, origin: tenant.origin, rpId: 'localhost' });
  const garbled = { ...response, response: { ...(response['response'] as object), attestationObject: 'oWNmbXQ' } };
  expect(await client.api('/api/registration/verify', { response: garbled })).toMatchObject({ status: 400, body: { reason: 'verification-failed' } });
});
