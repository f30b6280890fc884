import assert from 'node:assert/strict';

import { type Ceremony, type CeremonyFixture, resultOf, verifyAuthentication, verifyRegistration } from '../../../native-host/ceremony/fixture.ts';
import type { CeremonyState } from '../../../../shared/wire/ceremony-state.ts';
import { until } from '../../../support/until.ts';
import type { GuestCase } from '../case.ts';
import { type Guest, NOBODY } from '../guest.ts';

const PIN = '4711';
const MANUAL = { touch: { mode: 'manual' } } as const;
/** Registrations that need nothing but a touch. */
const SIMPLE = { userVerification: 'discouraged', residentKey: 'discouraged' } as const;

type Registration = Ceremony<'registration.start'>;

/** The host process with node-hid and true device files. */
export const HOST_CASES: readonly GuestCase[] = [
  {
    name: 'a key is found, registers with its PIN, and signs in with and without a list',
    async run({ fixture, keys }: Guest): Promise<void> {
      const key = await fixture.plug({ pin: PIN });
      const registration = fixture.register({ residentKey: 'required', userVerification: 'required' });
      const { device } = await registration.state('needsPin');
      assert.deepEqual(device, { transport: 'usb', productName: 'Keystile virtual key 1' });
      await registration.submitPin(PIN);
      const credential = await verifyRegistration(registration, { userVerified: true });
      assert.equal((await keys.state(key)).credentials, 1);

      const listed = fixture.authenticate({ allowCredentials: [{ id: credential.id }], userVerification: 'discouraged' });
      await verifyAuthentication(listed, credential, { userVerified: false });
      const open = fixture.authenticate({ userVerification: 'required' });
      await open.state('needsPin');
      await open.submitPin(PIN);
      await verifyAuthentication(open, credential, { userVerified: true });
    },
  },
  {
    name: 'a wrong PIN is told with the tries that are left',
    async run({ fixture, keys }: Guest): Promise<void> {
      const key = await fixture.plug({ pin: PIN });
      const registration = fixture.register({ userVerification: 'required' });
      assert.deepEqual((await registration.state('needsPin')).pinRetries, 8);
      await registration.submitPin('0000');
      const again = await registration.state('needsPin');
      assert.deepEqual([again.reason, again.pinRetries], ['wrong', 7]);
      await registration.submitPin(PIN);
      await verifyRegistration(registration, { userVerified: true });
      assert.equal((await keys.state(key)).pinRetries, 8);
    },
  },
  {
    name: 'a key that knows U2F only registers and signs in',
    async run({ fixture }: Guest): Promise<void> {
      await fixture.plug({}, 'ctap1/u2f');
      const registration = fixture.register(SIMPLE);
      const credential = await verifyRegistration(registration, { userVerified: false });
      const authentication = fixture.authenticate({ allowCredentials: [{ id: credential.id }], userVerification: 'discouraged' });
      await verifyAuthentication(authentication, credential, { userVerified: false });
    },
  },
  {
    name: 'a message of many packets goes both ways',
    async run({ fixture }: Guest): Promise<void> {
      await fixture.plug({ credentialIdLength: 128 });
      const ids: string[] = [];
      for (let count = 0; count < 3; count += 1) {
        ids.push((await verifyRegistration(fixture.register(SIMPLE), { userVerified: false })).id);
      }
      const registration = fixture.register({ ...SIMPLE, excludeCredentials: ids.map((id) => ({ id })) });
      assert.deepEqual(await registration.outcome, { reason: 'credentialExcluded' });
    },
  },
  {
    name: 'cancelled in the middle of a touch: the key stops waiting and the next ceremony works',
    async run({ fixture, keys }: Guest): Promise<void> {
      const key = await fixture.plug(MANUAL);
      const registration = fixture.register(SIMPLE);
      await registration.state('needsPresence');
      await keys.waitFor(key, 'waitingForTouch');
      registration.cancel();
      assert.deepEqual(await registration.outcome, { reason: 'cancelled' });
      await nextWorks(fixture, key);
      assert.equal((await keys.state(key)).log.filter(({ status }) => status === 0x2d).length, 1);
    },
  },
  {
    name: 'unplugged in the middle of a touch: the ceremony ends at once, and works when the key is back',
    async run({ fixture, keys }: Guest): Promise<void> {
      const key = await fixture.plug(MANUAL);
      const registration = fixture.register(SIMPLE);
      await registration.state('needsPresence');
      await keys.waitFor(key, 'waitingForTouch');
      const unplugged = performance.now();
      await keys.unplug(key);
      assert.deepEqual(await registration.outcome, { reason: 'deviceRemoved' });
      // Not by the limit for keys that fall silent.
      assert.ok(performance.now() - unplugged < 2000);
      await keys.plug(key);
      await nextWorks(fixture, key);
    },
  },
  {
    name: 'unplugged in the middle of a message',
    async run({ fixture, keys }: Guest): Promise<void> {
      const key = await fixture.plug();
      await keys.configure(key, { faults: [{ direction: 'in', step: 3, action: 'disconnect' }] });
      const registration = fixture.register(SIMPLE);
      await untilUnplugged(fixture, key);
      await keys.configure(key, { faults: [] });
      await keys.plug(key);
      // Before the touch a key may come and go: the ceremony goes on with it, or has ended as for a key that is gone.
      const outcome = await registration.outcome;
      if ('reason' in outcome) assert.equal(outcome.reason, 'deviceRemoved');
      await nextWorks(fixture, key);
    },
  },
  {
    name: 'plugged in while the ceremony waits for a key',
    async run({ fixture }: Guest): Promise<void> {
      const registration = fixture.register(SIMPLE);
      assert.deepEqual((await registration.state('waitingForDevice')).problems.filter(({ transport }) => transport === 'usb'), []);
      const plugged = performance.now();
      await fixture.plug();
      await verifyRegistration(registration, { userVerified: false });
      // The kernel's news were heard; the look every five seconds is for systems without them.
      assert.ok(performance.now() - plugged < 4000);
    },
  },
  {
    name: 'two keys: the first touched wins, the other stops blinking',
    async run({ fixture, keys }: Guest): Promise<void> {
      const first = await fixture.plug({ pin: PIN, ...MANUAL });
      const second = await fixture.plug({ pin: '9999', ...MANUAL });
      const registration = fixture.register({ promptVisible: false });
      const { devices } = await untilState(registration, 'selectingDevice', ({ devices: list }) => list.length === 2);
      assert.deepEqual(devices.map(({ productName }) => productName).toSorted(), ['Keystile virtual key 1', 'Keystile virtual key 2']);
      await registration.promptVisible();
      await Promise.all([first, second].map((key) => keys.waitFor(key, 'waitingForTouch')));
      await keys.touch(second);
      await registration.state('needsPin');
      await registration.submitPin('9999');
      await registration.state('needsPresence');
      assert.equal((await keys.state(first)).waitingForTouch, false);
      await keys.waitFor(second, 'waitingForTouch');
      await keys.touch(second);
      await verifyRegistration(registration, { userVerified: true });
      assert.deepEqual([(await keys.state(first)).credentials, (await keys.state(second)).credentials], [0, 1]);
    },
  },
  {
    name: 'a second key plugged in while the first waits for a touch joins',
    async run({ fixture, keys }: Guest): Promise<void> {
      const first = await fixture.plug(MANUAL);
      const registration = fixture.register(SIMPLE);
      await registration.state('needsPresence');
      const second = await fixture.plug(MANUAL);
      await keys.waitFor(second, 'waitingForTouch');
      await keys.touch(second);
      await verifyRegistration(registration, { userVerified: false });
      assert.equal((await keys.state(first)).waitingForTouch, false);
    },
  },
  {
    name: 'a key that stalls ends the ceremony by the clock, and the next one works',
    async run({ fixture, keys }: Guest): Promise<void> {
      const key = await fixture.plug(MANUAL);
      const registration = fixture.register(SIMPLE);
      await registration.state('needsPresence');
      await keys.configure(key, { mute: true });
      const outcome = await registration.outcome;
      assert.ok('reason' in outcome && ['deviceRemoved', 'deviceError'].includes(outcome.reason), JSON.stringify(outcome));
      await nextWorks(fixture, key);
    },
  },
  {
    name: 'a device file that may not be opened is told apart from absence, with the remedy',
    async run(guest: Guest): Promise<void> {
      const other = await guest.startHost(NOBODY);
      const registration = other.register(SIMPLE);
      assert.deepEqual((await registration.state('waitingForDevice')).problems.filter(({ transport }) => transport === 'usb'), []);
      const device = await guest.deviceOf(await guest.fixture.plug());
      const { problems } = await untilState(registration, 'waitingForDevice', ({ problems: list }) => list.some(({ transport }) => transport === 'usb'));
      const [problem] = problems.filter(({ transport }) => transport === 'usb');
      assert.equal(problem?.problem, 'accessDenied');
      assert.ok(problem.detail.startsWith(device) && problem.detail.includes('udev'), problem.detail);
      registration.cancel();
      assert.deepEqual(await registration.outcome, { reason: 'cancelled' });
    },
  },
  {
    name: 'two hosts: while one has the key the other says that it is in use',
    async run(guest: Guest): Promise<void> {
      const { fixture, keys } = guest;
      const other = await guest.startHost();
      const key = await fixture.plug(MANUAL);
      const registration = fixture.register(SIMPLE);
      await registration.state('needsPresence');
      const rival = other.register(SIMPLE);
      const { problems } = await untilState(rival, 'waitingForDevice', ({ problems: list }) => list.some(({ problem }) => problem === 'busy'));
      assert.ok(problems.some(({ detail }) => detail.includes('Another process of Keystile')));
      await keys.touch(key);
      await verifyRegistration(registration, { userVerified: false });
      rival.cancel();
      assert.deepEqual(await rival.outcome, { reason: 'cancelled' });
      await nextWorks(other, key);
    },
  },
];

async function nextWorks(fixture: CeremonyFixture, key: string): Promise<void> {
  await fixture.keys.client.configure(key, { touch: { mode: 'instant' }, mute: false, faults: [] });
  const { attestationObject } = await resultOf(fixture.register(SIMPLE));
  assert.ok(attestationObject.length > 0);
}

function untilUnplugged({ keys }: CeremonyFixture, key: string): Promise<true> {
  return until({ within: 10_000, every: 20 }, 'the key was pulled out', async () =>
    (await keys.client.state(key)).plugged ? undefined : true,
  );
}

/** The next state of that name that fits: keys are seen, and problems told, one after the other. */
async function untilState<Name extends CeremonyState['state']>(
  registration: Registration,
  name: Name,
  fits: (state: Extract<CeremonyState, { state: Name }>) => boolean,
): Promise<Extract<CeremonyState, { state: Name }>> {
  for (;;) {
    const state = await registration.state(name);
    if (fits(state)) return state;
  }
}
