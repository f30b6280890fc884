import { createHash, createPublicKey, verify } from 'node:crypto';

import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';

import { U2fControl, decodeU2fAssertion, u2fAuthenticate } from '../../../native-host/u2f/authenticate.ts';
import { U2fStatus, encodeU2fRequest } from '../../../native-host/u2f/message.ts';
import { decodeU2fRegistration, u2fRegister } from '../../../native-host/u2f/register.ts';
import { getU2fVersion } from '../../../native-host/u2f/version.ts';
import { type Bytes, concatBytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import { encodeHex } from '../../../shared/bytes/hex.ts';
import { scriptedDevice } from '../support/scripted-device.ts';
import { type UdpKeys, callOptions, startUdpKeys } from '../support/udp-keys.ts';

const CHALLENGE = sha256('client data');
const APPLICATION = sha256('example.org');
const OK = Uint8Array.of(0x90, 0x00);
// P-256 as SubjectPublicKeyInfo, all but the point (RFC 5480 §2).
const SPKI_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');

function sha256(text: string): Bytes {
  return new Uint8Array(createHash('sha256').update(text).digest());
}

function isSigned(publicKey: Bytes, signed: Bytes, signature: Bytes): boolean {
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' });
  return verify('sha256', signed, key, signature);
}

describe('with a virtual key', () => {
  let keys: UdpKeys | undefined;

  afterEach(() => keys?.close());

  test('version, registration, check, authentication', async () => {
    keys = await startUdpKeys();
    await keys.plugIn({}, 'ctap1/u2f');
    const device = await keys.open();
    expect(device).toMatchObject({ supportsCbor: false, supportsU2f: true });
    expect(await getU2fVersion(device, callOptions())).toEqual({ ok: true, value: 'U2F_V2' });

    const params = { challenge: CHALLENGE, application: APPLICATION };
    const registered = await u2fRegister(device, params, callOptions());
    if (!registered.ok) throw new Error(JSON.stringify(registered.error));
    const { keyHandle, publicKey } = registered.value;

    const request = { ...params, keyHandle };
    const check = { ...request, control: U2fControl.checkOnly };
    expect(await u2fAuthenticate(device, check, callOptions())).toMatchObject({
      error: { kind: 'u2f', message: 'authenticate', status: U2fStatus.conditionsNotSatisfied },
    });
    expect(await u2fAuthenticate(device, { ...check, application: CHALLENGE }, callOptions())).toMatchObject({
      error: { kind: 'u2f', status: U2fStatus.wrongData },
    });

    const signed = await u2fAuthenticate(device, { ...request, control: U2fControl.enforceUserPresence }, callOptions());
    if (!signed.ok) throw new Error(JSON.stringify(signed.error));
    const { counter, signature, userPresent } = signed.value;
    const message = concatBytes(APPLICATION, Uint8Array.of(1, 0, 0, counter >> 8, counter & 0xff), CHALLENGE);
    expect(userPresent).toBe(true);
    expect(isSigned(publicKey, message, signature)).toBe(true);
  });

  test('a key that waits for a touch says so', async () => {
    keys = await startUdpKeys();
    await keys.plugIn({ touch: { mode: 'never' } }, 'ctap1/u2f');
    const device = await keys.open();
    expect(await u2fRegister(device, { challenge: CHALLENGE, application: APPLICATION }, callOptions())).toMatchObject({
      error: { kind: 'u2f', message: 'register', status: U2fStatus.conditionsNotSatisfied },
    });
  });
});

describe('messages', () => {
  test('extended-length APDUs', () => {
    expect(encodeHex(encodeU2fRequest('version', 0, new Uint8Array()))).toBe('00030000000000');
    const register = encodeU2fRequest('register', 0, concatBytes(CHALLENGE, APPLICATION));
    expect(encodeHex(register.subarray(0, 7))).toBe('00010000000040');
    expect(register).toHaveLength(7 + 64 + 2);
    expect(encodeHex(encodeU2fRequest('authenticate', 7, new Uint8Array(300)).subarray(0, 7))).toBe('0002070000012c');
  });

  test('an answer without a status word is malformed, another status an error', async () => {
    const device = scriptedDevice(Uint8Array.of(0x90), Uint8Array.of(0x6d, 0x00), OK);
    expect(await getU2fVersion(device, callOptions())).toMatchObject({ error: { kind: 'malformedU2f', message: 'version' } });
    expect(await getU2fVersion(device, callOptions())).toMatchObject({ error: { kind: 'u2f', status: 0x6d00 } });
    expect(await getU2fVersion(device, callOptions())).toEqual({ ok: true, value: '' });
  });

  test('a key handle that no U2F key can have made is a fault of the caller', async () => {
    const params = { control: U2fControl.checkOnly, challenge: CHALLENGE, application: APPLICATION, keyHandle: new Uint8Array(256) };
    await expect(u2fAuthenticate(scriptedDevice(), params, callOptions())).rejects.toThrow(RangeError);
  });

  test('a registration is taken apart, with short and long certificates', () => {
    const point = concatBytes(Uint8Array.of(4), new Uint8Array(64));
    for (const certificate of [
      Uint8Array.of(0x30, 1, 9),
      concatBytes(Uint8Array.of(0x30, 0x81, 0x80), new Uint8Array(0x80)),
      concatBytes(Uint8Array.of(0x30, 0x82, 1, 2), new Uint8Array(0x102)),
    ]) {
      const data = concatBytes(Uint8Array.of(5), point, Uint8Array.of(3, 1, 2, 3), certificate, encodeUtf8('signature'));
      expect(decodeU2fRegistration(data)).toEqual({
        ok: true,
        value: { publicKey: point, keyHandle: Uint8Array.of(1, 2, 3), certificate, signature: encodeUtf8('signature') },
      });
      for (let length = 0; length <= data.length - encodeUtf8('signature').length; length += 1) {
        expect(decodeU2fRegistration(data.subarray(0, length))).toMatchObject({ error: { kind: 'malformedU2f' } });
      }
    }
  });

  test('any bytes give a value or a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        for (const result of [decodeU2fRegistration(bytes), decodeU2fAssertion(bytes)]) {
          if (!result.ok) expect(result.error.kind).toBe('malformedU2f');
        }
        expect(decodeU2fAssertion(bytes).ok).toBe(bytes.length > 5);
      }),
    );
  });
});
