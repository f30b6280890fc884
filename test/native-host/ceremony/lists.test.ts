import { randomBytes } from 'node:crypto';

import type { WebAuthnCredential } from '@simplewebauthn/server';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { Knobs } from '../../virtual-key/client.ts';
import { CeremonyFixture, resultOf, verifyAuthentication, verifyRegistration } from './fixture.ts';

const PIN = '7301';

/** Allow lists, exclude lists and accounts, on the real host process against a virtual key. */
describe('lists of credentials', () => {
  let fixture: CeremonyFixture;

  beforeAll(async () => {
    fixture = await CeremonyFixture.start();
  });
  afterEach(() => fixture.reset());
  afterAll(() => fixture.stop());

  function unknownIds(count: number, length = 32): { id: string }[] {
    return Array.from({ length: count }, () => ({ id: randomBytes(length).toString('base64url') }));
  }

  async function plugWithCredential(
    knobs: Knobs = {},
    protocol: 'ctap2' | 'ctap2_1' = 'ctap2_1',
  ): Promise<{ key: string; credential: WebAuthnCredential }> {
    const key = await fixture.plug(knobs, protocol);
    const registration = fixture.register({ userVerification: 'discouraged', residentKey: 'discouraged' });
    return { key, credential: await verifyRegistration(registration, { userVerified: false }) };
  }

  const SILENT = { userVerification: 'discouraged', residentKey: 'discouraged' } as const;

  test.each([
    ['in one request', {}, 'ctap2_1', 5],
    ['in several, where the key takes few', { maxCredentialCountInList: 2 }, 'ctap2_1', 9],
    ['one by one, where it tells no limit', { maxCredentialCountInList: undefined, maxCredentialIdLength: undefined }, 'ctap2', 4],
  ] as const)('a credential behind others in the allow list is found: %s', async (_name, knobs, protocol, others) => {
    const { credential } = await plugWithCredential(knobs, protocol);
    const signIn = fixture.authenticate({
      userVerification: 'discouraged',
      allowCredentials: [...unknownIds(others), { id: credential.id }],
    });
    await verifyAuthentication(signIn, credential, { userVerified: false });
  });

  test('IDs that are too long for the key are not sent to it', async () => {
    const { credential } = await plugWithCredential({ maxCredentialIdLength: 32, maxCredentialCountInList: 2 });
    const signIn = fixture.authenticate({
      userVerification: 'discouraged',
      allowCredentials: [...unknownIds(8, 300), { id: credential.id }],
    });
    await verifyAuthentication(signIn, credential, { userVerified: false });
  });

  test('a key that leaves out the only credential of the list is understood', async () => {
    const { credential } = await plugWithCredential({ omitSingleCredential: true }, 'ctap2');
    const signIn = fixture.authenticate({ userVerification: 'discouraged', allowCredentials: [{ id: credential.id }] });
    await verifyAuthentication(signIn, credential, { userVerified: false });
  });

  test.each([
    ['no match in the list', unknownIds(3), {}],
    ['no match in a long list', unknownIds(9), { maxCredentialCountInList: 2 }],
    ['only IDs that are too long', unknownIds(2, 400), {}],
    ['no discoverable credential', [], {}],
  ])('%s: told after a touch', async (_name, allowCredentials, knobs) => {
    const key = await fixture.plug({ ...knobs, touch: { mode: 'manual' } });
    const signIn = fixture.authenticate({ userVerification: 'discouraged', allowCredentials });
    await signIn.state('needsPresence');
    await fixture.keys.client.touch(key);
    expect(await signIn.outcome).toEqual({ reason: 'noCredentials' });
  });

  test('no match behind the PIN: told after a touch', async () => {
    const key = await fixture.plug({ pin: PIN, touch: { mode: 'manual' } });
    const signIn = fixture.authenticate({ allowCredentials: unknownIds(1) });
    await signIn.state('needsPin');
    await signIn.submitPin(PIN);
    await signIn.state('needsPresence');
    await fixture.keys.client.touch(key);
    expect(await signIn.outcome).toEqual({ reason: 'noCredentials' });
  });

  test.each([
    ['in one list', {}, 3],
    ['behind more than one list', { maxCredentialCountInList: 2 }, 7],
  ] as const)('an excluded credential ends the registration after a touch: %s', async (_name, knobs, others) => {
    const { key, credential } = await plugWithCredential(knobs);
    await fixture.keys.client.configure(key, { touch: { mode: 'manual' } });
    const again = fixture.register({ ...SILENT, excludeCredentials: [...unknownIds(others), { id: credential.id }] });
    await again.state('needsPresence');
    await fixture.keys.client.touch(key);
    expect(await again.outcome).toEqual({ reason: 'credentialExcluded' });
    expect((await fixture.keys.client.state(key)).credentials).toBe(1);
  });

  test('a long exclude list of other keys does not keep a key from registering, with its PIN too', async () => {
    await fixture.plug({ pin: PIN, maxCredentialCountInList: 2 });
    const registration = fixture.register({ excludeCredentials: unknownIds(7), userVerification: 'required' });
    await registration.state('needsPin');
    await registration.submitPin(PIN);
    await verifyRegistration(registration, { userVerified: true });
  });

  test('a credential that shows itself only to its user is found behind the PIN', async () => {
    const key = await fixture.plug({ pin: PIN, maxCredentialCountInList: 2 });
    const registration = fixture.register({ userVerification: 'required', extensions: { credProtect: { level: 3, enforce: true } } });
    await registration.state('needsPin');
    await registration.submitPin(PIN);
    const credential = await verifyRegistration(registration, { userVerified: true });
    const list = [...unknownIds(5), { id: credential.id }];

    const signIn = fixture.authenticate({ userVerification: 'required', allowCredentials: list });
    await signIn.state('needsPin');
    await signIn.submitPin(PIN);
    await verifyAuthentication(signIn, credential, { userVerified: true });

    const again = fixture.register({ userVerification: 'required', excludeCredentials: list });
    await again.state('needsPin');
    await again.submitPin(PIN);
    expect(await again.outcome).toEqual({ reason: 'credentialExcluded' });

    const unverified = fixture.authenticate({ userVerification: 'discouraged', allowCredentials: list });
    expect(await unverified.outcome).toEqual({ reason: 'noCredentials' });
    expect((await fixture.keys.client.state(key)).credentials).toBe(1);
  });

  test('two accounts on one key: the user chooses', async () => {
    await fixture.plug({ pin: PIN });
    const credentials: WebAuthnCredential[] = [];
    for (const name of ['ada', 'grace']) {
      const registration = fixture.register({
        residentKey: 'required',
        user: { id: Buffer.from(name).toString('base64url'), name, displayName: name.toUpperCase() },
      });
      await registration.state('needsPin');
      await registration.submitPin(PIN);
      credentials.push(await verifyRegistration(registration, { userVerified: true }));
    }
    const signIn = fixture.authenticate();
    await signIn.state('needsPin');
    await signIn.submitPin(PIN);
    const { entries } = await signIn.state('selectingCredential');
    expect(entries.map(({ displayName }) => displayName).sort()).toEqual(['ADA', 'GRACE']);
    await expect(signIn.selectCredential(2)).rejects.toThrow('did not want');
    const ada = entries.find(({ name }) => name === 'ada');
    await signIn.selectCredential(ada?.index ?? -1);
    const [credential] = credentials;
    if (credential === undefined) throw new Error('unreachable');
    await verifyAuthentication(signIn, credential, { userVerified: true });
    expect((await resultOf(signIn)).userHandle).toBe(Buffer.from('ada').toString('base64url'));
  });

  test('a long name is cut between characters, and the key takes it', async () => {
    await fixture.plug();
    const name = '€'.repeat(300);
    const registration = fixture.register({ user: { id: 'AAAA', name, displayName: name }, rp: { id: 'example.org', name } });
    await verifyRegistration(registration, { userVerified: false });
  });
});
