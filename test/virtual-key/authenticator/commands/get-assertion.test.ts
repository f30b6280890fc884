import { describe, expect, test } from 'vitest';

import { type Bytes, encodeUtf8 } from '../../../../shared/bytes/bytes.ts';
import type { CborMap } from '../../../../shared/cbor/value.ts';
import { bytesOf } from '../../support/pin-platform.ts';
import { type Answer, parseAuthenticatorData, Platform, signatureFits, texts } from '../../support/platform.ts';

const RESIDENT = { 7: texts({ rk: true }) };

function allow(...ids: readonly Bytes[]): { readonly 3: readonly CborMap[] } {
  return { 3: ids.map((id) => texts({ id, type: 'public-key' })) };
}

function account(name: string): { readonly 3: CborMap; readonly 7: CborMap } {
  return { ...RESIDENT, 3: texts({ id: encodeUtf8(name), name, displayName: name.toUpperCase() }) };
}

function flagsOf({ map }: Answer): number {
  return parseAuthenticatorData(bytesOf(map.get(2))).flags;
}

function userOf({ map }: Answer): Record<string, unknown> {
  return Object.fromEntries(map.get(4) as ReadonlyMap<string, unknown>);
}

describe('getAssertion', () => {
  test('signs with the credential of the allow list and counts', async () => {
    const platform = new Platform();
    const { map } = await platform.makeCredential();
    const { credentialId, publicKey } = parseAuthenticatorData(bytesOf(map.get(2)));
    for (const expectedCount of [1, 2]) {
      const answer = await platform.getAssertion(allow(new Uint8Array(32), credentialId));
      expect(answer.status).toBe(0);
      const authenticatorData = bytesOf(answer.map.get(2));
      expect(signatureFits(publicKey, authenticatorData, bytesOf(answer.map.get(3)))).toBe(true);
      expect((answer.map.get(1) as CborMap).get('id')).toEqual(credentialId);
      expect(parseAuthenticatorData(authenticatorData).signCount).toBe(expectedCount);
      expect(flagsOf(answer)).toBe(0x01);
      expect(answer.map.has(4)).toBe(false);
    }
  });

  test('no credential: said at once, without a touch', async () => {
    const platform = new Platform('ctap2_1', { touch: { mode: 'never' } });
    expect((await platform.getAssertion(allow(new Uint8Array(32)))).status).toBe(0x2e);
    expect((await platform.getAssertion()).status).toBe(0x2e);
  });

  test('up false answers without a touch and claims none', async () => {
    const platform = new Platform();
    const id = await platform.register();
    platform.authenticator.configure({ touch: { mode: 'never' } });
    const answer = await platform.getAssertion({ ...allow(id), 5: texts({ up: false }) });
    expect(answer.status).toBe(0);
    expect(flagsOf(answer)).toBe(0);
  });

  test('a credential of another Relying Party is none', async () => {
    const platform = new Platform();
    const id = await platform.register();
    expect((await platform.getAssertion({ ...allow(id), 1: 'other.example' })).status).toBe(0x2e);
  });

  test('one account: its id only, even for a verified user', async () => {
    const platform = new Platform();
    platform.authenticator.setPin('1234');
    await platform.register(account('alice'), await platform.proof('1234'));
    const answer = await platform.getAssertion({}, await platform.proof('1234'));
    expect(flagsOf(answer)).toBe(0x05);
    expect(userOf(answer)).toEqual({ id: encodeUtf8('alice') });
    expect(answer.map.has(5)).toBe(false);
  });

  test('several accounts: the newest first, names for verified users, the others by getNextAssertion', async () => {
    const platform = new Platform();
    platform.authenticator.setPin('1234');
    for (const name of ['alice', 'bob', 'carol']) {
      await platform.register(account(name), await platform.proof('1234'));
    }
    const first = await platform.getAssertion({}, await platform.proof('1234'));
    expect(first.map.get(5)).toBe(3);
    expect(userOf(first)).toEqual({ id: encodeUtf8('carol'), name: 'carol', displayName: 'CAROL' });
    const second = await platform.send(8);
    expect(userOf(second)).toMatchObject({ name: 'bob' });
    expect(flagsOf(second)).toBe(0x05);
    const third = await platform.send(8);
    expect(userOf(third)).toMatchObject({ name: 'alice' });
    expect((await platform.send(8)).status).toBe(0x30);
  });

  test('several accounts without verification: no names', async () => {
    const platform = new Platform();
    await platform.register(account('alice'));
    await platform.register(account('bob'));
    const first = await platform.getAssertion();
    expect(userOf(first)).toEqual({ id: encodeUtf8('bob') });
    expect(userOf(await platform.send(8))).toEqual({ id: encodeUtf8('alice') });
  });

  test('getNextAssertion ends with another command, with time, and with power', async () => {
    const platform = new Platform();
    expect((await platform.send(8)).status).toBe(0x30);
    await platform.register(account('alice'));
    await platform.register(account('bob'));
    await platform.getAssertion();
    await platform.send(4);
    expect((await platform.send(8)).status).toBe(0x30);
    await platform.getAssertion();
    platform.environment.advance(30_001);
    expect((await platform.send(8)).status).toBe(0x30);
    await platform.getAssertion();
    platform.authenticator.powerCycle();
    expect((await platform.send(8)).status).toBe(0x30);
  });

  test('each getNextAssertion gives 30 seconds more', async () => {
    const platform = new Platform();
    for (const name of ['alice', 'bob', 'carol']) await platform.register(account(name));
    await platform.getAssertion();
    for (const name of ['bob', 'alice']) {
      platform.environment.advance(20_000);
      expect(userOf(await platform.send(8))).toEqual({ id: encodeUtf8(name) });
    }
  });

  test('credProtect hides credentials from users who are not verified', async () => {
    const platform = new Platform();
    platform.authenticator.setPin('1234');
    const registered: Bytes[] = [];
    for (const level of [1, 2, 3]) {
      const changes = { ...account(`level-${level.toString()}`), 6: texts({ credProtect: level }) };
      registered.push(await platform.register(changes, await platform.proof('1234')));
    }
    expect(userOf(await platform.getAssertion())).toEqual({ id: encodeUtf8('level-1') });
    const statuses: number[] = [];
    for (const id of registered) statuses.push((await platform.getAssertion(allow(id))).status);
    expect(statuses).toEqual([0, 0, 0x2e]);
    expect((await platform.getAssertion({}, await platform.proof('1234'))).map.get(5)).toBe(3);
  });

  test.each([
    ['rpId missing', { 1: undefined }, 0x14],
    ['clientDataHash missing', { 2: undefined }, 0x14],
    ['clientDataHash too long', { 2: new Uint8Array(33) }, 0x03],
    ['allow list no array', { 3: 1 }, 0x11],
    ['allow list too long', { 3: Array.from({ length: 9 }, () => texts({ id: new Uint8Array(1), type: 'public-key' })) }, 0x39],
    ['rk', { 5: texts({ rk: false }) }, 0x2b],
    ['uv without a sensor', { 5: texts({ uv: true }) }, 0x2c],
    ['param without protocol', { 6: new Uint8Array(16) }, 0x14],
    ['param on a key without PIN', { 6: new Uint8Array(16), 7: 1 }, 0x35],
    ['empty param', { 6: new Uint8Array() }, 0x35],
  ])('%s', async (_name, changes, expected) => {
    expect((await new Platform().getAssertion(changes)).status).toBe(expected);
  });

  test('CTAP 2.0 has other words for an unsupported uv and protocol', async () => {
    const platform = new Platform('ctap2');
    expect((await platform.getAssertion({ 5: texts({ uv: true }) })).status).toBe(0x2b);
    expect((await platform.getAssertion({ 6: new Uint8Array(16), 7: 2 })).status).toBe(0x33);
  });

  test('may leave out the only allowed credential', async () => {
    const platform = new Platform('ctap2', { omitSingleCredential: true });
    const id = await platform.register();
    expect((await platform.getAssertion(allow(id))).map.has(1)).toBe(false);
    expect((await platform.getAssertion(allow(id, new Uint8Array(32)))).map.has(1)).toBe(true);
  });

  test('backup flags follow the knobs', async () => {
    const platform = new Platform('ctap2_1', { backupEligible: true, backupState: true });
    const id = await platform.register();
    expect(flagsOf(await platform.getAssertion(allow(id)))).toBe(0x19);
  });
});
