import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { CeremonyFixture, resultOf, verifyAuthentication, verifyRegistration } from './fixture.ts';

const PIN = '84 173 Ünï';

/** The real host process against one virtual key, plugged in from the start. */
describe('one key', () => {
  let fixture: CeremonyFixture;

  beforeAll(async () => {
    fixture = await CeremonyFixture.start();
  });
  afterEach(() => fixture.reset());
  afterAll(() => fixture.stop());

  test('registers with a new PIN, without asking for it again, and signs in with it', async () => {
    await fixture.plug({ minPinLength: 6 });
    const registration = fixture.register({ userVerification: 'required', residentKey: 'required' });
    expect(await registration.state('needsNewPin')).toMatchObject({ minLength: 6 });
    await registration.submitNewPin('12345');
    expect(await registration.state('needsNewPin')).toMatchObject({ problem: 'tooShort' });
    await registration.submitNewPin('x'.repeat(64));
    expect(await registration.state('needsNewPin')).toMatchObject({ problem: 'tooLong' });
    await registration.submitNewPin(PIN);
    const credential = await verifyRegistration(registration, { userVerified: true });
    expect(registration.states.map(({ state }) => state)).not.toContain('needsPin');
    expect(registration.states.at(-1)).toEqual({ state: 'succeeded' });
    expect((await resultOf(registration)).discoverable).toBe(true);

    const signIn = fixture.authenticate({ userVerification: 'required' });
    expect(await signIn.state('needsPin')).toMatchObject({ reason: 'needed', pinRetries: 8 });
    await signIn.submitPin(PIN);
    await verifyAuthentication(signIn, credential, { userVerified: true });
    expect((await resultOf(signIn)).userHandle).toMatch(/^[\w-]{22}$/);
  });

  test.each(['ctap2', 'ctap2_1'] as const)('%s: needs no PIN where none is set and none is required', async (protocol) => {
    await fixture.plug({}, protocol);
    const registration = fixture.register({ residentKey: 'discouraged' });
    const credential = await verifyRegistration(registration, { userVerified: false });
    const signIn = fixture.authenticate({ allowCredentials: [{ id: credential.id }] });
    await verifyAuthentication(signIn, credential, { userVerified: false });
    expect([...registration.states, ...signIn.states].map(({ state }) => state)).not.toContain('needsPin');
  });

  test('a key of CTAP 2.0 takes its PIN by the older way', async () => {
    await fixture.plug({ pin: PIN }, 'ctap2');
    const registration = fixture.register({ residentKey: 'required' });
    await registration.state('needsPin');
    await registration.submitPin(PIN);
    const credential = await verifyRegistration(registration, { userVerified: true });
    const signIn = fixture.authenticate();
    await signIn.state('needsPin');
    await signIn.submitPin(PIN);
    await verifyAuthentication(signIn, credential, { userVerified: true });
  });

  test('user verification by the key itself; after too many failures by the PIN', async () => {
    const key = await fixture.plug({ builtInUv: true, pin: PIN });
    const registration = fixture.register({ residentKey: 'required', userVerification: 'required' });
    expect(await registration.state('needsUv')).toMatchObject({ device: { transport: 'udp' } });
    const credential = await verifyRegistration(registration, { userVerified: true });

    await fixture.keys.client.setUserVerified(key, false);
    const signIn = fixture.authenticate({ userVerification: 'required' });
    expect(await signIn.state('needsUv')).not.toHaveProperty('uvRetries');
    expect(await signIn.state('needsUv')).toMatchObject({ uvRetries: 2 });
    await signIn.state('needsPin');
    await signIn.submitPin(PIN);
    await verifyAuthentication(signIn, credential, { userVerified: true });
  });

  test('a built-in verification that is blocked, without a PIN, is told', async () => {
    const key = await fixture.plug({ builtInUv: true, clientPin: false });
    await fixture.keys.client.setUserVerified(key, false);
    const registration = fixture.register({ userVerification: 'required' });
    expect(await registration.outcome).toEqual({ reason: 'uvBlocked' });
  });

  test('wrong PIN: what is left is shown, the right one then works', async () => {
    await fixture.plug({ pin: PIN });
    const registration = fixture.register();
    expect(await registration.state('needsPin')).toMatchObject({ reason: 'needed', pinRetries: 8 });
    await registration.submitPin('wrong');
    expect(await registration.state('needsPin')).toMatchObject({ reason: 'wrong', pinRetries: 7 });
    await registration.submitPin('wrong');
    expect(await registration.state('needsPin')).toMatchObject({ reason: 'wrong', pinRetries: 6 });
    await registration.submitPin(PIN);
    await verifyRegistration(registration, { userVerified: true });
  });

  test('three wrong PINs: the key is to be inserted again, then the PIN is asked for again', async () => {
    const key = await fixture.plug({ pin: PIN });
    const registration = fixture.register();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await registration.state('needsPin');
      await registration.submitPin('wrong');
    }
    expect(await registration.state('needsReinsert')).toMatchObject({ pinRetries: 5 });
    await fixture.keys.client.unplug(key);
    await fixture.keys.client.plug(key);
    expect(await registration.state('needsPin')).toMatchObject({ reason: 'reinserted', pinRetries: 5 });
    await registration.submitPin(PIN);
    await verifyRegistration(registration, { userVerified: true });
  });

  test('a key that waits for its power to be cut says so at once', async () => {
    const key = await fixture.plug({ pin: PIN });
    const first = fixture.register();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await first.state('needsPin');
      await first.submitPin('wrong');
    }
    await first.state('needsReinsert');
    first.cancel();
    expect(await first.outcome).toEqual({ reason: 'cancelled' });
    const second = fixture.register();
    expect(await second.state('needsReinsert')).toMatchObject({ pinRetries: 5 });
    await fixture.keys.client.unplug(key);
    await fixture.keys.client.plug(key);
    await second.state('needsPin');
    await second.submitPin(PIN);
    await verifyRegistration(second, { userVerified: true });
  });

  test('the last wrong PIN blocks the key', async () => {
    await fixture.keys.client.configure(await fixture.plug({ pin: PIN }), { pinRetries: 1 });
    const registration = fixture.register();
    expect(await registration.state('needsPin')).toMatchObject({ pinRetries: 1 });
    await registration.submitPin('wrong');
    expect(await registration.outcome).toEqual({ reason: 'pinBlocked' });
    expect(await fixture.register().outcome).toEqual({ reason: 'pinBlocked' });
  });

  test('a PIN that must be changed is changed, and used', async () => {
    await fixture.plug({ pin: '1111', forcePinChange: true });
    const registration = fixture.register();
    await registration.state('needsPin');
    await registration.submitPin('1111');
    expect(await registration.state('needsNewPin')).toMatchObject({ problem: 'policy' });
    await registration.submitNewPin(PIN);
    const credential = await verifyRegistration(registration, { userVerified: true });
    const signIn = fixture.authenticate();
    await signIn.state('needsPin');
    await signIn.submitPin(PIN);
    await verifyAuthentication(signIn, credential, { userVerified: true });
  });

  test('a key that makes nothing without its PIN is given it, though the site does not care', async () => {
    await fixture.plug({ pin: PIN, makeCredUvNotRqd: false });
    const registration = fixture.register({ userVerification: 'discouraged', residentKey: 'discouraged' });
    await registration.state('needsPin');
    await registration.submitPin(PIN);
    const credential = await verifyRegistration(registration, { userVerified: true });
    const signIn = fixture.authenticate({
      userVerification: 'discouraged',
      allowCredentials: [{ id: credential.id }],
    });
    await verifyAuthentication(signIn, credential, { userVerified: false });
  });

  test('alwaysUv: the PIN for every operation', async () => {
    await fixture.plug({ pin: PIN, alwaysUv: true });
    const registration = fixture.register({ userVerification: 'discouraged', residentKey: 'discouraged' });
    await registration.state('needsPin');
    await registration.submitPin(PIN);
    const credential = await verifyRegistration(registration, { userVerified: true });
    const signIn = fixture.authenticate({ userVerification: 'discouraged', allowCredentials: [{ id: credential.id }] });
    await signIn.state('needsPin');
    await signIn.submitPin(PIN);
    await verifyAuthentication(signIn, credential, { userVerified: true });
  });

  test('what the key cannot do is told after a touch', async () => {
    const key = await fixture.plug({ residentKeys: false, touch: { mode: 'manual' } });
    const registration = fixture.register({ residentKey: 'required' });
    await registration.state('needsPresence');
    await fixture.keys.client.touch(key);
    expect(await registration.outcome).toEqual({ reason: 'unsupportedRequirement' });
    const algorithm = fixture.register({ algorithms: [-257] });
    await algorithm.state('needsPresence');
    await fixture.keys.client.touch(key);
    expect(await algorithm.outcome).toEqual({ reason: 'unsupportedAlgorithm' });
  });

  test('a full key says so', async () => {
    await fixture.plug({ pin: PIN, maxDiscoverableCredentials: 0 });
    const registration = fixture.register({ residentKey: 'required' });
    await registration.state('needsPin');
    await registration.submitPin(PIN);
    expect(await registration.outcome).toEqual({ reason: 'keyStoreFull' });
  });

  test('no secret is printed', () => {
    expect(fixture.host.stderr()).toBe('');
    expect(JSON.stringify(fixture.host.messages)).not.toContain(PIN);
  });
});
