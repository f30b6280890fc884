import { describe, expect, test } from 'vitest';

import { type Bytes, concatBytes } from '../../../../../shared/bytes/bytes.ts';
import type { CborMap } from '../../../../../shared/cbor/value.ts';
import { authenticate, bytesOf, encryptFor, padPin } from '../../../support/pin-platform.ts';
import { CLIENT_DATA_HASH, parameters, parseAuthenticatorData, Platform, RP_ID, texts } from '../../../support/platform.ts';

const WITH_PERMISSIONS = { 2: 9, 9: 3, 10: RP_ID };

function keyWithPin(pin = '1234', settings: ConstructorParameters<typeof Platform>[1] = {}): Platform {
  const platform = new Platform('ctap2_1', settings);
  platform.authenticator.setPin(pin);
  return platform;
}

describe.each([1, 2] as const)('PIN/UV auth protocol %s', (number) => {
  test('sets, uses and changes a PIN', async () => {
    const platform = new Platform();
    expect(await platform.setPin('1234', number)).toBe(0);
    expect((await platform.makeCredential({}, await platform.proof('1234', {}, number))).status).toBe(0);
    expect(await platform.changePin('1234', 'größer 🔑', number)).toBe(0);
    const { map } = await platform.makeCredential({}, await platform.proof('größer 🔑', {}, number));
    expect(parseAuthenticatorData(bytesOf(map.get(2))).flags).toBe(0x45);
  });

  test('a token has 32 bytes, and a new value each time', async () => {
    const platform = keyWithPin();
    const first = await platform.requestToken(WITH_PERMISSIONS, '1234', number);
    const second = await platform.requestToken(WITH_PERMISSIONS, '1234', number);
    expect(first.token).toHaveLength(32);
    expect(second.token).not.toEqual(first.token);
  });

  test('setPIN with a wrong pinUvAuthParam is refused', async () => {
    const platform = new Platform();
    const session = await platform.session(number);
    const newPinEnc = await encryptFor(session, padPin('1234'));
    const wrong = new Uint8Array(number === 1 ? 16 : 32);
    const answer = await platform.send(6, parameters({ 1: number, 2: 3, 3: session.keyAgreement, 4: wrong, 5: newPinEnc }));
    expect(answer.status).toBe(0x33);
    expect(platform.authenticator.pinIsSet).toBe(false);
  });

  test('a shared secret of before a wrong PIN does not work any more', async () => {
    const platform = keyWithPin();
    const before = (await platform.send(6, parameters({ 1: number, 2: 2 }))).map.get(1);
    expect((await platform.requestToken(WITH_PERMISSIONS, '9999', number)).status).toBe(0x31);
    expect((await platform.send(6, parameters({ 1: number, 2: 2 }))).map.get(1)).not.toEqual(before);
  });
});

describe('PIN rules', () => {
  test.each([
    ['too short', '123', 0x37],
    ['four code points', '😀😀😀😀', 0],
    ['three code points of many bytes', '😀😀😀', 0x37],
    ['63 bytes', 'x'.repeat(63), 0],
    ['64 bytes', 'x'.repeat(64), 0x37],
  ])('%s', async (_name, pin, expected) => {
    expect(await new Platform().setPin(pin)).toBe(expected);
  });

  test('the minimum length is a knob', async () => {
    const platform = new Platform('ctap2_1', { minPinLength: 6 });
    expect(await platform.setPin('12345')).toBe(0x37);
    expect(await platform.setPin('123456')).toBe(0);
  });

  test('setPIN is for a key without a PIN only', async () => {
    const platform = keyWithPin();
    expect(await platform.setPin('5678')).toBe(0x33);
    expect((await platform.requestToken(WITH_PERMISSIONS, '1234')).status).toBe(0);
  });

  test('a padding of another length is an invalid parameter', async () => {
    const platform = new Platform();
    const session = await platform.session(2);
    const newPinEnc = await encryptFor(session, padPin('1234').slice(0, 32));
    const param = await authenticate(2, session.hmacKey, newPinEnc);
    const answer = await platform.send(6, parameters({ 1: 2, 2: 3, 3: session.keyAgreement, 4: param, 5: newPinEnc }));
    expect(answer.status).toBe(0x02);
  });

  test('a forced change: no token before, another PIN demanded', async () => {
    const platform = keyWithPin('1234', { forcePinChange: true });
    expect((await platform.requestToken(WITH_PERMISSIONS, '1234')).status).toBe(0x37);
    expect((await platform.requestToken({ 2: 5 }, '1234')).status).toBe(0x37);
    expect(await platform.changePin('1234', '1234')).toBe(0x37);
    expect(await platform.changePin('1234', '5678')).toBe(0);
    expect((await platform.send(4)).map.get(12)).toBe(false);
    expect((await platform.requestToken(WITH_PERMISSIONS, '5678')).status).toBe(0);
  });
});

describe('PIN counters', () => {
  test('wrong, wrong, locked until a power cycle; the right PIN restores the count', async () => {
    const platform = keyWithPin();
    const statuses: number[] = [];
    for (const pin of ['0000', '1111', '2222', '1234']) {
      statuses.push((await platform.requestToken(WITH_PERMISSIONS, pin)).status);
    }
    expect(statuses).toEqual([0x31, 0x31, 0x34, 0x34]);
    expect(await platform.pinRetries()).toBe(5);
    expect((await platform.send(6, parameters({ 1: 1, 2: 1 }))).map.get(4)).toBe(true);
    platform.authenticator.powerCycle();
    expect((await platform.requestToken(WITH_PERMISSIONS, '1234')).status).toBe(0);
    expect(await platform.pinRetries()).toBe(8);
  });

  test('eight wrong PINs block for good', async () => {
    const platform = keyWithPin();
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      if (attempt === 3 || attempt === 6) platform.authenticator.powerCycle();
      statuses.push((await platform.requestToken(WITH_PERMISSIONS, '0000')).status);
    }
    expect(statuses).toEqual([0x31, 0x31, 0x34, 0x31, 0x31, 0x34, 0x31, 0x32]);
    platform.authenticator.powerCycle();
    expect((await platform.requestToken(WITH_PERMISSIONS, '1234')).status).toBe(0x32);
    expect(await platform.changePin('1234', '5678')).toBe(0x32);
    expect(await platform.pinRetries()).toBe(0);
  });

  test('changePIN counts too', async () => {
    const platform = keyWithPin();
    expect(await platform.changePin('0000', '5678')).toBe(0x31);
    expect(await platform.pinRetries()).toBe(7);
  });

  test('a request that is not understood costs no try', async () => {
    const platform = keyWithPin();
    const session = await platform.session(2);
    const missing = await platform.send(6, parameters({ 1: 2, 2: 9, 3: session.keyAgreement, 9: 3, 10: RP_ID }));
    expect(missing.status).toBe(0x14);
    expect(await platform.pinRetries()).toBe(8);
  });

  test('without a PIN there is no token', async () => {
    expect((await new Platform().requestToken(WITH_PERMISSIONS, '1234')).status).toBe(0x35);
  });
});

describe('permissions', () => {
  test('a touch spends the token', async () => {
    const platform = keyWithPin();
    const proof = await platform.proof('1234');
    expect((await platform.makeCredential({}, proof)).status).toBe(0);
    expect((await platform.makeCredential({}, proof)).status).toBe(0x33);
  });

  test('an assertion without presence does not', async () => {
    const platform = keyWithPin();
    const id = await platform.register();
    const proof = await platform.proof('1234');
    const silent = { 3: [texts({ id, type: 'public-key' })], 5: texts({ up: false }) };
    expect((await platform.getAssertion(silent, proof)).status).toBe(0);
    const second = await platform.getAssertion(silent, proof);
    expect(parseAuthenticatorData(bytesOf(second.map.get(2))).flags).toBe(0x04);
  });

  test('a token is for what it was asked for', async () => {
    const platform = keyWithPin();
    const forAssertion = await platform.proof('1234', { 9: 2 });
    expect((await platform.makeCredential({}, forAssertion)).status).toBe(0x33);
    const elsewhere = await platform.proof('1234', { 10: 'other.example' });
    expect((await platform.makeCredential({}, elsewhere)).status).toBe(0x33);
  });

  test('a token of getPinToken is bound to the first Relying Party that uses it', async () => {
    const platform = keyWithPin();
    await platform.register({ 2: texts({ id: 'other.example' }) });
    const id = await platform.register();
    const { token } = await platform.requestToken({ 2: 5 }, '1234');
    const proof = { param: await authenticate(2, token, CLIENT_DATA_HASH), protocol: 2 };
    const silent = { 3: [texts({ id, type: 'public-key' })], 5: texts({ up: false }) };
    expect((await platform.getAssertion(silent, proof)).status).toBe(0);
    expect((await platform.getAssertion({ ...silent, 1: 'other.example' }, proof)).status).toBe(0x33);
  });

  test('a token dies unused after 30 seconds, and after 10 minutes in any case', async () => {
    const platform = keyWithPin();
    const id = await platform.register();
    const silent = { 3: [texts({ id, type: 'public-key' })], 5: texts({ up: false }) };
    const unused = await platform.proof('1234');
    platform.environment.advance(30_001);
    expect((await platform.getAssertion(silent, unused)).status).toBe(0x33);
    const used = await platform.proof('1234');
    expect((await platform.getAssertion(silent, used)).status).toBe(0);
    platform.environment.advance(599_000);
    expect((await platform.getAssertion(silent, used)).status).toBe(0);
    platform.environment.advance(2000);
    expect((await platform.getAssertion(silent, used)).status).toBe(0x33);
  });

  test('a power cycle ends every token', async () => {
    const platform = keyWithPin();
    const proof = await platform.proof('1234');
    platform.authenticator.powerCycle();
    expect((await platform.makeCredential({}, proof)).status).toBe(0x33);
  });

  test.each([
    ['none', { 9: 0 }, 0x02],
    ['missing', { 9: undefined }, 0x14],
    ['unknown ones', { 9: 0x81 }, 0x40],
    ['without an RP ID', { 10: undefined }, 0x14],
    ['unknown protocol', { 1: 3 }, 0x02],
    ['no protocol', { 1: undefined }, 0x14],
    ['key agreement missing', { 3: undefined }, 0x14],
    ['key agreement not on the curve', { 3: coseKey(new Uint8Array(32).fill(1)) }, 0x02],
    ['key agreement of another algorithm', { 3: coseKey(new Uint8Array(32).fill(1), -7) }, 0x02],
  ])('refused permissions or parameters: %s', async (_name, changes, expected) => {
    const platform = keyWithPin();
    expect((await platform.requestToken({ ...WITH_PERMISSIONS, ...changes }, '1234')).status).toBe(expected);
    expect(await platform.pinRetries()).toBe(8);
  });

  test('getPinToken takes no permissions', async () => {
    expect((await keyWithPin().requestToken({ 2: 5, 9: 3 }, '1234')).status).toBe(0x02);
  });

  test('noMcGaPermissionsWithClientPin', async () => {
    const platform = keyWithPin('1234', { noMcGaPermissionsWithClientPin: true });
    expect((await platform.requestToken(WITH_PERMISSIONS, '1234')).status).toBe(0x40);
  });

  test('an unknown subcommand', async () => {
    expect((await keyWithPin().send(6, parameters({ 1: 2, 2: 8 }))).status).toBe(0x3e);
    expect((await keyWithPin().send(6, parameters({ 1: 2 }))).status).toBe(0x14);
  });
});

describe('built-in user verification', () => {
  const sensor = { builtInUv: true, clientPin: false };

  test('gives a token that carries presence: one touch for all', async () => {
    const platform = new Platform('ctap2_1', sensor);
    const { token } = await platform.requestToken({ ...WITH_PERMISSIONS, 2: 6 }, undefined);
    expect(platform.keepalives).toEqual(['userPresenceNeeded', 'processing']);
    platform.authenticator.configure({ touch: { mode: 'never' } });
    const answer = await platform.makeCredential({}, { param: await authenticate(2, token, CLIENT_DATA_HASH), protocol: 2 });
    expect(parseAuthenticatorData(bytesOf(answer.map.get(2))).flags).toBe(0x45);
  });

  test('fails until it is blocked; the right finger restores the count before that', async () => {
    const platform = new Platform('ctap2_1', { ...sensor, userVerified: false });
    const attempt = async (): Promise<number> => (await platform.requestToken({ ...WITH_PERMISSIONS, 2: 6 }, undefined)).status;
    expect(await attempt()).toBe(0x3f);
    expect((await platform.send(6, parameters({ 2: 7 }))).map.get(5)).toBe(2);
    expect(await attempt()).toBe(0x3f);
    expect(await attempt()).toBe(0x3c);
    expect(await attempt()).toBe(0x3c);
    platform.authenticator.configure({ userVerified: true });
    expect(await attempt()).toBe(0);
  });

  test('the right PIN restores the tries of the sensor', async () => {
    const platform = new Platform('ctap2_1', { builtInUv: true, userVerified: false });
    platform.authenticator.setPin('1234');
    await platform.requestToken({ ...WITH_PERMISSIONS, 2: 6 }, undefined);
    await platform.proof('1234');
    expect(platform.authenticator.uvRetries).toBe(3);
  });

  test('no sensor, no token; no PIN, no PIN subcommands', async () => {
    expect((await keyWithPin().requestToken({ ...WITH_PERMISSIONS, 2: 6 }, undefined)).status).toBe(0x30);
    expect((await new Platform('ctap2_1', sensor).send(6, parameters({ 2: 1 }))).status).toBe(0x3e);
  });
});

describe('CTAP 2.0', () => {
  test('one token for everything, which a touch does not spend', async () => {
    const platform = new Platform('ctap2');
    platform.authenticator.setPin('1234');
    const { token } = await platform.requestToken({ 2: 5 }, '1234', 1);
    const proof = { param: await authenticate(1, token, CLIENT_DATA_HASH), protocol: 1 };
    for (const rpId of [RP_ID, 'other.example']) {
      const { status, map } = await platform.makeCredential({ 2: texts({ id: rpId }) }, proof);
      expect(status).toBe(0);
      expect(parseAuthenticatorData(bytesOf(map.get(2))).flags).toBe(0x45);
    }
  });

  test('has no later subcommands and no second protocol', async () => {
    const platform = new Platform('ctap2');
    platform.authenticator.setPin('1234');
    expect((await platform.requestToken(WITH_PERMISSIONS, '1234', 1)).status).toBe(0x3e);
    expect((await platform.send(6, parameters({ 1: 2, 2: 2 }))).status).toBe(0x02);
  });
});

test('the PIN is nowhere in what the key tells of itself', async () => {
  const platform = new Platform();
  await platform.setPin('24681357');
  await platform.proof('24681357');
  expect(JSON.stringify(platform.authenticator.log.entries)).not.toContain('24681357');
  expect(platform.authenticator.log.entries.map(({ command }) => command)).toEqual([
    'clientPin.getKeyAgreement',
    'clientPin.setPin',
    'clientPin.getKeyAgreement',
    'clientPin.getPinUvAuthTokenUsingPin',
  ]);
});

function coseKey(coordinate: Bytes, algorithm = -25): CborMap {
  return new Map<number, number | Bytes>([
    [1, 2],
    [3, algorithm],
    [-1, 1],
    [-2, coordinate],
    [-3, concatBytes(coordinate)],
  ]);
}
