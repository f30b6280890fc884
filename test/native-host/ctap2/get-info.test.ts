import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type AuthenticatorInfo, getInfo } from '../../../native-host/ctap2/get-info.ts';
import type { CommandError } from '../../../native-host/ctap2/errors.ts';
import { concatBytes } from '../../../shared/bytes/bytes.ts';
import type { Result } from '../../../shared/bytes/result.ts';
import { encodeHex } from '../../../shared/bytes/hex.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import { okResponse, scriptedDevice } from '../support/scripted-device.ts';
import { callOptions } from '../support/udp-keys.ts';

const AAGUID = new Uint8Array(16).fill(7);

function decode(...members: readonly (readonly [CborValue, CborValue])[]): Promise<Result<AuthenticatorInfo, CommandError>> {
  return getInfo(scriptedDevice(okResponse(new Map(members))), callOptions());
}

describe('getInfo', () => {
  test('a request of one byte', async () => {
    const device = scriptedDevice(okResponse(new Map()));
    await getInfo(device, callOptions());
    expect(device.requests).toEqual([Uint8Array.of(0x04)]);
  });

  test('the least that a key may say', async () => {
    expect(await decode([1, ['FIDO_2_0']], [3, AAGUID])).toEqual({
      ok: true,
      value: {
        versions: ['FIDO_2_0'],
        extensions: [],
        aaguid: AAGUID,
        options: {},
        maxMsgSize: 1024,
        pinUvAuthProtocols: [],
        transports: [],
        forcePINChange: false,
        minPINLength: 4,
        longTouchForReset: false,
      },
    });
  });

  test('all that a CTAP 2.3 key may say', async () => {
    const info = await decode(
      [0x01, ['U2F_V2', 'FIDO_2_0', 'FIDO_2_1', 'FIDO_2_3', 'FIDO_9_9']],
      [0x02, ['credProtect', 'hmac-secret', 'something-new']],
      [0x03, AAGUID],
      [0x04, new Map([['rk', true], ['clientPin', false], ['alwaysUv', true], ['unheardOf', true]])],
      [0x05, 1200],
      [0x06, [2, 1]],
      [0x07, 8],
      [0x08, 128],
      [0x09, ['nfc', 'usb']],
      [0x0a, [new Map<CborValue, CborValue>([['alg', -7], ['type', 'public-key']]), new Map<CborValue, CborValue>([['alg', -999], ['type', 'other']])]],
      [0x0b, 1024],
      [0x0c, true],
      [0x0d, 6],
      [0x0e, 5],
      [0x0f, 32],
      [0x10, 3],
      [0x11, 5],
      [0x12, 2],
      [0x13, new Map([['FIPS-CMVP-2', 1]])],
      [0x14, 20],
      [0x15, [1n << 62n]],
      [0x16, ['packed', 'none']],
      [0x17, 4],
      [0x18, true],
      [0x19, new Uint8Array(32)],
      [0x1a, ['usb']],
      [0x1b, true],
      [0x1c, new TextEncoder().encode('https://example.org/pin')],
      [0x1d, 63],
      [0x1e, new Uint8Array(32)],
      [0x1f, [1, 2, 3]],
      [0x20, 'from the future'],
    );
    expect(info).toEqual({
      ok: true,
      value: {
        versions: ['U2F_V2', 'FIDO_2_0', 'FIDO_2_1', 'FIDO_2_3', 'FIDO_9_9'],
        extensions: ['credProtect', 'hmac-secret', 'something-new'],
        aaguid: AAGUID,
        options: { rk: true, clientPin: false, alwaysUv: true },
        maxMsgSize: 1200,
        pinUvAuthProtocols: [2, 1],
        maxCredentialCountInList: 8,
        maxCredentialIdLength: 128,
        transports: ['nfc', 'usb'],
        algorithms: [-7],
        maxSerializedLargeBlobArray: 1024,
        forcePINChange: true,
        minPINLength: 6,
        firmwareVersion: 5,
        maxCredBlobLength: 32,
        maxRPIDsForSetMinPINLength: 3,
        preferredPlatformUvAttempts: 5,
        uvModality: 2,
        certifications: new Map([['FIPS-CMVP-2', 1]]),
        remainingDiscoverableCredentials: 20,
        vendorPrototypeConfigCommands: [1n << 62n],
        attestationFormats: ['packed', 'none'],
        uvCountSinceLastPinEntry: 4,
        longTouchForReset: true,
        encIdentifier: new Uint8Array(32),
        transportsForReset: ['usb'],
        pinComplexityPolicy: true,
        pinComplexityPolicyURL: 'https://example.org/pin',
        maxPINLength: 63,
        encCredStoreState: new Uint8Array(32),
        authenticatorConfigCommands: [1, 2, 3],
      },
    });
  });

  test('members of a wrong type count as absent', async () => {
    const members = Array.from({ length: 0x20 }, (_, index) => index + 4).map((key) => [key, null] as const);
    expect(await decode([1, ['FIDO_2_0', 7]], [3, AAGUID], [2, 'text'], ...members)).toMatchObject({
      ok: true,
      value: { versions: ['FIDO_2_0'], extensions: [], options: {}, maxMsgSize: 1024 },
    });
  });

  test.each([
    ['a map with byte strings as keys', '18 63 a1 42 0102 f5'],
    ['a map with arrays as keys', '18 63 a1 81 01 f5'],
    ['a float', '18 63 f9 3c00'],
    ['a tag', '18 63 c0 61 31'],
    ['a simple value', '18 63 e5'],
    ['anything, under a byte string', '42 0102 f5'],
  ])('an unknown member breaks nothing: %s', async (_name, member) => {
    const known = encodeHex(encodeCbor(new Map<CborValue, CborValue>([[1, ['FIDO_2_1']], [3, AAGUID], [4, new Map([['rk', true]])]]))).slice(2);
    const body = Buffer.from(`a4${known}${member.replaceAll(' ', '')}`, 'hex');
    const device = scriptedDevice(concatBytes(Uint8Array.of(0), body));
    expect(await getInfo(device, callOptions())).toMatchObject({ ok: true, value: { versions: ['FIDO_2_1'], options: { rk: true } } });
  });

  test('an unknown option that is no truth value leaves the others', async () => {
    const body = Buffer.concat([Buffer.from('a3018168', 'hex'), Buffer.from('FIDO_2_1'), Buffer.from('0350', 'hex'), AAGUID, Buffer.from('04a2626e77f93c0062726bf5', 'hex')]);
    const device = scriptedDevice(concatBytes(Uint8Array.of(0), body));
    expect(await getInfo(device, callOptions())).toMatchObject({ ok: true, value: { options: { rk: true } } });
  });

  test.each<[string, readonly (readonly [CborValue, CborValue])[]]>([
    ['no version', [[3, AAGUID]]],
    ['an empty list of versions', [[1, []], [3, AAGUID]]],
    ['no AAGUID', [[1, ['FIDO_2_0']]]],
    ['a short AAGUID', [[1, ['FIDO_2_0']], [3, new Uint8Array(15)]]],
  ])('%s is malformed', async (_name, members) => {
    expect(await decode(...members)).toMatchObject({ error: { kind: 'malformed', command: 'getInfo' } });
  });

  test('map keys out of order and long lengths are taken', async () => {
    const body = Uint8Array.of(0xa2, 3, 0x58, 16, ...AAGUID, 1, 0x81, 0x78, 8, ...new TextEncoder().encode('FIDO_2_1'));
    const device = scriptedDevice(concatBytes(Uint8Array.of(0), body));
    expect(await getInfo(device, callOptions())).toMatchObject({ ok: true, value: { versions: ['FIDO_2_1'] } });
  });

  test('an AAGUID is a copy of its own', async () => {
    const info = await decode([1, ['FIDO_2_0']], [3, AAGUID]);
    expect(info.ok && info.value.aaguid.buffer.byteLength).toBe(16);
  });

  test('any bytes give a value or a typed error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const info = await getInfo(scriptedDevice(Uint8Array.from(bytes)), callOptions());
        if (!info.ok) expect(['ctap', 'malformed']).toContain(info.error.kind);
      }),
    );
  });
});
