import { generateKeyPairSync, type KeyObject, verify, X509Certificate } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { decodeBase64url, encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { type Bytes, concatBytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import { decodeCborStrict, encodeCbor } from '../../../shared/cbor/codec.ts';
import { type CborMap, isCborMap } from '../../../shared/cbor/value.ts';
import { type AuthenticatorConfig, type CredentialInput, VirtualKeyClient } from '../client.ts';
import { startVirtualKey, type VirtualKey } from '../start.ts';
import { HidClient } from '../support/hid-client.ts';
import { bytesOf } from '../support/pin-platform.ts';
import { CLIENT_DATA_HASH, parameters, parseAuthenticatorData, texts } from '../support/platform.ts';

const WEBDRIVER_KEY: AuthenticatorConfig = {
  protocol: 'ctap2_1',
  transport: 'usb',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
};

let virtualKey: VirtualKey;

beforeEach(async () => {
  virtualKey = await startVirtualKey({ udp: [0, 0] });
});

afterEach(async () => {
  await virtualKey.close();
});

async function post(body: unknown): Promise<unknown> {
  const response = await fetch(virtualKey.controlUrl, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
  return await response.json();
}

function credential(changes: Partial<CredentialInput> = {}): CredentialInput & { readonly publicKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const input = {
    credentialId: encodeBase64url(encodeUtf8('credential-1')),
    isResidentCredential: true,
    rpId: 'example.org',
    privateKey: encodeBase64url(privateKey.export({ format: 'der', type: 'pkcs8' })),
    userHandle: encodeBase64url(encodeUtf8('user-1')),
    userName: 'alice',
    userDisplayName: 'Alice',
    signCount: 41,
    ...changes,
  };
  // Not a member that travels: `publicKey` is for the test alone.
  return Object.defineProperty(input as typeof input & { publicKey: KeyObject }, 'publicKey', { value: publicKey, enumerable: false });
}

interface Exchange {
  readonly send: (command: number, members?: CborMap) => Promise<{ readonly status: number; readonly map: CborMap }>;
  readonly close: () => void;
}

/** CTAP2 over the first UDP port. */
async function open(port = virtualKey.udpPorts[0] ?? 0): Promise<Exchange> {
  const hid = await HidClient.open(port);
  const channel = await hid.init();
  return {
    close: () => hid.close(),
    send: async (command, members) => {
      const request = concatBytes(Uint8Array.of(command), members === undefined ? new Uint8Array() : encodeCbor(members));
      const { payload } = await hid.call(channel, 0x10, request);
      const decoded = payload.length > 1 ? decodeCborStrict(payload.slice(1)) : undefined;
      return { status: payload[0] ?? -1, map: decoded?.ok === true && isCborMap(decoded.value) ? decoded.value : new Map() };
    },
  };
}

async function optionsOf(exchange: Exchange): Promise<Record<string, unknown>> {
  return Object.fromEntries((await exchange.send(4)).map.get(4) as ReadonlyMap<string, unknown>);
}

function registrationRequest(options: CborMap = texts({})): CborMap {
  return parameters({
    1: CLIENT_DATA_HASH,
    2: texts({ id: 'example.org' }),
    3: texts({ id: encodeUtf8('user-2') }),
    4: [texts({ alg: -7, type: 'public-key' })],
    7: options,
  });
}

describe('the protocol', () => {
  test('attach and detach bracket the keys of a session', async () => {
    expect(await post({ session: 's1', cmd: 'attach', args: {} })).toEqual({ value: 's1' });
    const { value: id } = (await post({ session: 's1', cmd: 'add_virtual_authenticator', args: { config: WEBDRIVER_KEY } })) as { value: string };
    expect(await post({ session: 's1', cmd: 'get_credentials', args: { authenticator_id: id } })).toEqual({ value: [] });
    expect(await post({ session: 's2', cmd: 'get_credentials', args: { authenticator_id: id } })).toMatchObject({
      error: { code: 'unknown authenticator' },
    });
    expect(await post({ session: 's1', cmd: 'detach', args: {} })).toEqual({ value: null });
    expect(await post({ session: 's1', cmd: 'get_credentials', args: { authenticator_id: id } })).toMatchObject({
      error: { code: 'unknown authenticator' },
    });
  });

  test.each([
    ['no JSON', '{', 'invalid argument'],
    ['no object', '[]', 'invalid argument'],
    ['no command', {}, 'invalid argument'],
    ['an unknown command', { session: 's', cmd: 'dance' }, 'unknown command'],
    ['a session of another type', { session: {}, cmd: 'attach' }, 'invalid argument'],
    ['arguments of another type', { session: 's', cmd: 'attach', args: 'x' }, 'invalid argument'],
    ['no authenticator id', { session: 's', cmd: 'get_credentials', args: {} }, 'invalid argument'],
    ['an unknown authenticator', { session: 's', cmd: 'get_credentials', args: { authenticator_id: 'x' } }, 'unknown authenticator'],
    ['no configuration', { session: 's', cmd: 'add_virtual_authenticator', args: {} }, 'invalid argument'],
    ['an unknown protocol', { session: 's', cmd: 'add_virtual_authenticator', args: { config: { protocol: 'x', transport: 'usb' } } }, 'invalid argument'],
    ['a misspelt knob', { session: 's', cmd: 'add_virtual_authenticator', args: { config: { ...WEBDRIVER_KEY, keystile: { pinn: '1' } } } }, 'invalid argument'],
    ['a misspelt member', { session: 's', cmd: 'add_virtual_authenticator', args: { config: { ...WEBDRIVER_KEY, hasPin: true } } }, 'invalid argument'],
    ['a name of Object.prototype', { session: 's', cmd: 'toString' }, 'unknown command'],
  ])('refuses %s', async (_name, body, code) => {
    expect(await post(body)).toMatchObject({ error: { code } });
    const { plugged } = await virtualKey.client.state(await virtualKey.client.addAuthenticator(WEBDRIVER_KEY));
    expect(plugged).toBe(true);
  });

  test('other methods and paths, and bodies that are too large', async () => {
    expect((await fetch(virtualKey.controlUrl)).status).toBe(404);
    expect((await fetch(`${virtualKey.controlUrl}x`, { method: 'POST', body: '{}' })).status).toBe(404);
    expect((await fetch(virtualKey.controlUrl, { method: 'POST', body: 'x'.repeat(1_100_000) })).status).toBe(413);
  });

  test('a USB key takes the next free port; without one there is an error', async () => {
    const { client, udpPorts } = virtualKey;
    const first = await client.addAuthenticator(WEBDRIVER_KEY);
    const second = await client.addAuthenticator(WEBDRIVER_KEY);
    expect((await client.state(first)).address).toBe(`127.0.0.1:${String(udpPorts[0])}`);
    expect((await client.state(second)).address).toBe(`127.0.0.1:${String(udpPorts[1])}`);
    await expect(client.addAuthenticator(WEBDRIVER_KEY)).rejects.toMatchObject({ code: 'unsupported operation' });
    await client.removeAuthenticator(first);
    const third = await client.addAuthenticator(WEBDRIVER_KEY);
    expect((await client.state(third)).address).toBe(`127.0.0.1:${String(udpPorts[0])}`);
  });

  test.each(['nfc', 'ble', 'internal'] as const)('there is no slot for %s', async (transport) => {
    await expect(virtualKey.client.addAuthenticator({ ...WEBDRIVER_KEY, transport })).rejects.toMatchObject({
      code: 'unsupported operation',
    });
  });
});

describe('configurations', () => {
  test('WebDriver’s own: a sensor and no PIN', async () => {
    await virtualKey.client.addAuthenticator(WEBDRIVER_KEY);
    const exchange = await open();
    const options = await optionsOf(exchange);
    expect(options).toMatchObject({ rk: true, uv: true, pinUvAuthToken: true });
    expect(options).not.toHaveProperty('clientPin');
    exchange.close();
  });

  test('WebDriver’s own without a sensor: no way to verify the user', async () => {
    await virtualKey.client.addAuthenticator({ protocol: 'ctap2', transport: 'usb', hasUserVerification: false });
    const exchange = await open();
    expect(await optionsOf(exchange)).toEqual({ rk: false, up: true, plat: false });
    exchange.close();
  });

  test('a security key: a PIN may be set, or is', async () => {
    await virtualKey.client.addAuthenticator({ protocol: 'ctap2_1', transport: 'usb', hasResidentKey: true });
    await virtualKey.client.addAuthenticator({ protocol: 'ctap2_1', transport: 'usb', keystile: { pin: '1234' } });
    for (const [index, clientPin] of [[0, false], [1, true]] as const) {
      const exchange = await open(virtualKey.udpPorts[index]);
      expect(await optionsOf(exchange)).toMatchObject({ clientPin });
      exchange.close();
    }
  });

  test('extensions by their WebDriver names', async () => {
    const extensions = ['prf', 'credBlob', 'largeBlob', 'minPinLength'] as const;
    await virtualKey.client.addAuthenticator({ ...WEBDRIVER_KEY, extensions });
    await virtualKey.client.addAuthenticator({ ...WEBDRIVER_KEY, extensions, keystile: {} });
    const securityKey = ['credBlob', 'credProtect', 'hmac-secret', 'largeBlobKey', 'minPinLength'];
    for (const [index, supported] of [[0, [...securityKey, 'hmac-secret-mc'].sort()], [1, securityKey]] as const) {
      const exchange = await open(virtualKey.udpPorts[index]);
      expect((await exchange.send(4)).map.get(2)).toEqual(supported);
      exchange.close();
    }
  });

  test('isUserConsenting false never touches', async () => {
    const id = await virtualKey.client.addAuthenticator({ ...WEBDRIVER_KEY, isUserConsenting: false });
    const exchange = await open();
    const answer = exchange.send(0x0b);
    await virtualKey.client.waitFor(id, 'waitingForTouch');
    await virtualKey.client.configure(id, { touch: { mode: 'instant' } });
    expect((await answer).status).toBe(0);
    exchange.close();
  });

  test('set_user_verified decides whether the sensor says yes', async () => {
    const id = await virtualKey.client.addAuthenticator(WEBDRIVER_KEY);
    const exchange = await open();
    await virtualKey.client.setUserVerified(id, false);
    expect((await exchange.send(1, registrationRequest(texts({ uv: true })))).status).toBe(0x27);
    await virtualKey.client.setUserVerified(id, true);
    const { status, map } = await exchange.send(1, registrationRequest(texts({ uv: true })));
    expect(status).toBe(0);
    expect(parseAuthenticatorData(bytesOf(map.get(2))).flags).toBe(0x45);
    exchange.close();
  });

  test('AAGUID and x5c attestation, with the root to check it', async () => {
    const aaguid = new Uint8Array(16).fill(5);
    await virtualKey.client.addAuthenticator({ ...WEBDRIVER_KEY, keystile: { aaguid: encodeBase64url(aaguid), attestation: 'x5c' } });
    const exchange = await open();
    const { map } = await exchange.send(1, registrationRequest());
    expect(parseAuthenticatorData(bytesOf(map.get(2))).aaguid).toEqual(aaguid);
    const [certificate] = (map.get(3) as CborMap).get('x5c') as readonly Bytes[];
    const root = new X509Certificate(decodeBase64url(await virtualKey.client.attestationRoot()) ?? new Uint8Array());
    expect(new X509Certificate(certificate ?? new Uint8Array()).verify(root.publicKey)).toBe(true);
    exchange.close();
  });
});

describe('credentials', () => {
  test('are added, used, listed and removed', async () => {
    const { client } = virtualKey;
    const id = await client.addAuthenticator(WEBDRIVER_KEY);
    const input = credential();
    await client.addCredential(id, input);
    const exchange = await open();
    const { status, map } = await exchange.send(2, parameters({ 1: 'example.org', 2: CLIENT_DATA_HASH }));
    expect(status).toBe(0);
    const authenticatorData = bytesOf(map.get(2));
    expect(parseAuthenticatorData(authenticatorData).signCount).toBe(42);
    expect(verify('sha256', concatBytes(authenticatorData, CLIENT_DATA_HASH), input.publicKey, bytesOf(map.get(3)))).toBe(true);
    await exchange.send(1, registrationRequest());
    const listed = await client.getCredentials(id);
    expect(listed).toHaveLength(2);
    expect(listed[0]).toEqual({ ...input, signCount: 42, backupEligibility: false, backupState: false, credProtect: 1 });
    await client.removeCredential(id, input.credentialId);
    expect(await client.getCredentials(id)).toHaveLength(1);
    await expect(client.removeCredential(id, input.credentialId)).rejects.toMatchObject({ code: 'invalid argument' });
    await client.removeAllCredentials(id);
    expect(await client.getCredentials(id)).toEqual([]);
    exchange.close();
  });

  test('what is listed can be put onto another key', async () => {
    const { client } = virtualKey;
    const first = await client.addAuthenticator(WEBDRIVER_KEY);
    const exchange = await open();
    await exchange.send(1, registrationRequest(texts({ rk: true, uv: true })));
    exchange.close();
    const [listed] = await client.getCredentials(first);
    const second = await client.addAuthenticator(WEBDRIVER_KEY);
    await client.addCredential(second, listed as CredentialInput);
    expect(await client.getCredentials(second)).toEqual([listed]);
  });

  test.each([
    ['no private key', { privateKey: encodeBase64url(Uint8Array.of(1, 2, 3)) }],
    ['no base64url', { credentialId: '!!' }],
    ['a discoverable one without user handle', { userHandle: undefined }],
    ['a large blob', { largeBlob: 'AAAA' }],
  ])('refuses %s', async (_name, changes) => {
    const id = await virtualKey.client.addAuthenticator(WEBDRIVER_KEY);
    const input = JSON.parse(JSON.stringify({ ...credential(), ...changes })) as CredentialInput;
    await expect(virtualKey.client.addCredential(id, input)).rejects.toThrow();
    expect(await virtualKey.client.getCredentials(id)).toEqual([]);
  });
});

describe('our own commands', () => {
  test('waits: for a touch, for a command, for nothing', async () => {
    const { client } = virtualKey;
    const id = await client.addAuthenticator({ ...WEBDRIVER_KEY, keystile: { touch: { mode: 'manual' } } });
    const exchange = await open();
    const waiting = client.waitFor(id, 'waitingForTouch');
    const answer = exchange.send(0x0b);
    await waiting;
    expect(await client.state(id)).toMatchObject({ waitingForTouch: true, commandsSeen: 1, log: [{ index: 0, command: 'selection' }] });
    expect(await client.touch(id)).toBe(true);
    expect((await answer).status).toBe(0);
    await client.waitFor(id, 'command:selection');
    await expect(client.waitFor(id, 'command:selection', { after: 1, timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' });
    const next = client.waitFor(id, 'command:getInfo', { after: 1 });
    await exchange.send(4);
    await next;
    expect(await client.touch(id)).toBe(false);
    exchange.close();
  });

  test('PIN and tries from outside', async () => {
    const { client } = virtualKey;
    const id = await client.addAuthenticator({ ...WEBDRIVER_KEY, keystile: {} });
    expect(await client.state(id)).toMatchObject({ pinSet: false, pinRetries: 8 });
    await client.configure(id, { pin: '1234', pinRetries: 1 });
    expect(await client.state(id)).toMatchObject({ pinSet: true, pinRetries: 1 });
    await client.configure(id, { pin: null });
    expect(await client.state(id)).toMatchObject({ pinSet: false, pinRetries: 8 });
    await client.removeAuthenticator(id);
    const blocked = await client.addAuthenticator({ ...WEBDRIVER_KEY, keystile: { pin: '1234', pinRetries: 0 } });
    expect(await client.state(blocked)).toMatchObject({ pinSet: true, pinRetries: 0 });
  });

  test('a power cycle keeps the credentials and ends the channels', async () => {
    const { client } = virtualKey;
    const id = await client.addAuthenticator(WEBDRIVER_KEY);
    await client.addCredential(id, credential());
    await client.powerCycle(id);
    expect(await client.state(id)).toMatchObject({ plugged: true, credentials: 1 });
  });

  test('a wrong knob changes nothing', async () => {
    const { client } = virtualKey;
    const id = await client.addAuthenticator(WEBDRIVER_KEY);
    await expect(client.send('keystile_configure', { authenticator_id: id, pin: '1234', nonsense: 1 })).rejects.toMatchObject({
      code: 'invalid argument',
    });
    expect(await client.state(id)).toMatchObject({ pinSet: false });
  });

  test('sessions of two clients do not see each other’s keys', async () => {
    const id = await virtualKey.client.addAuthenticator(WEBDRIVER_KEY);
    const other = new VirtualKeyClient(virtualKey.controlUrl);
    await expect(other.state(id)).rejects.toMatchObject({ code: 'unknown authenticator' });
    await virtualKey.client.detach();
    await expect(virtualKey.client.state(id)).rejects.toMatchObject({ code: 'unknown authenticator' });
  });
});
