import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { type HostProcess, startHostProcess } from '../../support/host-process.ts';
import { type Pcscd, startPcscd } from '../../support/pcscd.ts';
import { startVirtualKey, type VirtualKey } from '../../virtual-key/start.ts';
import { type Ceremony, CeremonyFixture, resultOf, verifyAuthentication, verifyRegistration } from './fixture.ts';

const PIN = '5512';
const MANUAL = { touch: { mode: 'manual' } } as const;
const SILENT = { userVerification: 'discouraged', residentKey: 'discouraged' } as const;

let pcscd: Pcscd | string;
let keys: VirtualKey;
let host: HostProcess;
let fixture: CeremonyFixture;

/** Keys of every kind at once: CTAP 2.1, CTAP 2.0 and U2F over HID reports, and one on a reader of a real PC/SC service. */
beforeAll(async () => {
  pcscd = await startPcscd();
  if (typeof pcscd === 'string') return;
  process.env['PCSCLITE_CSOCK_NAME'] = pcscd.socket;
  keys = await startVirtualKey({ udp: [0, 0, 0], vpcd: pcscd.readers });
  await keys.client.attach();
  host = await startHostProcess({ keys: keys.udpPorts.map((port) => `127.0.0.1:${port.toString()}`).join(',') });
  await host.hello();
  fixture = new CeremonyFixture(host, keys);
}, 120_000);
beforeEach(({ skip }) => {
  if (typeof pcscd === 'string') skip(pcscd);
});
afterEach(async () => {
  if (typeof pcscd !== 'string') await fixture.reset();
});
afterAll(async () => {
  if (typeof pcscd === 'string') return;
  await host.stop();
  await keys.close();
  await pcscd.close();
});

interface Mix {
  readonly ctap21: string;
  readonly ctap20: string;
  readonly u2f: string;
}

async function plugMix(pin?: string): Promise<Mix> {
  const knobs = pin === undefined ? MANUAL : { ...MANUAL, pin };
  const ctap21 = await fixture.plug(knobs);
  const ctap20 = await fixture.plug(knobs, 'ctap2');
  return { ctap21, ctap20, u2f: await fixture.plug(MANUAL, 'ctap1/u2f') };
}

function layDown(knobs: object): Promise<string> {
  return keys.client.addAuthenticator({ protocol: 'ctap2_1', transport: 'nfc', hasResidentKey: true, keystile: knobs });
}

/** Resolves when the keys wait for a touch; a U2F key is asked again and again instead. */
async function allWait({ ctap21, ctap20, u2f }: Mix): Promise<void> {
  await Promise.all([
    keys.client.waitFor(ctap21, 'waitingForTouch'),
    keys.client.waitFor(ctap20, 'waitingForTouch'),
    expect.poll(async () => (await commands(u2f)).filter((command) => command === 'u2f.register').length).toBeGreaterThan(1),
  ]);
}

async function threeKeys(ceremony: Ceremony<'registration.start'>): Promise<void> {
  for (let known = 0; known < 3; ) known = (await ceremony.state('selectingDevice')).devices.length;
}

async function commands(key: string): Promise<readonly string[]> {
  return (await keys.client.state(key)).log.map(({ command }) => command);
}

async function nobodyWaits(...others: readonly string[]): Promise<void> {
  for (const key of others) await expect.poll(async () => (await keys.client.state(key)).waitingForTouch).toBe(false);
}

test.each(['ctap21', 'ctap20'] as const)('all are asked at once, each its own way; %s is touched and the others are left', async (winner) => {
  const mix = await plugMix(PIN);
  const registration = fixture.register({ userVerification: 'required', promptVisible: false });
  await threeKeys(registration);
  await registration.promptVisible();
  await Promise.all([keys.client.waitFor(mix.ctap21, 'waitingForTouch'), keys.client.waitFor(mix.ctap20, 'waitingForTouch')]);
  expect(await commands(mix.ctap21)).toContain('selection');
  expect(await commands(mix.ctap20)).toContain('makeCredential');
  await keys.client.touch(mix[winner]);
  await registration.state('needsPin');
  await registration.submitPin(PIN);
  await registration.state('needsPresence');
  await nobodyWaits(mix[winner === 'ctap21' ? 'ctap20' : 'ctap21']);
  await keys.client.touch(mix[winner]);
  await verifyRegistration(registration, { userVerified: true });
  expect((await keys.client.state(mix.u2f)).credentials).toBe(0);
});

test('the U2F key is touched', async () => {
  const mix = await plugMix();
  const registration = fixture.register(SILENT);
  await allWait(mix);
  await keys.client.touch(mix.u2f);
  const credential = await verifyRegistration(registration, { userVerified: false });
  await nobodyWaits(mix.ctap21, mix.ctap20);

  const signIn = fixture.authenticate({ userVerification: 'discouraged', allowCredentials: [{ id: credential.id }] });
  await Promise.all([keys.client.waitFor(mix.ctap21, 'waitingForTouch'), keys.client.waitFor(mix.ctap20, 'waitingForTouch')]);
  await keys.client.touch(mix.u2f);
  await verifyAuthentication(signIn, credential, { userVerified: false });
});

test('a card that is laid down while all others wait wins, as laying it down is its touch', async () => {
  const mix = await plugMix();
  const registration = fixture.register(SILENT);
  await allWait(mix);
  const card = await layDown({});
  await verifyRegistration(registration, { userVerified: false });
  expect((await resultOf(registration)).transports).toContain('nfc');
  expect((await keys.client.state(card)).log.some(({ command }) => command === 'makeCredential')).toBe(true);
  await nobodyWaits(mix.ctap21, mix.ctap20);
});

test('a card that lay there before waits for a click while the others wait for a touch', async () => {
  const first = fixture.register(SILENT);
  const card = await layDown({});
  await verifyRegistration(first, { userVerified: false });
  const mix = await plugMix();
  const registration = fixture.register(SILENT);
  await allWait(mix);
  await expect.poll(() => registration.states.at(-1)).toMatchObject({
    state: 'selectingDevice',
    devices: expect.arrayContaining([{ transport: 'nfc', productName: 'Virtual PCD 00 00', waitsForConsent: true }]) as unknown,
  });
  expect((await commands(card)).filter((command) => command === 'makeCredential')).toHaveLength(1);
  await registration.useCard('Virtual PCD 00 00');
  await verifyRegistration(registration, { userVerified: false });
  await nobodyWaits(mix.ctap21, mix.ctap20);
});
