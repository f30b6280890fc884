import { describe, expect, test } from 'vitest';

import { encodeUtf8 } from '../../../../shared/bytes/bytes.ts';
import type { CborMap } from '../../../../shared/cbor/value.ts';
import { bytesOf, sha256 } from '../../support/pin-platform.ts';
import { parseAuthenticatorData, Platform, RP_ID, signatureFits, texts } from '../../support/platform.ts';
import { DEFAULT_AAGUID } from '../settings.ts';

const RESIDENT = { 7: texts({ rk: true }) };

describe('makeCredential', () => {
  test('makes a credential with presence and self attestation', async () => {
    const platform = new Platform();
    const { status, map } = await platform.makeCredential();
    expect(status).toBe(0);
    const authenticatorData = bytesOf(map.get(2));
    const parsed = parseAuthenticatorData(authenticatorData);
    expect(parsed.rpIdHash).toEqual(await sha256(encodeUtf8(RP_ID)));
    expect(parsed.flags).toBe(0x41);
    expect(parsed.aaguid).toEqual(DEFAULT_AAGUID);
    expect(parsed.credentialId).toHaveLength(32);
    expect(map.get(1)).toBe('packed');
    const attStmt = map.get(3) as CborMap;
    expect(attStmt.get('alg')).toBe(-7);
    expect(signatureFits(parsed.publicKey, authenticatorData, bytesOf(attStmt.get('sig')))).toBe(true);
    expect(platform.keepalives).toEqual(['userPresenceNeeded', 'processing']);
  });

  test('a touch is waited for', async () => {
    const platform = new Platform('ctap2_1', { touch: { mode: 'manual' } });
    const answer = platform.makeCredential();
    await platform.blinking();
    expect(platform.authenticator.touch()).toBe(true);
    expect((await answer).status).toBe(0);
    expect(platform.authenticator.waitingForTouch).toBe(false);
  });

  test('a touch after a delay', async () => {
    const platform = new Platform('ctap2_1', { touch: { mode: 'delay', ms: 500 } });
    const answer = platform.makeCredential();
    await platform.blinking();
    platform.environment.advance(499);
    expect(platform.authenticator.waitingForTouch).toBe(true);
    platform.environment.advance(1);
    expect((await answer).status).toBe(0);
  });

  test.each([
    ['ctap2_1', undefined, 0x27],
    ['ctap2', undefined, 0x2f],
    ['ctap2_1', 0x3a, 0x3a],
  ] as const)('nobody touches: %s, status set to %s', async (protocol, presenceTimeoutStatus, expected) => {
    const platform = new Platform(protocol, { touch: { mode: 'never' }, presenceTimeoutStatus });
    const answer = platform.makeCredential();
    await platform.blinking();
    platform.environment.advance(30_000);
    expect((await answer).status).toBe(expected);
    expect(platform.authenticator.store.all).toHaveLength(0);
  });

  test('cancel ends the wait', async () => {
    const platform = new Platform('ctap2_1', { touch: { mode: 'never' } });
    const answer = platform.makeCredential();
    await platform.blinking();
    platform.abort.abort();
    expect((await answer).status).toBe(0x2d);
  });

  test('an empty pinUvAuthParam gets a touch and tells whether there is a PIN', async () => {
    const platform = new Platform('ctap2_1', { touch: { mode: 'manual' } });
    const first = platform.makeCredential({ 8: new Uint8Array() });
    await platform.blinking();
    platform.authenticator.touch();
    expect((await first).status).toBe(0x35);
    platform.authenticator.setPin('1234');
    const second = platform.makeCredential({ 8: new Uint8Array(), 9: 1 });
    await platform.blinking();
    platform.authenticator.touch();
    expect((await second).status).toBe(0x31);
  });

  test.each([
    ['clientDataHash missing', { 1: undefined }, 0x14],
    ['clientDataHash of another length', { 1: new Uint8Array(31) }, 0x03],
    ['clientDataHash no bytes', { 1: 'text' }, 0x11],
    ['rp missing', { 2: undefined }, 0x14],
    ['rp without id', { 2: texts({ name: 'x' }) }, 0x14],
    ['user missing', { 3: undefined }, 0x14],
    ['user id no bytes', { 3: texts({ id: 'x' }) }, 0x11],
    ['user id too long', { 3: texts({ id: new Uint8Array(65) }) }, 0x03],
    ['pubKeyCredParams missing', { 4: undefined }, 0x14],
    ['pubKeyCredParams of numbers', { 4: [1] }, 0x11],
    ['pubKeyCredParams without alg', { 4: [texts({ type: 'public-key' })] }, 0x14],
    ['no known algorithm', { 4: [texts({ alg: -257, type: 'public-key' })] }, 0x26],
    ['no known type', { 4: [texts({ alg: -7, type: 'other' })] }, 0x26],
    ['up false', { 7: texts({ up: false }) }, 0x2c],
    ['uv without a sensor', { 7: texts({ uv: true }) }, 0x2c],
    ['rk no boolean', { 7: texts({ rk: 1 }) }, 0x11],
    ['param without protocol', { 8: new Uint8Array(16) }, 0x14],
    ['unknown protocol', { 8: new Uint8Array(16), 9: 3 }, 0x02],
    ['enterprise attestation', { 10: 1 }, 0x02],
    ['exclude list entry without id', { 5: [texts({ type: 'public-key' })] }, 0x14],
    ['exclude list too long', { 5: Array.from({ length: 9 }, () => texts({ type: 'public-key', id: new Uint8Array(16) })) }, 0x39],
    ['exclude list id too long', { 5: [texts({ type: 'public-key', id: new Uint8Array(129) })] }, 0x15],
  ])('%s', async (_name, changes, expected) => {
    const platform = new Platform();
    expect((await platform.makeCredential(changes)).status).toBe(expected);
    expect(platform.keepalives).toEqual([]);
  });

  test('unknown options and members are ignored', async () => {
    const answer = await new Platform().makeCredential({ 7: texts({ unheardOf: true }), 99: 'x' });
    expect(answer.status).toBe(0);
  });

  test('takes the first algorithm that it knows, in the platform’s order', async () => {
    const platform = new Platform('ctap2_1', { algorithms: [-7, -8] });
    const { map } = await platform.makeCredential({ 4: [-257, -8, -7].map((alg) => texts({ alg, type: 'public-key' })) });
    const authenticatorData = bytesOf(map.get(2));
    const { publicKey } = parseAuthenticatorData(authenticatorData);
    expect(publicKey.get(3)).toBe(-8);
    expect(signatureFits(publicKey, authenticatorData, bytesOf((map.get(3) as CborMap).get('sig')))).toBe(true);
  });

  test('an excluded credential is told after a touch only', async () => {
    const platform = new Platform();
    const id = await platform.register();
    platform.authenticator.configure({ touch: { mode: 'manual' } });
    const excludeList = { 5: [texts({ id: new Uint8Array(32), type: 'public-key' }), texts({ id, type: 'public-key' })] };
    const answer = platform.makeCredential(excludeList);
    await platform.blinking();
    platform.authenticator.touch();
    expect((await answer).status).toBe(0x19);
    expect(platform.authenticator.store.all).toHaveLength(1);
  });

  test('an excluded credential of another Relying Party does not count', async () => {
    const platform = new Platform();
    const id = await platform.register({ 2: texts({ id: 'other.example' }) });
    expect((await platform.makeCredential({ 5: [texts({ id, type: 'public-key' })] })).status).toBe(0);
  });

  test('an excluded credential at credProtect level 3 shows itself to verified users only', async () => {
    const platform = new Platform();
    platform.authenticator.setPin('1234');
    const id = await platform.register({ 6: texts({ credProtect: 3 }) });
    const excludeList = { 5: [texts({ id, type: 'public-key' })] };
    expect((await platform.makeCredential(excludeList, await platform.proof('1234'))).status).toBe(0x19);
    expect((await platform.makeCredential(excludeList)).status).toBe(0);
  });

  test('a PIN is demanded for a discoverable credential, and for any without makeCredUvNotRqd', async () => {
    const platform = new Platform();
    platform.authenticator.setPin('1234');
    expect((await platform.makeCredential()).status).toBe(0);
    expect((await platform.makeCredential(RESIDENT)).status).toBe(0x36);
    platform.authenticator.configure({ makeCredUvNotRqd: false });
    expect((await platform.makeCredential()).status).toBe(0x36);
    expect((await platform.makeCredential(RESIDENT, await platform.proof('1234'))).status).toBe(0);
  });

  test('alwaysUv demands a PIN, set or not', async () => {
    const platform = new Platform('ctap2_1', { alwaysUv: true });
    expect((await platform.makeCredential()).status).toBe(0x36);
    platform.authenticator.setPin('1234');
    expect((await platform.makeCredential()).status).toBe(0x36);
    expect((await platform.makeCredential({}, await platform.proof('1234'))).status).toBe(0);
  });

  test('alwaysUv uses the built-in verification by itself', async () => {
    const platform = new Platform('ctap2_1', { alwaysUv: true, builtInUv: true });
    const { map } = await platform.makeCredential();
    expect(parseAuthenticatorData(bytesOf(map.get(2))).flags).toBe(0x45);
  });

  test('a CTAP 2.0 key with a PIN demands it always', async () => {
    const platform = new Platform('ctap2');
    platform.authenticator.setPin('1234');
    expect((await platform.makeCredential()).status).toBe(0x36);
    const { token } = await platform.requestToken({ 2: 5 }, '1234', 1);
    expect(token).toHaveLength(16);
  });

  test('uv by the built-in verification, good and bad', async () => {
    const platform = new Platform('ctap2_1', { builtInUv: true });
    const good = await platform.makeCredential({ 7: texts({ uv: true, rk: true }) });
    expect(parseAuthenticatorData(bytesOf(good.map.get(2))).flags).toBe(0x45);
    // One touch of the sensor is all that the user did.
    expect(platform.keepalives).toEqual(['userPresenceNeeded', 'processing']);
    platform.authenticator.configure({ userVerified: false });
    expect((await platform.makeCredential({ 7: texts({ uv: true }) })).status).toBe(0x27);
    platform.authenticator.setPin('1234');
    expect((await platform.makeCredential({ 7: texts({ uv: true }) })).status).toBe(0x36);
    expect(platform.authenticator.uvRetries).toBe(1);
  });

  test('the same account again replaces its discoverable credential', async () => {
    const platform = new Platform();
    await platform.register(RESIDENT);
    const second = await platform.register(RESIDENT);
    expect(platform.authenticator.store.all.map(({ id }) => id)).toEqual([second]);
  });

  test('the key store can be full', async () => {
    const platform = new Platform('ctap2_1', { maxDiscoverableCredentials: 1 });
    await platform.register(RESIDENT);
    const other = { ...RESIDENT, 3: texts({ id: encodeUtf8('user-2') }) };
    expect((await platform.makeCredential(other)).status).toBe(0x28);
    expect((await platform.makeCredential(RESIDENT)).status).toBe(0);
    expect((await platform.makeCredential({ 3: texts({ id: encodeUtf8('user-3') }) })).status).toBe(0);
  });

  test('a key without discoverable credentials says so', async () => {
    expect((await new Platform('ctap2_1', { residentKeys: false }).makeCredential(RESIDENT)).status).toBe(0x2b);
  });

  test('the same randomness gives the same credential', async () => {
    expect(await new Platform().register()).toEqual(await new Platform().register());
  });
});
