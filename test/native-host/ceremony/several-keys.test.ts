import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { CeremonyFixture, verifyAuthentication, verifyRegistration } from './fixture.ts';

const PIN = '5512';
const MANUAL = { touch: { mode: 'manual' } } as const;

/** Several virtual keys plugged in at once. */
describe('several keys', () => {
  let fixture: CeremonyFixture;

  beforeAll(async () => {
    fixture = await CeremonyFixture.start();
  });
  afterEach(() => fixture.reset());
  afterAll(() => fixture.stop());

  async function waitingForTouch(...keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map((key) => fixture.keys.client.waitFor(key, 'waitingForTouch')));
  }

  async function isWaiting(key: string): Promise<boolean> {
    return (await fixture.keys.client.state(key)).waitingForTouch;
  }

  test('all wait for a touch, the touched one is asked for its PIN, the other stops waiting', async () => {
    const first = await fixture.plug({ pin: PIN, ...MANUAL });
    const second = await fixture.plug({ pin: '9999', ...MANUAL });
    const registration = fixture.register({ promptVisible: false });
    expect((await registration.state('selectingDevice')).devices).toHaveLength(2);
    await registration.promptVisible();
    await waitingForTouch(first, second);
    await fixture.keys.client.touch(second);
    expect(await registration.state('needsPin')).toMatchObject({ pinRetries: 8 });
    await registration.submitPin('9999');
    await registration.state('needsPresence');
    expect(await isWaiting(first)).toBe(false);
    await fixture.keys.client.touch(second);
    await verifyRegistration(registration, { userVerified: true });
    expect((await fixture.keys.client.state(second)).credentials).toBe(1);
    expect((await fixture.keys.client.state(first)).credentials).toBe(0);
  });

  test('without PINs the operations themselves race', async () => {
    const first = await fixture.plug(MANUAL);
    const second = await fixture.plug(MANUAL, 'ctap2');
    const registration = fixture.register({ userVerification: 'discouraged', residentKey: 'discouraged' });
    await waitingForTouch(first, second);
    await fixture.keys.client.touch(second);
    await verifyRegistration(registration, { userVerified: false });
    const { log } = await fixture.keys.client.state(second);
    expect(log.map(({ command }) => command)).not.toContain('selection');

    // The loser was cancelled and given back: the next ceremony works with both.
    const next = fixture.register({ userVerification: 'discouraged', residentKey: 'discouraged' });
    await waitingForTouch(first, second);
    await fixture.keys.client.touch(first);
    await verifyRegistration(next, { userVerified: false });
    expect(await isWaiting(second)).toBe(false);
  });

  test('keys without authenticatorSelection are selected the older way', async () => {
    const first = await fixture.plug({ pin: PIN, ...MANUAL }, 'ctap2');
    const second = await fixture.plug({ ...MANUAL }, 'ctap2');
    const registration = fixture.register({ userVerification: 'required' });
    await waitingForTouch(first, second);
    await fixture.keys.client.touch(first);
    await registration.state('needsPin');
    await registration.submitPin(PIN);
    await registration.state('needsPresence');
    await fixture.keys.client.touch(first);
    await verifyRegistration(registration, { userVerified: true });
    expect(await isWaiting(second)).toBe(false);
  });

  test('a key plugged in while another waits for its PIN joins', async () => {
    const first = await fixture.plug({ pin: PIN, ...MANUAL });
    const registration = fixture.register();
    await registration.state('needsPin');
    const second = await fixture.plug({ pin: '9999', ...MANUAL });
    expect((await registration.state('selectingDevice')).devices).toHaveLength(2);
    await waitingForTouch(first, second);
    await fixture.keys.client.touch(second);
    await registration.state('needsPin');
    await registration.submitPin('9999');
    await registration.state('needsPresence');
    await fixture.keys.client.touch(second);
    await verifyRegistration(registration, { userVerified: true });
  });

  test('a key plugged in while another waits for a touch joins', async () => {
    const first = await fixture.plug(MANUAL);
    const registration = fixture.register({ userVerification: 'discouraged', residentKey: 'discouraged' });
    await registration.state('needsPresence');
    const second = await fixture.plug(MANUAL);
    await waitingForTouch(first, second);
    await fixture.keys.client.touch(second);
    await verifyRegistration(registration, { userVerified: false });
  });

  test('one of two is pulled out: the other goes on', async () => {
    const first = await fixture.plug({ pin: PIN, ...MANUAL });
    const second = await fixture.plug({ pin: '9999', ...MANUAL });
    const registration = fixture.register({ promptVisible: false });
    await registration.state('selectingDevice');
    await registration.promptVisible();
    await waitingForTouch(first, second);
    await fixture.keys.client.unplug(second);
    await registration.state('needsPresence');
    await fixture.keys.client.touch(first);
    await registration.state('needsPin');
    await registration.submitPin(PIN);
    await registration.state('needsPresence');
    await fixture.keys.client.touch(first);
    await verifyRegistration(registration, { userVerified: true });
  });

  test('the key that holds no credential for the site waits for a touch like the other, and says so when touched', async () => {
    const holder = await fixture.plug({ pin: PIN, touch: { mode: 'instant' } });
    const registration = fixture.register({ residentKey: 'required' });
    await registration.state('needsPin');
    await registration.submitPin(PIN);
    const credential = await verifyRegistration(registration, { userVerified: true });
    await fixture.keys.client.configure(holder, MANUAL);
    const stranger = await fixture.plug(MANUAL);
    const allowCredentials = [{ id: credential.id }];

    const first = fixture.authenticate({ userVerification: 'discouraged', allowCredentials });
    await waitingForTouch(holder, stranger);
    await fixture.keys.client.touch(stranger);
    expect(await first.outcome).toEqual({ reason: 'noCredentials' });

    const second = fixture.authenticate({ userVerification: 'discouraged', allowCredentials });
    await waitingForTouch(holder, stranger);
    await fixture.keys.client.touch(holder);
    await verifyAuthentication(second, credential, { userVerified: false });
  });
});
