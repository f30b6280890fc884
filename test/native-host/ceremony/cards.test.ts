import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { type HostProcess, startHostProcess } from '../../support/host-process.ts';
import { PcscKeys } from '../support/pcsc-keys.ts';
import { PcscRival } from '../support/pcsc-rival.ts';
import { type Ceremony, CeremonyFixture, resultOf, verifyAuthentication, verifyRegistration } from './fixture.ts';

const PIN = '84 173';

let keys: PcscKeys | string;
let host: HostProcess;
let fixture: CeremonyFixture;

/** The real host process with keys on the readers of a real PC/SC service. */
beforeAll(async () => {
  keys = await PcscKeys.start();
  if (typeof keys === 'string') return;
  host = await startHostProcess();
  await host.hello();
  fixture = new CeremonyFixture(host, keys.virtualKey);
}, 120_000);
beforeEach(({ skip }) => {
  if (typeof keys === 'string') skip(keys);
});
afterEach(async () => {
  if (typeof keys !== 'string') await fixture.reset();
});
afterAll(async () => {
  if (typeof keys === 'string') return;
  await host.stop();
  await keys.close();
});

function pcsc(): PcscKeys {
  if (typeof keys === 'string') throw new Error(keys);
  return keys;
}

test('the host tells that it can use readers', async () => {
  const answer = await host.requester.request('host.hello', { protocol: 1, client: { version: '1' } });
  expect(answer.ok && answer.value.transports).toContainEqual({ kind: 'nfc', available: true });
});

test('registers and signs in with a key that is laid down when the prompt asks for it', async () => {
  const registration = fixture.register({ residentKey: 'required', userVerification: 'required' });
  await registration.state('waitingForDevice');
  const id = await pcsc().layDown({ pin: PIN });
  expect(await registration.state('needsPin')).toMatchObject({ device: { transport: 'nfc', productName: 'Virtual PCD 00 00' } });
  await registration.submitPin(PIN);
  const credential = await verifyRegistration(registration, { userVerified: true });
  expect((await resultOf(registration)).transports).toContain('nfc');

  await pcsc().virtualKey.client.unplug(id);
  const signIn = fixture.authenticate({ userVerification: 'required' });
  await signIn.state('waitingForDevice');
  await pcsc().virtualKey.client.plug(id);
  await signIn.state('needsPin');
  await signIn.submitPin(PIN);
  await verifyAuthentication(signIn, credential, { userVerified: true });
});

test('a key that lay on the reader before is used only once it is laid down anew', async () => {
  const registration = fixture.register({ residentKey: 'required' });
  const id = await pcsc().layDown();
  const credential = await verifyRegistration(registration, { userVerified: false });

  const { commandsSeen } = await pcsc().virtualKey.client.state(id);
  const signIn = fixture.authenticate();
  expect(await signIn.state('needsReinsert')).toMatchObject({ reason: 'presentBefore', device: { transport: 'nfc' } });
  const { log } = await pcsc().virtualKey.client.state(id);
  expect(log.filter(({ index, command }) => index >= commandsSeen && command !== 'getInfo')).toEqual([]);
  await pcsc().virtualKey.client.unplug(id);
  await signIn.state('waitingForDevice');
  await pcsc().virtualKey.client.plug(id);
  await verifyAuthentication(signIn, credential, { userVerified: false });
});

test('a key that lay on the reader before is used after a click in the prompt', async () => {
  const registration = fixture.register({ residentKey: 'required' });
  const id = await pcsc().layDown();
  const credential = await verifyRegistration(registration, { userVerified: false });

  const { commandsSeen } = await pcsc().virtualKey.client.state(id);
  const signIn = fixture.authenticate();
  const { device } = await signIn.state('needsReinsert');
  expect(device).toEqual({ transport: 'nfc', productName: 'Virtual PCD 00 00', waitsForConsent: true });
  await expect(signIn.useCard('Virtual PCD 00 01')).rejects.toThrow('did not want');
  const { log } = await pcsc().virtualKey.client.state(id);
  expect(log.filter(({ index, command }) => index >= commandsSeen && command !== 'getInfo')).toEqual([]);
  await signIn.useCard(device.productName);
  await verifyAuthentication(signIn, credential, { userVerified: false });
});

test('for a key that lay there before, a PIN entered in the prompt is enough', async () => {
  const registration = fixture.register({ residentKey: 'required' });
  await pcsc().layDown({ pin: PIN });
  await registration.state('needsPin');
  await registration.submitPin(PIN);
  const credential = await verifyRegistration(registration, { userVerified: true });

  const signIn = fixture.authenticate();
  await signIn.state('needsPin');
  await signIn.submitPin(PIN);
  await verifyAuthentication(signIn, credential, { userVerified: true });
});

test('three wrong PINs: the key is lifted and laid back', async () => {
  const registration = fixture.register({ userVerification: 'required' });
  const id = await pcsc().layDown({ pin: PIN });
  for (const left of [8, 7, 6]) {
    expect(await registration.state('needsPin')).toMatchObject({ pinRetries: left });
    await registration.submitPin('9999');
  }
  expect(await registration.state('needsReinsert')).toMatchObject({ reason: 'locked', pinRetries: 5 });
  await pcsc().virtualKey.client.powerCycle(id);
  expect(await registration.state('needsPin')).toMatchObject({ reason: 'reinserted', pinRetries: 5 });
  await registration.submitPin(PIN);
  await verifyRegistration(registration, { userVerified: true });
});

test('a U2F key on the reader', async () => {
  const registration = fixture.register({ residentKey: 'discouraged', userVerification: 'discouraged' });
  await pcsc().layDown({}, 'ctap1/u2f');
  await verifyRegistration(registration, { userVerified: false });
});

test('a U2F key on the reader that wants a touch is asked until it was touched', async () => {
  const registration = fixture.register({ residentKey: 'discouraged', userVerification: 'discouraged' });
  const id = await pcsc().layDown({ touch: { mode: 'manual' } }, 'ctap1/u2f');
  await registration.state('needsPresence');
  const refused = async (): Promise<number> =>
    (await pcsc().virtualKey.client.state(id)).log.filter(({ command, status }) => command === 'u2f.register' && status === 0x6985).length;
  await expect.poll(refused).toBeGreaterThan(2);
  await pcsc().virtualKey.client.touch(id);
  const credential = await verifyRegistration(registration, { userVerified: false });

  const signIn = fixture.authenticate({ userVerification: 'discouraged', allowCredentials: [{ id: credential.id }] });
  await signIn.state('needsReinsert');
  await signIn.useCard('Virtual PCD 00 00');
  await signIn.state('needsPresence');
  await pcsc().virtualKey.client.touch(id);
  await verifyAuthentication(signIn, credential, { userVerified: false });
  // A cancel ends the asking, and the next request is served.
  const cancelled = fixture.register({ residentKey: 'discouraged', userVerification: 'discouraged' });
  await cancelled.state('needsReinsert');
  await cancelled.useCard('Virtual PCD 00 00');
  await cancelled.state('needsPresence');
  cancelled.cancel();
  await cancelled.outcome;
  const next = fixture.register({ residentKey: 'discouraged', userVerification: 'discouraged' });
  await next.state('needsReinsert');
  await next.useCard('Virtual PCD 00 00');
  await next.state('needsPresence');
  await pcsc().virtualKey.client.touch(id);
  await verifyRegistration(next, { userVerified: false });
});

test('a U2F key that has no presence left: lifted and laid back, as the prompt asks, it goes on', async () => {
  const registration = fixture.register({ residentKey: 'discouraged', userVerification: 'discouraged' });
  const id = await pcsc().layDown({ touch: { mode: 'manual' } }, 'ctap1/u2f');
  await registration.state('needsPresence');
  await pcsc().virtualKey.client.unplug(id);
  await registration.state('waitingForDevice');
  await pcsc().virtualKey.client.configure(id, { touch: { mode: 'instant' } });
  await pcsc().virtualKey.client.plug(id);
  await verifyRegistration(registration, { userVerified: false });
});

test('a key that is lifted in the middle: the ceremony ends, and the next one works', async () => {
  const registration = fixture.register();
  const id = await pcsc().layDown({ touch: { mode: 'manual' } });
  await registration.state('needsPresence');
  await pcsc().virtualKey.client.unplug(id);
  expect(await registration.outcome).toEqual({ reason: 'deviceRemoved' });
  await pcsc().virtualKey.client.configure(id, { touch: { mode: 'instant' } });
  const next = fixture.register();
  await pcsc().virtualKey.client.plug(id);
  await verifyRegistration(next, { userVerified: false });
});

test('a person who cancels: the key is told', async () => {
  const registration = fixture.register();
  const id = await pcsc().layDown({ touch: { mode: 'manual' } });
  await registration.state('needsPresence');
  registration.cancel();
  await registration.outcome;
  await pcsc().virtualKey.client.waitFor(id, 'command:makeCredential');
  const next = fixture.register();
  await next.state('needsReinsert');
  expect(await pcsc().virtualKey.client.state(id)).toMatchObject({ waitingForTouch: false });
});

test('the service stops while the key waits for a touch, and is started again: the next ceremony works', async () => {
  const registration = fixture.register();
  const id = await pcsc().layDown({ touch: { mode: 'manual' } });
  await registration.state('needsPresence');
  await pcsc().pcscd.stopService();
  expect(await registration.outcome).toEqual({ reason: 'deviceRemoved' });
  const meanwhile = fixture.register();
  await meanwhile.state('waitingForDevice');
  await pcsc().virtualKey.client.unplug(id);
  await pcsc().virtualKey.client.configure(id, { touch: { mode: 'instant' } });
  await pcsc().pcscd.startService();
  await pcsc().virtualKey.client.plug(id);
  await expectRetapped(meanwhile, id);
  const next = fixture.register();
  await expectRetapped(next, id);
});

test('a key that another program keeps for itself: the ceremony waits, and goes on once it is laid down anew', async () => {
  const id = await pcsc().layDown();
  const rival = new PcscRival('Virtual PCD 00 00');
  await rival.takeAlone();
  const letGo = await rival.keep();
  const registration = fixture.register();
  await registration.state('waitingForDevice');
  await pcsc().virtualKey.client.unplug(id);
  await letGo();
  await pcsc().virtualKey.client.plug(id);
  await expectRetapped(registration, id);
});

/** A registration that succeeds, after a new tap should the key have lain there when the service was asked first. */
async function expectRetapped(registration: Ceremony<'registration.start'>, id: string): Promise<void> {
  const asked = registration.state('needsReinsert').then(
    () => pcsc().virtualKey.client.powerCycle(id),
    // It ended without that question.
    () => undefined,
  );
  await verifyRegistration(registration, { userVerified: false });
  await asked;
}
