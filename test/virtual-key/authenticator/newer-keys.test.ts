import { createDecipheriv, hkdfSync } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { type Bytes, concatBytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborMap } from '../../../shared/cbor/value.ts';
import { bytesOf } from '../support/pin-platform.ts';
import { configure, tokenFor } from '../support/management.ts';
import { CLIENT_DATA_HASH, parameters, Platform, RP_ID, texts } from '../support/platform.ts';

const PIN = '1234';
const PCMR = 0x40;
const ACFG = 0x20;

async function infoOf(platform: Platform): Promise<CborMap> {
  return (await platform.send(4)).map;
}

/** Opens a member of getInfo as the holder of the persistent token does. */
function open(encrypted: Bytes, token: Bytes, name: string): string {
  const key = new Uint8Array(hkdfSync('sha256', token, new Uint8Array(32), encodeUtf8(name), 16));
  const decipher = createDecipheriv('aes-128-cbc', key, encrypted.slice(0, 16)).setAutoPadding(false);
  return decipher.update(encrypted.slice(16)).toString('hex') + decipher.final().toString('hex');
}

describe('getInfo', () => {
  test.each([
    ['ctap2_2', ['U2F_V2', 'FIDO_2_0', 'FIDO_2_1', 'FIDO_2_2'], [22, 24, 25, 27, 29]],
    ['ctap2_3', ['U2F_V2', 'FIDO_2_0', 'FIDO_2_1', 'FIDO_2_2', 'FIDO_2_3'], [22, 24, 25, 27, 29, 30, 31]],
  ] as const)('%s tells its version and members', async (protocol, versions, members) => {
    const info = await infoOf(new Platform(protocol));
    expect(info.get(1)).toEqual(versions);
    expect([...info.keys()].filter((key) => Number(key) > 21)).toEqual(members);
    expect(info.get(2)).toEqual(['credProtect', 'hmac-secret', 'hmac-secret-mc']);
  });

  test('a key with a sensor counts its uses until the PIN is entered', async () => {
    const platform = new Platform('ctap2_2', { builtInUv: true });
    platform.authenticator.setPin(PIN);
    expect((await infoOf(platform)).get(23)).toBe(0);
    await platform.requestToken({ 2: 6, 9: 2, 10: RP_ID }, undefined);
    expect((await infoOf(platform)).get(23)).toBe(1);
    await platform.proof(PIN);
    expect((await infoOf(platform)).get(23)).toBe(0);
  });

  test('encIdentifier and encCredStoreState are for the holder of the persistent token', async () => {
    const platform = new Platform('ctap2_3');
    platform.authenticator.setPin(PIN);
    const { token } = await platform.requestToken({ 2: 9, 9: PCMR }, PIN);
    const read = async (): Promise<readonly [string, string, string]> => {
      const info = await infoOf(platform);
      const identifier = bytesOf(info.get(25));
      return [open(identifier, token, 'encIdentifier'), open(bytesOf(info.get(30)), token, 'encCredStoreState'), identifier.join()];
    };
    const [first, second] = [await read(), await read()];
    expect(second[0]).toBe(first[0]);
    expect(second[1]).toBe(first[1]);
    expect(second[2]).not.toBe(first[2]);
    await platform.register({ 7: texts({ rk: true }) }, await platform.proof(PIN));
    const third = await read();
    expect(third[0]).toBe(first[0]);
    expect(third[1]).not.toBe(first[1]);
  });

  test('unknown members are well-formed', async () => {
    const info = await infoOf(new Platform('ctap2_1', { unknownInfo: true }));
    expect(info.get(0x1_0000)).toBe('unheard of');
    expect(info.get(1)).toContain('FIDO_3_0');
  });
});

test('attestationFormatsPreference: the first format that the key knows', async () => {
  const platform = new Platform('ctap2_2');
  const formatFor = async (preference: readonly string[]): Promise<unknown> =>
    (await platform.makeCredential({ 11: preference })).map.get(1);
  expect(await formatFor([])).toBe('packed');
  expect(await formatFor(['tpm', 'none', 'packed'])).toBe('none');
  expect(await formatFor(['packed', 'none'])).toBe('packed');
  expect((await new Platform('ctap2_1').makeCredential({ 11: ['none'] })).map.get(1)).toBe('packed');
});

describe('PIN rules', () => {
  test('a longest PIN, and none of one character only', async () => {
    const platform = new Platform('ctap2_2', { maxPinLength: 6, pinComplexityPolicy: true });
    expect(await platform.setPin('1234567')).toBe(0x37);
    expect(await platform.setPin('7777')).toBe(0x37);
    expect(await platform.setPin('123456')).toBe(0);
  });

  test('the policy is switched on with the minimum length, forces a change, and a reset switches it off', async () => {
    const platform = new Platform('ctap2_2');
    platform.authenticator.setPin('7777');
    const token = await tokenFor(platform, '7777', ACFG);
    expect((await configure(platform, token, 3, { 4: true })).status).toBe(0);
    expect((await infoOf(platform)).get(27)).toBe(true);
    expect((await infoOf(platform)).get(12)).toBe(true);
    expect(await platform.changePin('7777', '8888')).toBe(0x37);
    expect(await platform.changePin('7777', '8889')).toBe(0);
    await platform.send(7);
    expect((await infoOf(platform)).get(27)).toBe(false);
    const older = new Platform('ctap2_1');
    expect((await configure(older, undefined, 3, { 4: true })).status).toBe(0x02);
  });
});

describe('reset', () => {
  test('a key that takes it over NFC only refuses it over USB', async () => {
    const platform = new Platform('ctap2_2', { transportsForReset: ['nfc'] });
    expect((await infoOf(platform)).get(26)).toEqual(['nfc']);
    expect((await platform.send(7)).status).toBe(0x30);
    platform.authenticator.configure({ transportsForReset: ['usb'] });
    expect((await platform.send(7)).status).toBe(0);
  });

  test('CTAP 2.3 switches the long touch on', async () => {
    const platform = new Platform('ctap2_3');
    expect((await infoOf(platform)).get(31)).toEqual([1, 2, 3, 4]);
    expect((await configure(platform, undefined, 4)).status).toBe(0);
    expect((await infoOf(platform)).get(24)).toBe(true);
    expect((await configure(new Platform('ctap2_2'), undefined, 4)).status).toBe(0x02);
  });
});

describe('oddities', () => {
  test('refusals count, and tell silent requests from others', async () => {
    const platform = new Platform('ctap2_1', {
      refusals: [
        { command: 'getAssertion', status: 0x36, times: 1, silent: false },
        { command: 'getAssertion', status: 0x22, silent: true },
        { command: 'clientPin.getKeyAgreement', status: 0xf3, times: 2 },
      ],
    });
    const silent = { 5: texts({ up: false }) };
    expect((await platform.getAssertion(silent)).status).toBe(0x22);
    expect((await platform.getAssertion()).status).toBe(0x36);
    expect((await platform.getAssertion()).status).toBe(0x2e);
    expect((await platform.getAssertion(silent)).status).toBe(0x22);
    const agree = async (): Promise<number> => (await platform.send(6, parameters({ 1: 2, 2: 2 }))).status;
    expect([await agree(), await agree(), await agree()]).toEqual([0xf3, 0xf3, 0]);
  });

  test('names are cut by bytes', async () => {
    const platform = new Platform('ctap2_1', { cutNames: 4 });
    platform.authenticator.setPin(PIN);
    for (const id of [1, 2]) {
      await platform.register({ 3: texts({ id: Uint8Array.of(id), name: 'abc€', displayName: 'ab' }), 7: texts({ rk: true }) }, await platform.proof(PIN));
    }
    const proof = await platform.proof(PIN);
    const request = encodeCbor(parameters({ 1: RP_ID, 2: CLIENT_DATA_HASH, 6: proof.param, 7: proof.protocol }));
    const encoded = await platform.raw(concatBytes(Uint8Array.of(2), request));
    const text = Buffer.from(encoded).toString('latin1');
    expect(text).toContain('dnamedabc\u00e2');
    expect(text).toContain('kdisplayNamebab');
  });

  test('user and number of credentials can be left out', async () => {
    const platform = new Platform('ctap2_1', { omitUser: true, omitNumberOfCredentials: true });
    for (const id of [1, 2]) await platform.register({ 3: texts({ id: Uint8Array.of(id) }), 7: texts({ rk: true }) });
    expect([...(await platform.getAssertion()).map.keys()]).toEqual([1, 2, 3]);
  });
});
