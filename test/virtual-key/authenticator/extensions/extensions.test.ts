import { createHmac } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { type Bytes, concatBytes, copyBytes } from '../../../../shared/bytes/bytes.ts';
import type { CborMap } from '../../../../shared/cbor/value.ts';
import { authenticate, bytesOf, decryptFrom, encryptFor, type PlatformSession, sha256 } from '../../support/pin-platform.ts';
import { type Answer, parameters, parseAuthenticatorData, Platform, texts } from '../../support/platform.ts';
import type { ExtensionName } from '../settings.ts';

const RESIDENT = { 7: texts({ rk: true }) };
const SALT_1 = new Uint8Array(32).fill(1);
const SALT_2 = new Uint8Array(32).fill(2);

function key(...extensions: readonly ExtensionName[]): Platform {
  return new Platform('ctap2_1', { extensions });
}

function outputs({ map }: Answer): Record<string, unknown> {
  return Object.fromEntries(parseAuthenticatorData(bytesOf(map.get(2))).extensions) as Record<string, unknown>;
}

function allow(id: Bytes): { readonly 3: readonly CborMap[] } {
  return { 3: [texts({ id, type: 'public-key' })] };
}

describe('credProtect', () => {
  test.each([1, 2, 3])('level %s is confirmed', async (level) => {
    expect(outputs(await key('credProtect').makeCredential({ 6: texts({ credProtect: level }) }))).toEqual({ credProtect: level });
  });

  test.each([0, 4])('level %s does not exist', async (level) => {
    expect((await key('credProtect').makeCredential({ 6: texts({ credProtect: level }) })).status).toBe(0x02);
  });

  test('an extension that the key does not offer is ignored', async () => {
    const { map } = await key().makeCredential({ 6: texts({ credProtect: 2, unheardOf: 1 }) });
    expect(parseAuthenticatorData(bytesOf(map.get(2))).flags).toBe(0x41);
  });
});

describe.each([1, 2] as const)('hmac-secret with protocol %s', (number) => {
  async function input(session: PlatformSession, salts: Bytes): Promise<CborMap> {
    const saltEnc = await encryptFor(session, salts);
    const members: Record<number, CborMap | Bytes | number> = {
      1: session.keyAgreement,
      2: saltEnc,
      3: await authenticate(number, session.hmacKey, saltEnc),
    };
    // Absent, it means protocol one.
    if (number === 2) members[4] = 2;
    return texts({ 'hmac-secret': parameters(members) });
  }

  async function secretsOf(platform: Platform, id: Bytes, salts: Bytes, pin?: string): Promise<Bytes> {
    const proof = pin === undefined ? undefined : await platform.proof(pin);
    const session = await platform.session(number);
    const answer = await platform.getAssertion({ ...allow(id), 4: await input(session, salts) }, proof);
    return await decryptFrom(session, outputs(answer)['hmac-secret'] as Bytes);
  }

  test('computes the HMAC of one and of two salts with the secret of the credential', async () => {
    const platform = key('hmac-secret');
    const registration = await platform.makeCredential({ 6: texts({ 'hmac-secret': true }) });
    expect(outputs(registration)).toEqual({ 'hmac-secret': true });
    const { credentialId } = parseAuthenticatorData(bytesOf(registration.map.get(2)));
    const secret = platform.authenticator.store.all[0]?.hmacSecrets?.withoutUv ?? new Uint8Array();
    const expected = [SALT_1, SALT_2].map((salt) => copyBytes(createHmac('sha256', secret).update(salt).digest()));
    expect(await secretsOf(platform, credentialId, SALT_1)).toEqual(expected[0]);
    expect(await secretsOf(platform, credentialId, concatBytes(SALT_1, SALT_2))).toEqual(concatBytes(...expected));
  });

  test('verified users have another secret', async () => {
    const platform = key('hmac-secret');
    const id = await platform.register({ 6: texts({ 'hmac-secret': true }) });
    platform.authenticator.setPin('1234');
    expect(await secretsOf(platform, id, SALT_1, '1234')).not.toEqual(await secretsOf(platform, id, SALT_1));
  });

  test('refuses a wrong saltAuth, a wrong length, an assertion without presence', async () => {
    const platform = key('hmac-secret');
    const id = await platform.register({ 6: texts({ 'hmac-secret': true }) });
    const session = await platform.session(number);
    const good = await input(session, SALT_1);
    const forged = texts({ 'hmac-secret': new Map([...(good.get('hmac-secret') as CborMap), [3, new Uint8Array(16)]]) });
    expect((await platform.getAssertion({ ...allow(id), 4: forged })).status).toBe(0x33);
    expect((await platform.getAssertion({ ...allow(id), 4: await input(session, SALT_1.slice(16)) })).status).toBe(0x03);
    expect((await platform.getAssertion({ ...allow(id), 4: good, 5: texts({ up: false }) })).status).toBe(0x2b);
  });

  test('a credential that was made without it has no output', async () => {
    const platform = key('hmac-secret');
    const id = await platform.register();
    const answer = await platform.getAssertion({ ...allow(id), 4: await input(await platform.session(number), SALT_1) });
    expect(answer.status).toBe(0);
    expect(outputs(answer)).toEqual({});
  });
});

describe('credBlob', () => {
  test('is kept with a discoverable credential and given back', async () => {
    const platform = key('credBlob');
    const blob = new Uint8Array(32).fill(7);
    expect(outputs(await platform.makeCredential({ ...RESIDENT, 6: texts({ credBlob: blob }) }))).toEqual({ credBlob: true });
    expect(outputs(await platform.getAssertion({ 4: texts({ credBlob: true }) }))).toEqual({ credBlob: blob });
  });

  test('too large, or not discoverable: not kept', async () => {
    const platform = key('credBlob');
    const tooLarge = await platform.makeCredential({ ...RESIDENT, 6: texts({ credBlob: new Uint8Array(33) }) });
    expect(outputs(tooLarge)).toEqual({ credBlob: false });
    expect(outputs(await platform.getAssertion({ 4: texts({ credBlob: true }) }))).toEqual({ credBlob: new Uint8Array() });
    const notDiscoverable = await platform.makeCredential({ 6: texts({ credBlob: new Uint8Array(1) }) });
    expect(outputs(notDiscoverable)).toEqual({ credBlob: false });
  });
});

test('minPinLength is for chosen Relying Parties', async () => {
  const settings = { extensions: ['minPinLength'], minPinLength: 6, minPinLengthRpIds: ['example.org'] } as const;
  const platform = new Platform('ctap2_1', settings);
  const wanted = { 6: texts({ minPinLength: true }) };
  expect(outputs(await platform.makeCredential(wanted))).toEqual({ minPinLength: 6 });
  expect(outputs(await platform.makeCredential({ ...wanted, 2: texts({ id: 'other.example' }) }))).toEqual({});
});

describe('large blobs', () => {
  const permission = { 9: 0x10, 10: undefined };

  test('the key of a credential travels beside the authenticator data', async () => {
    const platform = key('largeBlobKey');
    const wanted = { 6: texts({ largeBlobKey: true }) };
    const registration = await platform.makeCredential({ ...RESIDENT, ...wanted });
    const largeBlobKey = bytesOf(registration.map.get(5));
    expect(largeBlobKey).toHaveLength(32);
    const assertion = await platform.getAssertion({ 4: texts({ largeBlobKey: true }) });
    expect(assertion.map.get(7)).toEqual(largeBlobKey);
    expect((await platform.makeCredential(wanted)).status).toBe(0x2c);
  });

  test('starts with the empty array', async () => {
    const { map } = await key('largeBlobKey').send(0x0c, parameters({ 1: 100, 3: 0 }));
    const checksum = (await sha256(Uint8Array.of(0x80))).slice(0, 16);
    expect(map.get(1)).toEqual(concatBytes(Uint8Array.of(0x80), checksum));
  });

  test('is written in fragments with a token for it, and read back', async () => {
    const platform = key('largeBlobKey');
    platform.authenticator.setPin('1234');
    const data = new Uint8Array(1500).fill(0x80);
    const array = concatBytes(data, (await sha256(data)).slice(0, 16));
    const { token } = await platform.requestToken({ 2: 9, ...permission }, '1234');
    const write = async (offset: number, end: number, length?: number): Promise<number> => {
      const fragment = array.slice(offset, end);
      const position = new Uint8Array(4);
      new DataView(position.buffer).setUint32(0, offset, true);
      const message = concatBytes(new Uint8Array(32).fill(0xff), Uint8Array.of(0x0c, 0), position, await sha256(fragment));
      const param = await authenticate(2, token, message);
      return (await platform.send(0x0c, parameters({ 2: fragment, 3: offset, 4: length, 5: param, 6: 2 }))).status;
    };
    expect(await write(0, 1000, array.length)).toBe(0);
    expect(await write(1200, array.length)).toBe(0x04);
    expect(await write(1000, array.length)).toBe(0);
    const first = await platform.send(0x0c, parameters({ 1: 1000, 3: 0 }));
    const second = await platform.send(0x0c, parameters({ 1: 1000, 3: 1000 }));
    expect(concatBytes(bytesOf(first.map.get(1)), bytesOf(second.map.get(1)))).toEqual(array);
  });

  test.each([
    ['neither get nor set', { 3: 0 }, 0x02],
    ['no offset', { 1: 10 }, 0x02],
    ['more than a message takes', { 1: 1200, 3: 0 }, 0x03],
    ['reading behind the end', { 1: 10, 3: 18 }, 0x02],
    ['a length that cannot be', { 2: new Uint8Array(10), 3: 0, 4: 10 }, 0x02],
    ['more than there is room', { 2: new Uint8Array(10), 3: 0, 4: 5000 }, 0x15],
    ['a wrong checksum', { 2: new Uint8Array(17), 3: 0, 4: 17 }, 0x3d],
  ])('refuses %s', async (_name, members, expected) => {
    expect((await key('largeBlobKey').send(0x0c, parameters(members))).status).toBe(expected);
  });

  test('a key with a PIN demands a token', async () => {
    const platform = key('largeBlobKey');
    platform.authenticator.setPin('1234');
    expect((await platform.send(0x0c, parameters({ 2: new Uint8Array(17), 3: 0, 4: 17 }))).status).toBe(0x36);
  });
});
