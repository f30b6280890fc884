import { describe, expect, test } from 'vitest';

import { configure, tokenFor } from '../../../support/management.ts';
import { Platform } from '../../../support/platform.ts';

const ACFG = 0x20;
const PIN = '123456';

async function keyWithPin(settings: ConstructorParameters<typeof Platform>[1] = {}): Promise<Platform> {
  const platform = new Platform('ctap2_1', settings);
  expect(await platform.setPin(PIN)).toBe(0);
  return platform;
}

async function info(platform: Platform): Promise<{ readonly options: Record<string, unknown>; readonly members: Record<number, unknown> }> {
  const { map } = await platform.send(4);
  return { options: Object.fromEntries(map.get(4) as ReadonlyMap<string, unknown>), members: Object.fromEntries(map) as Record<number, unknown> };
}

test('alwaysUv is switched on and off', async () => {
  const platform = await keyWithPin();
  const token = await tokenFor(platform, PIN, ACFG);
  expect((await configure(platform, token, 2)).status).toBe(0);
  expect((await info(platform)).options).toMatchObject({ alwaysUv: true, makeCredUvNotRqd: false });
  expect((await configure(platform, token, 2)).status).toBe(0);
  expect((await info(platform)).options).toMatchObject({ alwaysUv: false, makeCredUvNotRqd: true });
});

describe('minimum PIN length', () => {
  test('grows and never shrinks; a shorter PIN must be changed', async () => {
    const platform = await keyWithPin();
    const token = await tokenFor(platform, PIN, ACFG);
    expect((await configure(platform, token, 3, { 1: 6 })).status).toBe(0);
    expect((await info(platform)).members).toMatchObject({ 12: false, 13: 6 });
    expect((await configure(platform, token, 3, { 1: 5 })).status).toBe(0x37);
    expect((await configure(platform, token, 3, { 1: 64 })).status).toBe(0x37);
    expect((await configure(platform, token, 3, { 1: 8 })).status).toBe(0);
    expect((await info(platform)).members).toMatchObject({ 12: true, 13: 8 });
    expect((await platform.requestToken({ 2: 9, 9: ACFG }, PIN)).status).toBe(0x37);
    expect(await platform.changePin(PIN, '12345678')).toBe(0);
    expect((await info(platform)).members).toMatchObject({ 12: false });
  });

  test('forces a change', async () => {
    const platform = await keyWithPin();
    expect((await configure(platform, await tokenFor(platform, PIN, ACFG), 3, { 3: true })).status).toBe(0);
    expect((await info(platform)).members).toMatchObject({ 12: true, 13: 4 });
    expect((await configure(new Platform(), undefined, 3, { 3: true })).status).toBe(0x35);
  });

  test('takes RP IDs with the extension only, and so many', async () => {
    const platform = await keyWithPin({ extensions: ['minPinLength'] });
    const token = await tokenFor(platform, PIN, ACFG);
    expect((await configure(platform, token, 3, { 2: ['example.org'] })).status).toBe(0);
    expect(platform.authenticator.settings.minPinLengthRpIds).toEqual(['example.org']);
    expect((await configure(platform, token, 3, { 2: ['a', 'b', 'c', 'd', 'e'] })).status).toBe(0x28);
    const without = await keyWithPin();
    expect((await configure(without, await tokenFor(without, PIN, ACFG), 3, { 2: ['a'] })).status).toBe(0x02);
  });
});

describe('enterprise attestation', () => {
  test('is enabled where the key has it, and used then', async () => {
    const platform = await keyWithPin({ enterpriseAttestation: false });
    expect((await platform.makeCredential({ 10: 2 }, await platform.proof(PIN))).status).toBe(0x02);
    expect((await configure(platform, await tokenFor(platform, PIN, ACFG), 1)).status).toBe(0);
    expect((await info(platform)).options).toMatchObject({ ep: true });
    expect((await platform.makeCredential({ 10: 2 }, await platform.proof(PIN))).map.get(4)).toBe(true);
    expect((await platform.makeCredential({ 10: 1 }, await platform.proof(PIN))).map.has(4)).toBe(false);
  });

  test('is unknown to other keys', async () => {
    const platform = await keyWithPin();
    expect((await configure(platform, await tokenFor(platform, PIN, ACFG), 1)).status).toBe(0x02);
  });
});

describe('who may', () => {
  test('only a token with the permission, once the key is protected', async () => {
    const platform = await keyWithPin();
    expect((await configure(platform, undefined, 2)).status).toBe(0x36);
    expect((await configure(platform, await tokenFor(platform, PIN, 0x04), 2)).status).toBe(0x33);
  });

  test('anybody on a key without PIN and fingerprint', async () => {
    const platform = new Platform();
    expect((await configure(platform, undefined, 2)).status).toBe(0);
    expect((await configure(platform, undefined, 3, { 1: 8 })).status).toBe(0x36);
    expect((await configure(platform, undefined, 2)).status).toBe(0);
  });

  test('nobody where the command is unknown', async () => {
    expect((await configure(new Platform('ctap2_1', { config: false }), undefined, 2)).status).toBe(0x01);
    expect((await configure(new Platform(), undefined, 9)).status).toBe(0x02);
  });
});

test('reset restores what the key was made with', async () => {
  const platform = await keyWithPin({ enterpriseAttestation: false, minPinLength: 5 });
  const token = await tokenFor(platform, PIN, ACFG);
  await configure(platform, token, 3, { 1: 9 });
  await configure(platform, token, 1);
  await configure(platform, token, 2);
  expect((await platform.send(7)).status).toBe(0);
  const { options, members } = await info(platform);
  expect(options).toMatchObject({ ep: false, alwaysUv: false, clientPin: false });
  expect(members).toMatchObject({ 12: false, 13: 5 });
});
