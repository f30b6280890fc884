import { describe, expect, test } from 'vitest';

import { type Bytes, encodeUtf8 } from '../../../../../shared/bytes/bytes.ts';
import type { CborMap } from '../../../../../shared/cbor/value.ts';
import { manageCredentials, tokenFor } from '../../../support/management.ts';
import { authenticate, sha256 } from '../../../support/pin-platform.ts';
import { parameters, Platform, RP_ID, texts } from '../../../support/platform.ts';

const CM = 0x04;
const PERSISTENT = 0x40;
const PIN = '1234';
const DISCOVERABLE = texts({ rk: true });

/** A key with three discoverable credentials at two Relying Parties, and one that is not discoverable. */
async function keyWithCredentials(settings: ConstructorParameters<typeof Platform>[1] = {}, protocol: 'ctap2' | 'ctap2_1' = 'ctap2_1'): Promise<Platform> {
  const platform = new Platform(protocol, settings);
  for (const [rpId, user] of [[RP_ID, 'ada'], ['other.example', 'grace'], [RP_ID, 'linus']] as const) {
    await platform.register({ 2: texts({ id: rpId, name: rpId }), 3: texts({ id: encodeUtf8(user), name: user, displayName: `The ${user}` }), 7: DISCOVERABLE });
  }
  await platform.register();
  platform.authenticator.setPin(PIN);
  return platform;
}

function rpIdHash(rpId: string): Promise<Bytes> {
  return sha256(encodeUtf8(rpId));
}

function credential(id: Bytes): CborMap {
  return texts({ id, type: 'public-key' });
}

function idOf(map: CborMap): Bytes {
  return (map.get(7) as CborMap).get('id') as Bytes;
}

describe('reading', () => {
  test('counts what is stored and what still fits', async () => {
    const platform = await keyWithCredentials();
    const { status, map } = await manageCredentials(platform, await tokenFor(platform, PIN, CM), 1);
    expect(status).toBe(0);
    expect([...map]).toEqual([[1, 3], [2, 22]]);
  });

  test('tells the Relying Parties one by one, then no more', async () => {
    const platform = await keyWithCredentials();
    const first = await manageCredentials(platform, await tokenFor(platform, PIN, CM), 2);
    expect((first.map.get(3) as CborMap).get('id')).toBe(RP_ID);
    expect(first.map.get(4)).toEqual(await rpIdHash(RP_ID));
    expect(first.map.get(5)).toBe(2);
    const second = await manageCredentials(platform, undefined, 3);
    expect((second.map.get(3) as CborMap).get('id')).toBe('other.example');
    expect(second.map.has(5)).toBe(false);
    expect((await manageCredentials(platform, undefined, 3)).status).toBe(0x30);
  });

  test('tells the credentials of one Relying Party, newest first', async () => {
    const platform = await keyWithCredentials();
    const token = await tokenFor(platform, PIN, CM);
    const first = await manageCredentials(platform, token, 4, parameters({ 1: await rpIdHash(RP_ID) }));
    expect((first.map.get(6) as CborMap).get('name')).toBe('linus');
    expect(first.map.get(9)).toBe(2);
    expect(first.map.get(10)).toBe(1);
    const second = await manageCredentials(platform, undefined, 5);
    expect((second.map.get(6) as CborMap).get('displayName')).toBe('The ada');
    expect((await manageCredentials(platform, undefined, 5)).status).toBe(0x30);
    expect((await manageCredentials(platform, token, 4, parameters({ 1: new Uint8Array(32) }))).status).toBe(0x2e);
  });

  test('another command, or the other kind of next, ends a series', async () => {
    const platform = await keyWithCredentials();
    const token = await tokenFor(platform, PIN, CM);
    await manageCredentials(platform, token, 2);
    await platform.send(4);
    expect((await manageCredentials(platform, undefined, 3)).status).toBe(0x30);
    await manageCredentials(platform, token, 2);
    expect((await manageCredentials(platform, undefined, 5)).status).toBe(0x30);
  });
});

describe('changing', () => {
  test('deletes a credential', async () => {
    const platform = await keyWithCredentials();
    const token = await tokenFor(platform, PIN, CM);
    const id = idOf((await manageCredentials(platform, token, 4, parameters({ 1: await rpIdHash('other.example') }))).map);
    expect((await manageCredentials(platform, token, 6, parameters({ 2: credential(id) }))).status).toBe(0);
    expect((await manageCredentials(platform, token, 6, parameters({ 2: credential(id) }))).status).toBe(0x2e);
    expect(platform.authenticator.store.discoverableCount).toBe(2);
  });

  test('replaces both names; the account stays', async () => {
    const platform = await keyWithCredentials();
    const token = await tokenFor(platform, PIN, CM);
    const hash = parameters({ 1: await rpIdHash('other.example') });
    const id = idOf((await manageCredentials(platform, token, 4, hash)).map);
    const rename = (user: CborMap): Promise<{ readonly status: number }> => manageCredentials(platform, token, 7, parameters({ 2: credential(id), 3: user }));
    expect((await rename(texts({ id: encodeUtf8('grace'), name: 'hopper' }))).status).toBe(0);
    const user = (await manageCredentials(platform, token, 4, hash)).map.get(6) as CborMap;
    expect([...user]).toEqual([['id', encodeUtf8('grace')], ['name', 'hopper']]);
    expect((await rename(texts({ id: encodeUtf8('someone'), name: 'else' }))).status).toBe(0x02);
  });
});

describe('who may', () => {
  test('nobody without a proof, and nobody with another permission', async () => {
    const platform = await keyWithCredentials();
    expect((await manageCredentials(platform, undefined, 1)).status).toBe(0x36);
    expect((await manageCredentials(platform, await tokenFor(platform, PIN, 0x02, RP_ID), 1)).status).toBe(0x33);
    const token = await tokenFor(platform, PIN, CM);
    const stolen = await platform.send(0x0a, parameters({ 1: 2, 3: 2, 4: new Uint8Array(32) }));
    expect(stolen.status).toBe(0x33);
    expect((await manageCredentials(platform, token, 1)).status).toBe(0);
  });

  test('a token for one Relying Party manages that one only', async () => {
    const platform = await keyWithCredentials();
    const token = await tokenFor(platform, PIN, CM, RP_ID);
    expect((await manageCredentials(platform, token, 1)).status).toBe(0x33);
    expect((await manageCredentials(platform, token, 2)).status).toBe(0x33);
    expect((await manageCredentials(platform, token, 4, parameters({ 1: await rpIdHash('other.example') }))).status).toBe(0x33);
    const own = await manageCredentials(platform, token, 4, parameters({ 1: await rpIdHash(RP_ID) }));
    expect(own.status).toBe(0);
    const other = platform.authenticator.store.all.find(({ rpId }) => rpId === 'other.example');
    expect((await manageCredentials(platform, token, 6, parameters({ 2: credential(other?.id ?? new Uint8Array()) }))).status).toBe(0x33);
    expect((await manageCredentials(platform, token, 6, parameters({ 2: credential(idOf(own.map)) }))).status).toBe(0);
  });

  test('a persistent token reads, even after a power cycle, and changes nothing', async () => {
    const platform = await keyWithCredentials({ persistentCredentialManagement: true });
    const token = await tokenFor(platform, PIN, PERSISTENT);
    platform.authenticator.powerCycle();
    expect((await manageCredentials(platform, token, 1)).status).toBe(0);
    expect((await manageCredentials(platform, token, 2)).status).toBe(0);
    const { map } = await manageCredentials(platform, token, 4, parameters({ 1: await rpIdHash(RP_ID) }));
    expect((await manageCredentials(platform, token, 6, parameters({ 2: credential(idOf(map)) }))).status).toBe(0x33);
    expect(await platform.changePin(PIN, '5678')).toBe(0);
    expect((await manageCredentials(platform, token, 1)).status).toBe(0x33);
  });

  test('the persistent permission comes alone, and from keys that have it', async () => {
    const platform = await keyWithCredentials({ persistentCredentialManagement: true });
    expect((await platform.requestToken({ 2: 9, 9: PERSISTENT | CM }, PIN)).status).toBe(0x40);
    const without = await keyWithCredentials();
    expect((await without.requestToken({ 2: 9, 9: PERSISTENT }, PIN)).status).toBe(0x40);
  });
});

describe('forms', () => {
  test('a CTAP 2.0 key has the preview with its own token, and no renaming there', async () => {
    const platform = await keyWithCredentials({ credentialManagement: 'preview' }, 'ctap2');
    const { map } = await platform.send(4);
    expect(map.get(1)).toContain('FIDO_2_1_PRE');
    expect(Object.fromEntries(map.get(4) as CborMap)).toMatchObject({ credentialMgmtPreview: true });
    expect((await manageCredentials(platform, undefined, 1)).status).toBe(0x01);
    const { token } = await platform.requestToken({ 2: 5 }, PIN, 1);
    const answer = await platform.send(0x41, parameters({ 1: 1, 3: 1, 4: await authenticate(1, token, Uint8Array.of(1)) }));
    expect(answer.map.get(1)).toBe(3);
    expect((await platform.send(0x41, parameters({ 1: 7 }))).status).toBe(0x3e);
  });

  test('a key can have both, or none', async () => {
    const both = await keyWithCredentials({ credentialManagement: 'both' });
    const token = await tokenFor(both, PIN, CM);
    expect((await manageCredentials(both, token, 1, undefined, 0x41)).status).toBe(0);
    expect((await manageCredentials(both, token, 1)).status).toBe(0);
    const none = await keyWithCredentials({ credentialManagement: 'none' });
    expect((await manageCredentials(none, undefined, 1)).status).toBe(0x01);
    expect((await none.requestToken({ 2: 9, 9: CM }, PIN)).status).toBe(0x40);
  });
});
