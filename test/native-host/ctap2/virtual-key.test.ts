import { createHash, createPublicKey, verify } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { changePin } from '../../../native-host/ctap2/client-pin/change-pin.ts';
import { type TokenRequest, getPinUvAuthToken } from '../../../native-host/ctap2/client-pin/pin-uv-auth-token.ts';
import { getPinRetries, getUvRetries } from '../../../native-host/ctap2/client-pin/retries.ts';
import { setPin } from '../../../native-host/ctap2/client-pin/set-pin.ts';
import type { CommandError } from '../../../native-host/ctap2/errors.ts';
import { getAssertion } from '../../../native-host/ctap2/get-assertion.ts';
import { type AuthenticatorInfo, getInfo } from '../../../native-host/ctap2/get-info.ts';
import { getNextAssertion } from '../../../native-host/ctap2/get-next-assertion.ts';
import { type MakeCredentialParams, makeCredential } from '../../../native-host/ctap2/make-credential.ts';
import { validateNewPin } from '../../../native-host/ctap2/pin-uv-auth/pin.ts';
import { PinUvAuthPermission, type PinUvAuthToken } from '../../../native-host/ctap2/pin-uv-auth/token.ts';
import { reset } from '../../../native-host/ctap2/reset.ts';
import type { Device } from '../../../native-host/transport/device.ts';
import { type Bytes, concatBytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import type { Result } from '../../../shared/bytes/result.ts';
import { decodeCoseKey } from '../../../shared/cose/cose-key.ts';
import { encodeSpki } from '../../../shared/cose/spki.ts';
import { parseAttestationObject } from '../../../shared/webauthn/attestation-object.ts';
import { type UdpKeys, callOptions, startUdpKeys } from '../support/udp-keys.ts';

const RP_ID = 'example.org';
const HASH = sha256(encodeUtf8('client data'));
const PIN = 'p\u00efn 1234';
const MC = PinUvAuthPermission.makeCredential;
const GA = PinUvAuthPermission.getAssertion;

let keys: UdpKeys;

beforeEach(async () => {
  keys = await startUdpKeys();
});
afterEach(() => keys.close());

function sha256(bytes: Bytes): Bytes {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

function must<Value>(result: Result<Value, unknown>): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function newPin(pin: string): Bytes {
  return must(validateNewPin(pin));
}

function registration(user = 'ada'): MakeCredentialParams {
  return {
    clientDataHash: HASH,
    rp: { id: RP_ID, name: 'Example' },
    user: { id: encodeUtf8(user), name: user, displayName: user.toUpperCase() },
    pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
    options: { rk: true },
  };
}

async function token(device: Device, info: AuthenticatorInfo, request: Partial<TokenRequest> = {}): Promise<PinUvAuthToken> {
  return must(await getPinUvAuthToken(device, info, { method: { pin: PIN }, permissions: MC | GA, rpId: RP_ID, ...request }, callOptions()));
}

async function register(device: Device, info: AuthenticatorInfo, user?: string): Promise<Bytes> {
  const uv = await token(device, info);
  const pinUvAuth = { param: uv.authenticate(HASH), protocol: uv.protocol };
  const made = must(await makeCredential(device, { ...registration(user), pinUvAuth }, callOptions()));
  uv.destroy();
  return made.attestationObject;
}

describe.each([
  ['CTAP 2.1 with protocol two', 'ctap2_1', [2, 1], 2],
  ['CTAP 2.1 with protocol one', 'ctap2_1', [1], 1],
  ['CTAP 2.0', 'ctap2', [1], 1],
] as const)('%s', (_name, protocol, pinUvAuthProtocols, number) => {
  test('set a PIN, register, sign in', async () => {
    await keys.plugIn({ pinUvAuthProtocols }, protocol);
    const device = await keys.open();
    must(await setPin(device, number, newPin(PIN), callOptions()));
    const info = must(await getInfo(device, callOptions()));
    expect(info.options.clientPin).toBe(true);

    const attestation = must(parseAttestationObject(await register(device, info)));
    const credential = attestation.authenticatorData.attestedCredentialData;
    expect(attestation.authenticatorData).toMatchObject({ rpIdHash: sha256(encodeUtf8(RP_ID)), userPresent: true, userVerified: true });
    await register(device, info, 'grace');

    const uv = await token(device, info);
    const pinUvAuth = { param: uv.authenticate(HASH), protocol: uv.protocol };
    const first = must(await getAssertion(device, { rpId: RP_ID, clientDataHash: HASH, pinUvAuth }, callOptions()));
    const second = must(await getNextAssertion(device, callOptions()));
    expect(first.numberOfCredentials).toBe(2);
    expect([first.user?.name, second.user?.name].toSorted()).toEqual(['ada', 'grace']);
    expect(await getNextAssertion(device, callOptions())).toMatchObject({ error: { kind: 'ctap', statusName: 'notAllowed' } });

    const byAda = [first, second].find(({ user }) => user?.name === 'ada');
    const publicKey = createPublicKey({
      key: Buffer.from(encodeSpki(must(decodeCoseKey(credential?.publicKey ?? new Uint8Array())))),
      format: 'der',
      type: 'spki',
    });
    const signed = concatBytes(byAda?.authData ?? new Uint8Array(), HASH);
    expect(byAda?.credential?.id).toEqual(credential?.credentialId);
    expect(verify('sha256', signed, publicKey, byAda?.signature ?? new Uint8Array())).toBe(true);
  });

  test('change the PIN', async () => {
    await keys.plugIn({ pin: PIN, pinUvAuthProtocols }, protocol);
    const device = await keys.open();
    const info = must(await getInfo(device, callOptions()));
    expect(await changePin(device, number, 'wrong', newPin('another'), callOptions())).toMatchObject({
      error: { kind: 'ctap', command: 'clientPin', statusName: 'pinInvalid' },
    });
    must(await changePin(device, number, PIN, newPin('another'), callOptions()));
    const uv = await token(device, info, { method: { pin: 'another' } });
    expect(uv.protocol).toBe(number);
  });

  test('wrong PINs are counted, and nothing is tried twice', async () => {
    const key = await keys.plugIn({ pin: PIN, pinUvAuthProtocols }, protocol);
    const device = await keys.open();
    const info = must(await getInfo(device, callOptions()));
    const wrong = (): Promise<Result<PinUvAuthToken, CommandError>> =>
      getPinUvAuthToken(device, info, { method: { pin: 'wrong' }, permissions: MC, rpId: RP_ID }, callOptions());
    expect(await wrong()).toMatchObject({ error: { statusName: 'pinInvalid' } });
    expect(await wrong()).toMatchObject({ error: { statusName: 'pinInvalid' } });
    expect(must(await getPinRetries(device, number, callOptions())).pinRetries).toBe(6);
    expect(await wrong()).toMatchObject({ error: { statusName: 'pinAuthBlocked' } });
    expect(must(await getPinRetries(device, number, callOptions())).pinRetries).toBe(5);
    await keys.virtualKey.client.powerCycle(key);
    await device.gone;
    await device.close();
    expect((await token(await keys.open(), info)).protocol).toBe(number);
  });
});

test('built-in user verification gives a token too', async () => {
  await keys.plugIn({ builtInUv: true, userVerified: true });
  const device = await keys.open();
  const info = must(await getInfo(device, callOptions()));
  expect(info.options).toMatchObject({ uv: true, pinUvAuthToken: true });
  const uv = await token(device, info, { method: 'uv' });
  const made = await makeCredential(device, { ...registration(), pinUvAuth: { param: uv.authenticate(HASH), protocol: uv.protocol } }, callOptions());
  expect(made.ok).toBe(true);
  expect(must(await getUvRetries(device, callOptions())).uvRetries).toBeGreaterThan(0);
});

test('failed user verification is counted', async () => {
  await keys.plugIn({ builtInUv: true, userVerified: false });
  const device = await keys.open();
  const info = must(await getInfo(device, callOptions()));
  const before = must(await getUvRetries(device, callOptions())).uvRetries;
  const failed = await getPinUvAuthToken(device, info, { method: 'uv', permissions: MC, rpId: RP_ID }, callOptions());
  expect(failed).toMatchObject({ error: { kind: 'ctap', statusName: 'uvInvalid' } });
  expect(must(await getUvRetries(device, callOptions())).uvRetries).toBe(before - 1);
});

test('a credential of the exclude list, an unknown one, and an assertion without a touch', async () => {
  await keys.plugIn();
  const device = await keys.open();
  const made = must(await makeCredential(device, registration(), callOptions()));
  const attestation = must(parseAttestationObject(made.attestationObject));
  const id = attestation.authenticatorData.attestedCredentialData?.credentialId ?? new Uint8Array();
  const listed = [{ id, type: 'public-key' }] as const;
  expect(await makeCredential(device, { ...registration(), excludeList: listed }, callOptions())).toMatchObject({
    error: { kind: 'ctap', command: 'makeCredential', statusName: 'credentialExcluded' },
  });
  const silent = { rpId: RP_ID, clientDataHash: HASH, options: { up: false } };
  const probed = must(await getAssertion(device, { ...silent, allowList: listed }, callOptions()));
  expect((probed.authData[32] ?? 0) & 1).toBe(0);
  const unknown = [{ id: new Uint8Array(16), type: 'public-key' }] as const;
  expect(await getAssertion(device, { ...silent, allowList: unknown }, callOptions())).toMatchObject({
    error: { kind: 'ctap', statusName: 'noCredentials' },
  });
});

test('reset takes everything away', async () => {
  await keys.plugIn({ pin: PIN });
  const device = await keys.open();
  must(await reset(device, callOptions()));
  expect(must(await getInfo(device, callOptions())).options.clientPin).toBe(false);
});

test('a key without a protocol that is known here cannot give a token', async () => {
  await keys.plugIn({ pin: PIN });
  const device = await keys.open();
  const info = must(await getInfo(device, callOptions()));
  const refused = await getPinUvAuthToken(
    device,
    { ...info, pinUvAuthProtocols: [9] },
    { method: { pin: PIN }, permissions: MC, rpId: RP_ID },
    callOptions(),
  );
  expect(refused).toMatchObject({ error: { kind: 'malformed', command: 'getInfo' } });
});

test('a corrupted answer is a typed error, and the next exchange works', async () => {
  const key = await keys.plugIn();
  const device = await keys.open();
  for (let step = 0; step < 4; step += 1) {
    await keys.virtualKey.client.configure(key, { faults: [{ direction: 'out', step, action: 'corrupt' }] });
    const result = await getInfo(device, callOptions({ stallTimeout: 300 }));
    if (!result.ok) expect(['transport', 'malformed', 'ctap']).toContain(result.error.kind);
    await keys.virtualKey.client.configure(key, { faults: [] });
    expect(await getInfo(device, callOptions())).toMatchObject({ ok: true });
  }
});
