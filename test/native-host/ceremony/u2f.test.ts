import { createHash, randomBytes } from 'node:crypto';

import type { WebAuthnCredential } from '@simplewebauthn/server';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { waitForU2fTouch } from '../../../native-host/ceremony/u2f-touch.ts';
import type { Device } from '../../../native-host/transport/device.ts';
import { success } from '../../../shared/bytes/result.ts';
import type { Knobs } from '../../virtual-key/client.ts';
import { CeremonyFixture, resultOf, RP_ID, verifyAuthentication, verifyRegistration } from './fixture.ts';

const SILENT = { userVerification: 'discouraged', residentKey: 'discouraged' } as const;
const MANUAL = { touch: { mode: 'manual' } } as const;
const APP_ID = 'https://example.org/u2f/app-id.json';

function unknownIds(count: number, length = 64): { id: string }[] {
  return Array.from({ length: count }, () => ({ id: randomBytes(length).toString('base64url') }));
}

/** The real host process against virtual keys that speak U2F. */
describe('U2F keys', () => {
  let fixture: CeremonyFixture;

  beforeAll(async () => {
    fixture = await CeremonyFixture.start();
  });
  afterEach(() => fixture.reset());
  afterAll(() => fixture.stop());

  async function plugWithCredential(knobs: Knobs = {}): Promise<{ key: string; credential: WebAuthnCredential }> {
    const key = await fixture.plug(knobs, 'ctap1/u2f');
    const credential = await verifyRegistration(fixture.register(SILENT), { userVerified: false });
    return { key, credential };
  }

  /** Registers as U2F's own API did, under an AppID, and gives the credential. */
  async function plugWithAppIdCredential(protocol: 'ctap1/u2f' | 'ctap2_1', knobs: Knobs = {}): Promise<{ key: string; id: string }> {
    const key = await fixture.plug(knobs, protocol);
    const registration = fixture.register({ ...SILENT, rp: { id: APP_ID, name: 'Example' } });
    const { attestationObject } = await resultOf(registration);
    const bytes = Buffer.from(attestationObject, 'base64url');
    const start = bytes.indexOf(createHash('sha256').update(APP_ID).digest());
    const length = bytes.readUInt16BE(start + 53);
    return { key, id: bytes.subarray(start + 55, start + 55 + length).toString('base64url') };
  }

  test.each(['discouraged', 'preferred'] as const)('register and sign in, user verification %s', async (userVerification) => {
    await fixture.plug({}, 'ctap1/u2f');
    const registration = fixture.register({ userVerification, residentKey: 'preferred' });
    const credential = await verifyRegistration(registration, { userVerified: false });
    const result = await resultOf(registration);
    expect(result).toMatchObject({ transports: ['usb'], discoverable: false });
    expect(Buffer.from(result.attestationObject, 'base64url').includes('fido-u2f')).toBe(true);
    const allowCredentials = [...unknownIds(2), { id: credential.id }, ...unknownIds(1, 400)];
    await verifyAuthentication(fixture.authenticate({ userVerification, allowCredentials }), credential, { userVerified: false });
  });

  test('key handles of 255 bytes', async () => {
    const { credential } = await plugWithCredential({ credentialIdLength: 255 });
    expect(Buffer.from(credential.id, 'base64url')).toHaveLength(255);
    const signIn = fixture.authenticate({ userVerification: 'discouraged', allowCredentials: [{ id: credential.id }] });
    await verifyAuthentication(signIn, credential, { userVerified: false });
  });

  test('a touch is asked for and waited for', async () => {
    const key = await fixture.plug(MANUAL, 'ctap1/u2f');
    const registration = fixture.register(SILENT);
    await registration.state('needsPresence');
    await fixture.keys.client.touch(key);
    await verifyRegistration(registration, { userVerified: false });
  });

  test.each([
    ['user verification', { userVerification: 'required', residentKey: 'discouraged' }],
    ['a discoverable credential', { userVerification: 'discouraged', residentKey: 'required' }],
    ['a protected credential', { ...SILENT, extensions: { credProtect: { level: 2, enforce: true } } }],
  ] as const)('%s is beyond them: told after a touch', async (_name, options) => {
    const key = await fixture.plug(MANUAL, 'ctap1/u2f');
    const registration = fixture.register(options);
    await registration.state('needsPresence');
    await fixture.keys.client.touch(key);
    expect(await registration.outcome).toEqual({ reason: 'unsupportedRequirement' });
  });

  test.each([
    ['no list', [], 'unsupportedRequirement'],
    ['no match', unknownIds(2), 'noCredentials'],
    ['IDs that are too long', unknownIds(2, 256), 'noCredentials'],
  ])('a sign-in with %s: told after a touch', async (_name, allowCredentials, reason) => {
    const key = await fixture.plug(MANUAL, 'ctap1/u2f');
    const signIn = fixture.authenticate({ userVerification: 'discouraged', allowCredentials });
    await signIn.state('needsPresence');
    await fixture.keys.client.touch(key);
    expect(await signIn.outcome).toEqual({ reason });
  });

  test('an excluded credential: told after a touch, and nothing is made', async () => {
    const { key, credential } = await plugWithCredential();
    await fixture.keys.client.configure(key, MANUAL);
    const again = fixture.register({ ...SILENT, excludeCredentials: [...unknownIds(2), { id: credential.id }] });
    await again.state('needsPresence');
    await fixture.keys.client.touch(key);
    expect(await again.outcome).toEqual({ reason: 'credentialExcluded' });
  });

  test.each([
    ['ctap1/u2f', {}],
    ['ctap2_1', {}],
    ['ctap2_1', { appIdByU2fOnly: true }],
  ] as const)('appid: a credential of the AppID signs on a %s key with %j', async (protocol, knobs) => {
    const { id } = await plugWithAppIdCredential(protocol, knobs);
    const allowCredentials = [...unknownIds(1), ...unknownIds(1, 400), { id }];
    const signIn = fixture.authenticate({ userVerification: 'preferred', allowCredentials, extensions: { appId: APP_ID } });
    const { authenticatorData, extensions, credentialId } = await resultOf(signIn);
    expect(extensions).toEqual({ appId: true });
    expect(credentialId).toBe(id);
    expect(Buffer.from(authenticatorData, 'base64url').subarray(0, 32)).toEqual(createHash('sha256').update(APP_ID).digest());
    const without = fixture.authenticate({ userVerification: 'discouraged', allowCredentials });
    expect(await without.outcome).toEqual({ reason: 'noCredentials' });
  });

  test('appid: a credential of the RP ID comes first, on a key with a PIN too', async () => {
    const pin = '8852';
    await fixture.plug({ pin });
    const registration = fixture.register({ userVerification: 'required' });
    await registration.state('needsPin');
    await registration.submitPin(pin);
    const credential = await verifyRegistration(registration, { userVerified: true });
    const signIn = fixture.authenticate({ allowCredentials: [{ id: credential.id }], extensions: { appId: APP_ID } });
    await signIn.state('needsPin');
    await signIn.submitPin(pin);
    await verifyAuthentication(signIn, credential, { userVerified: true });
    expect((await resultOf(signIn)).extensions).toEqual({ appId: false });
  });

  test('appid: with user verification required, the credential of the AppID does not do', async () => {
    const { key, id } = await plugWithAppIdCredential('ctap2_1');
    await fixture.keys.client.configure(key, { pin: '9012' });
    const signIn = fixture.authenticate({
      userVerification: 'required',
      allowCredentials: [{ id }],
      extensions: { appId: APP_ID },
    });
    await signIn.state('needsPin');
    await signIn.submitPin('9012');
    expect(await signIn.outcome).toEqual({ reason: 'noCredentials' });
  });

  test.each([
    ['ctap1/u2f', {}],
    ['ctap2_1', {}],
    ['ctap2_1', { appIdByU2fOnly: true }],
  ] as const)('appidExclude: a credential of the AppID on a %s key with %j', async (protocol, knobs) => {
    const { key, id } = await plugWithAppIdCredential(protocol, knobs);
    const again = fixture.register({ ...SILENT, excludeCredentials: [{ id }], extensions: { appIdExclude: APP_ID } });
    expect(await again.outcome).toEqual({ reason: 'credentialExcluded' });
    expect((await fixture.keys.client.getCredentials(key)).filter(({ rpId }) => rpId === RP_ID)).toEqual([]);
  });

  test('appid and appidExclude: a CTAP2 key that knows such credentials by U2F only', async () => {
    const { key, id } = await plugWithAppIdCredential('ctap2_1');
    await fixture.keys.client.configure(key, { refusals: [{ command: 'getAssertion', status: 0x2e }] });
    const request = { userVerification: 'discouraged', allowCredentials: [...unknownIds(1, 300), { id }] } satisfies Parameters<CeremonyFixture['authenticate']>[0];
    const signed = await resultOf(fixture.authenticate({ ...request, extensions: { appId: APP_ID } }));
    expect(signed).toMatchObject({ credentialId: id, extensions: { appId: true } });
    const again = fixture.register({ ...SILENT, excludeCredentials: [{ id }], extensions: { appIdExclude: APP_ID } });
    expect(await again.outcome).toEqual({ reason: 'credentialExcluded' });
    const unlike = fixture.authenticate({ ...request, allowCredentials: unknownIds(1), extensions: { appId: APP_ID } });
    expect(await unlike.outcome).toEqual({ reason: 'noCredentials' });
  });

  test('race with CTAP2 keys: the touched one wins', async () => {
    const old = await fixture.plug(MANUAL, 'ctap1/u2f');
    const young = await fixture.plug(MANUAL);
    for (const [touched, format] of [[old, 'fido-u2f'], [young, 'packed']] as const) {
      const registration = fixture.register(SILENT);
      await Promise.all([old, young].map((key) => fixture.keys.client.waitFor(key, 'waitingForTouch')));
      await fixture.keys.client.touch(touched);
      await verifyRegistration(registration, { userVerified: false });
      const { attestationObject } = await resultOf(registration);
      expect(Buffer.from(attestationObject, 'base64url').includes(format)).toBe(true);
    }
  });

  test('beside a key with a PIN they are selected by a touch', async () => {
    const old = await fixture.plug(MANUAL, 'ctap1/u2f');
    const young = await fixture.plug({ pin: '4455', ...MANUAL });
    const registration = fixture.register({ userVerification: 'required' });
    await Promise.all([old, young].map((key) => fixture.keys.client.waitFor(key, 'waitingForTouch')));
    await fixture.keys.client.touch(young);
    await registration.state('needsPin');
    await registration.submitPin('4455');
    await fixture.keys.client.waitFor(young, 'waitingForTouch');
    await fixture.keys.client.touch(young);
    await verifyRegistration(registration, { userVerified: true });
  });

  test('a cancel ends the wait for a touch', async () => {
    await fixture.plug(MANUAL, 'ctap1/u2f');
    const registration = fixture.register(SILENT);
    await registration.state('needsPresence');
    registration.cancel();
    expect(await registration.outcome).toEqual({ reason: 'cancelled' });
  });
});

describe('the touch of a U2F key', () => {
  test('counts even when what it made cannot be read', async () => {
    const device: Pick<Device, 'message'> = { message: () => Promise.resolve(success(Uint8Array.of(4, 0x90, 0x00))) };
    const options = { signal: new AbortController().signal, stallTimeout: 1000 };
    expect(await waitForU2fTouch(device as Device, options)).toEqual({ ok: true, value: undefined });
  });
});
