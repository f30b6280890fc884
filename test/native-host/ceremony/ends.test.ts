import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { type Ceremony, CeremonyFixture, verifyRegistration } from './fixture.ts';

const PIN = '1928';
const MANUAL = { touch: { mode: 'manual' } } as const;
/** Milliseconds within which a ceremony ends after the cause. */
const PROMPTLY = 1000;
/** The development transport calls a key gone that was silent for most of a second; a busy machine adds to that. */
const NOTICED = 4000;

type Registration = Ceremony<'registration.start'>;

/** How ceremonies end before they succeed, and that the next one works. */
describe('ends', () => {
  let fixture: CeremonyFixture;

  beforeAll(async () => {
    fixture = await CeremonyFixture.start();
  });
  afterEach(() => fixture.reset());
  afterAll(() => fixture.stop());

  /** Milliseconds until the ceremony ends with the reason. */
  async function timeToEnd(registration: Registration, reason: string): Promise<number> {
    const start = performance.now();
    expect(await registration.outcome).toEqual({ reason });
    return performance.now() - start;
  }

  /** Whatever happened before: a touch makes a credential. */
  async function expectNextWorks(key: string): Promise<void> {
    await fixture.keys.client.configure(key, { touch: { mode: 'instant' }, mute: false, faults: [] });
    const next = fixture.register({ userVerification: 'discouraged', residentKey: 'discouraged' });
    await verifyRegistration(next, { userVerified: false });
  }

  test('cancel while no key is there', async () => {
    const registration = fixture.register();
    await registration.state('waitingForDevice');
    registration.cancel();
    expect(await timeToEnd(registration, 'cancelled')).toBeLessThan(PROMPTLY);
    await expectNextWorks(await fixture.plug(MANUAL));
  });

  test('cancel while the key waits for a touch: the answer leaves at once, and the key stops waiting', async () => {
    const key = await fixture.plug(MANUAL);
    const registration = fixture.register();
    await registration.state('needsPresence');
    registration.cancel();
    expect(await timeToEnd(registration, 'cancelled')).toBeLessThan(400);
    await expectNextWorks(key);
    expect((await fixture.keys.client.state(key)).waitingForTouch).toBe(false);
  });

  test('cancel while the PIN is awaited', async () => {
    const key = await fixture.plug({ pin: PIN, ...MANUAL });
    const registration = fixture.register();
    await registration.state('needsPin');
    registration.cancel();
    expect(await timeToEnd(registration, 'cancelled')).toBeLessThan(PROMPTLY);
    await expectNextWorks(key);
  });

  test('cancel while a mute key is opened or asked', async () => {
    const key = await fixture.plug(MANUAL);
    const registration = fixture.register();
    await registration.state('needsPresence');
    await fixture.keys.client.configure(key, { mute: true });
    registration.cancel();
    expect(await timeToEnd(registration, 'cancelled')).toBeLessThan(400);
  });

  test('the time runs out', async () => {
    const key = await fixture.plug(MANUAL);
    // Long enough for a busy machine to reach the key; what counts is that it ends neither before nor much later.
    const timeout = 3000;
    const start = performance.now();
    const registration = fixture.register({ timeout });
    await registration.state('needsPresence');
    await timeToEnd(registration, 'timeout');
    const lasted = performance.now() - start;
    // Node's timers are exact to a millisecond.
    expect(lasted).toBeGreaterThanOrEqual(timeout - 2);
    expect(lasted).toBeLessThan(timeout + PROMPTLY);
    await expectNextWorks(key);
  });

  test('the time runs out while no key is there', async () => {
    expect(await timeToEnd(fixture.register({ timeout: 50 }), 'timeout')).toBeLessThan(PROMPTLY);
  });

  test("the key's own time for a touch runs out", async () => {
    const key = await fixture.plug({ touch: { mode: 'never' }, presenceTimeout: 200 });
    const registration = fixture.register();
    expect(await timeToEnd(registration, 'deniedOnDevice')).toBeLessThan(PROMPTLY);
    await expectNextWorks(key);
  });

  test('the key is pulled out while it waits for a touch', async () => {
    const key = await fixture.plug(MANUAL);
    const registration = fixture.register();
    await registration.state('needsPresence');
    await fixture.keys.client.unplug(key);
    expect(await timeToEnd(registration, 'deviceRemoved')).toBeLessThan(NOTICED);
    await fixture.keys.client.plug(key);
    await expectNextWorks(key);
  });

  test('the key is pulled out while its PIN is awaited', async () => {
    const key = await fixture.plug({ pin: PIN, ...MANUAL });
    const registration = fixture.register();
    await registration.state('needsPin');
    await fixture.keys.client.unplug(key);
    expect(await timeToEnd(registration, 'deviceRemoved')).toBeLessThan(NOTICED);
    await fixture.keys.client.plug(key);
    await expectNextWorks(key);
  });

  test('before the prompt is visible a key may come and go, and is not asked for a touch', async () => {
    const key = await fixture.plug(MANUAL);
    const registration = fixture.register({ promptVisible: false });
    await registration.state('processing');
    await fixture.keys.client.waitFor(key, 'command:getInfo');
    await fixture.keys.client.unplug(key);
    await registration.state('waitingForDevice');
    await fixture.keys.client.plug(key);
    await registration.state('processing');
    const { log } = await fixture.keys.client.state(key);
    expect(log.map(({ command }) => command).filter((command) => command !== 'getInfo')).toEqual([]);
    await registration.promptVisible();
    await registration.state('needsPresence');
    await fixture.keys.client.touch(key);
    await verifyRegistration(registration, { userVerified: false });
  });

  test('the PIN may be entered, but nothing asks for a touch before the prompt is visible', async () => {
    const key = await fixture.plug({ pin: PIN, touch: { mode: 'instant' } });
    const registration = fixture.register({ promptVisible: false });
    await registration.state('needsPin');
    await registration.submitPin(PIN);
    await fixture.keys.client.waitFor(key, 'command:clientPin.getPinUvAuthTokenUsingPin');
    const before = await fixture.keys.client.state(key);
    expect(before.log.map(({ command }) => command)).not.toContain('makeCredential');
    await registration.promptVisible();
    await verifyRegistration(registration, { userVerified: true });
  });

  test('a second ceremony is refused while one runs, and the first goes on', async () => {
    const key = await fixture.plug(MANUAL);
    const registration = fixture.register();
    await registration.state('needsPresence');
    expect(await fixture.register().outcome).toEqual({ reason: 'notExpected' });
    await fixture.keys.client.touch(key);
    await verifyRegistration(registration, { userVerified: false });
  });

  test('a cancelled ceremony is followed by the next one at once', async () => {
    const key = await fixture.plug(MANUAL);
    for (let round = 0; round < 5; round += 1) {
      const registration = fixture.register();
      await registration.state('needsPresence');
      registration.cancel();
      expect(await registration.outcome).toEqual({ reason: 'cancelled' });
    }
    await expectNextWorks(key);
  });

  test('inputs that are not awaited are refused', async () => {
    await fixture.plug(MANUAL);
    const registration = fixture.register();
    await registration.state('needsPresence');
    await expect(registration.submitPin(PIN)).rejects.toThrow('did not want');
    await expect(registration.submitNewPin(PIN)).rejects.toThrow('did not want');
    await expect(registration.selectCredential(0)).rejects.toThrow('did not want');
  });

  test('the browser goes while the key waits for a touch: the host ends, and the key stops waiting', async () => {
    const other = await CeremonyFixture.start();
    const key = await other.plug(MANUAL);
    const registration = other.register();
    await registration.state('needsPresence');
    await other.host.stop();
    expect(await other.host.exited).toEqual({ code: 0, signal: null });
    expect((await other.keys.client.state(key)).waitingForTouch).toBe(false);
    expect(await registration.outcome).toEqual({ reason: 'disconnected' });
    await other.keys.close();
  });

  test('a key that falls silent in the middle ends the ceremony by the stall limit', async () => {
    const key = await fixture.plug(MANUAL);
    const registration = fixture.register();
    await registration.state('needsPresence');
    await fixture.keys.client.configure(key, { mute: true });
    const outcome = await registration.outcome;
    expect(['deviceRemoved', 'deviceError']).toContain('reason' in outcome ? outcome.reason : '');
  });
});
