import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { decodeResponse } from '../../../native-host/ctap2/command.ts';
import { ctapStatusName } from '../../../native-host/ctap2/status.ts';
import { encodeGetAssertion, getAssertion } from '../../../native-host/ctap2/get-assertion.ts';
import { getNextAssertion } from '../../../native-host/ctap2/get-next-assertion.ts';
import { encodeMakeCredential, makeCredential } from '../../../native-host/ctap2/make-credential.ts';
import { getPinRetries, getUvRetries } from '../../../native-host/ctap2/client-pin/retries.ts';
import { concatBytes } from '../../../shared/bytes/bytes.ts';
import { encodeHex } from '../../../shared/bytes/hex.ts';
import { decodeCborStrict, encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborMap, CborValue } from '../../../shared/cbor/value.ts';
import { okResponse, scriptedDevice } from '../support/scripted-device.ts';
import { callOptions } from '../support/udp-keys.ts';

const HASH = new Uint8Array(32).fill(1);
const ID = Uint8Array.of(9, 9, 9);
const AUTH_DATA = new Uint8Array(37).fill(3);
const SIGNATURE = Uint8Array.of(0x30, 0);
const MAKE = {
  clientDataHash: HASH,
  rp: { id: 'example.org', name: 'Example' },
  user: { id: ID, name: 'ada', displayName: 'Ada' },
  pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
} as const;

function map(...members: readonly (readonly [CborValue, CborValue])[]): CborMap {
  return new Map(members);
}

describe('status bytes', () => {
  test('every byte has a name', () => {
    for (let status = 0; status <= 0xff; status += 1) expect(ctapStatusName(status)).toMatch(/^\w+$|^unknown\(0x[0-9a-f]{2}\)$/);
    expect(ctapStatusName(0x31)).toBe('pinInvalid');
    expect(ctapStatusName(0x99)).toBe('unknown(0x99)');
  });

  test('a status other than success is an error with its name', () => {
    expect(decodeResponse('getAssertion', Uint8Array.of(0x2e, 1, 2, 3))).toEqual({
      ok: false,
      error: { kind: 'ctap', command: 'getAssertion', status: 0x2e, statusName: 'noCredentials' },
    });
  });
});

describe('response bodies', () => {
  test('none is an empty map', () => {
    expect(decodeResponse('reset', Uint8Array.of(0))).toEqual({ ok: true, value: new Map() });
  });

  test.each([
    ['nothing at all', []],
    ['an array', [0, 0x80]],
    ['a cut map', [0, 0xa1, 1]],
    ['bytes behind the map', [0, 0xa0, 0]],
    ['an indefinite map', [0, 0xbf, 0xff]],
    ['deep nesting', [0, ...new Array<number>(100).fill(0x81), 0]],
    ['a length beyond the end', [0, 0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['the same key twice', [0, 0xa2, 1, 1, 1, 2]],
  ])('%s is malformed', (_name, response) => {
    expect(decodeResponse('makeCredential', Uint8Array.from(response))).toMatchObject({
      error: { kind: 'malformed', command: 'makeCredential' },
    });
  });

  test('any bytes give a value or a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const decoded = decodeResponse('clientPin', Uint8Array.of(0, ...bytes));
        if (!decoded.ok) expect(decoded.error.kind).toBe('malformed');
      }),
    );
  });
});

describe('makeCredential', () => {
  test('the least request', () => {
    expect(encodeHex(encodeCbor(encodeMakeCredential(MAKE)))).toBe(
      `a4015820${'01'.repeat(32)}` +
        '02a26269646b6578616d706c652e6f7267646e616d65674578616d706c65' +
        '03a362696443090909646e616d65636164616b646973706c61794e616d6563416461' +
        '0481a263616c672664747970656a7075626c69632d6b6579',
    );
  });

  test('everything that can be asked; empty lists and maps are not sent', () => {
    const full = encodeMakeCredential({
      ...MAKE,
      excludeList: [{ id: ID, type: 'public-key', transports: ['usb'] }],
      extensions: map(['credProtect', 2]),
      options: { rk: true },
      pinUvAuth: { param: SIGNATURE, protocol: 2 },
      enterpriseAttestation: 1,
      attestationFormatsPreference: ['packed'],
    });
    expect([...full.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(full.get(5)).toEqual([map(['id', ID], ['type', 'public-key'])]);
    expect(full.get(7)).toEqual(map(['rk', true]));
    expect(full.get(8)).toEqual(SIGNATURE);
    const empty = encodeMakeCredential({ ...MAKE, excludeList: [], extensions: new Map(), options: {} });
    expect([...empty.keys()]).toEqual([1, 2, 3, 4]);
  });

  test('an empty display name is left out, as some keys take none', () => {
    const request = encodeMakeCredential({ ...MAKE, user: { id: ID, name: '', displayName: '' } });
    expect(request.get(3)).toEqual(map(['id', ID], ['name', '']));
  });

  test('the attestation object is canonical and has the exact authenticator data', async () => {
    const statement = map(['sig', SIGNATURE], ['alg', -7]);
    const device = scriptedDevice(okResponse(map([1, 'packed'], [2, AUTH_DATA], [3, statement], [4, true], [5, HASH])));
    const made = await makeCredential(device, MAKE, callOptions());
    expect(device.requests[0]?.[0]).toBe(0x01);
    expect(made).toMatchObject({ ok: true, value: { fmt: 'packed', authData: AUTH_DATA, epAtt: true, largeBlobKey: HASH } });
    const object = made.ok ? made.value.attestationObject : new Uint8Array();
    expect(encodeHex(object.subarray(0, 5))).toBe('a363666d74');
    expect(decodeCborStrict(object)).toEqual({
      ok: true,
      value: map(['fmt', 'packed'], ['attStmt', statement], ['authData', AUTH_DATA]),
    });
  });

  test('only format none may come without a statement', async () => {
    const none = scriptedDevice(okResponse(map([1, 'none'], [2, AUTH_DATA])));
    expect(await makeCredential(none, MAKE, callOptions())).toMatchObject({ ok: true, value: { attStmt: new Map() } });
    const packed = scriptedDevice(okResponse(map([1, 'packed'], [2, AUTH_DATA])));
    expect(await makeCredential(packed, MAKE, callOptions())).toMatchObject({ error: { kind: 'malformed' } });
  });

  test.each([
    ['no format', map([2, AUTH_DATA], [3, new Map()])],
    ['no authenticator data', map([1, 'none'], [3, new Map()])],
    ['short authenticator data', map([1, 'none'], [2, AUTH_DATA.subarray(1)], [3, new Map()])],
    ['a statement that is a text', map([1, 'packed'], [2, AUTH_DATA], [3, 'text'])],
  ])('%s is malformed', async (_name, response) => {
    const device = scriptedDevice(okResponse(response));
    expect(await makeCredential(device, MAKE, callOptions())).toMatchObject({ error: { kind: 'malformed', command: 'makeCredential' } });
  });
});

describe('getAssertion', () => {
  test('a name that the key has cut inside a character is taken as far as it goes', async () => {
    const user = map(['id', ID], ['name', 'Zo\u00eb']);
    const encoded = encodeCbor(map([1, map(['id', ID], ['type', 'public-key'])], [2, AUTH_DATA], [3, SIGNATURE], [4, user]));
    // The last byte of the two that stand for the letter becomes one that cannot.
    const at = Buffer.from(encoded).indexOf(Buffer.from('c3ab', 'hex'));
    encoded[at + 1] = 0x41;
    const device = scriptedDevice(concatBytes(Uint8Array.of(0), encoded));
    const asserted = await getAssertion(device, { rpId: 'example.org', clientDataHash: HASH }, callOptions());
    expect(asserted).toMatchObject({ ok: true, value: { user: { id: ID } } });
    expect(asserted.ok && asserted.value.user?.name?.startsWith('Zo')).toBe(true);
  });

  const least = [[2, AUTH_DATA], [3, SIGNATURE]] as const;
  const params = { rpId: 'example.org', clientDataHash: HASH };

  test('requests', () => {
    expect([...encodeGetAssertion({ ...params, allowList: [] }).keys()]).toEqual([1, 2]);
    const full = encodeGetAssertion({
      ...params,
      allowList: [{ id: ID, type: 'public-key' }],
      extensions: map(['credBlob', true]),
      options: { up: false },
      pinUvAuth: { param: SIGNATURE, protocol: 1 },
    });
    expect([...full.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(full.get(5)).toEqual(map(['up', false]));
  });

  test('the least response, and a full one', async () => {
    const device = scriptedDevice(
      okResponse(map(...least)),
      okResponse(
        map(
          [1, map(['id', ID], ['type', 'public-key'])],
          ...least,
          [4, map(['id', ID], ['name', 'ada'], ['displayName', 7], ['icon', 'x'])],
          [5, 2],
          [6, true],
          [7, HASH],
        ),
      ),
    );
    expect(await getAssertion(device, params, callOptions())).toEqual({
      ok: true,
      value: { authData: AUTH_DATA, signature: SIGNATURE, userSelected: false },
    });
    expect(await getNextAssertion(device, callOptions())).toEqual({
      ok: true,
      value: {
        credential: { id: ID, type: 'public-key' },
        authData: AUTH_DATA,
        signature: SIGNATURE,
        user: { id: ID, name: 'ada' },
        numberOfCredentials: 2,
        userSelected: true,
        largeBlobKey: HASH,
      },
    });
    expect(device.requests[1]).toEqual(Uint8Array.of(0x08));
  });

  test('an account without its id counts as left out', async () => {
    const assertion = await getAssertion(scriptedDevice(okResponse(map(...least, [4, map(['name', 'ada'])]))), params, callOptions());
    expect(assertion).toMatchObject({ ok: true });
    expect(assertion.ok && 'user' in assertion.value).toBe(false);
  });

  test('a name that was cut in the middle of a character is taken', async () => {
    const whole = okResponse(map(...least, [4, map(['id', ID], ['name', 'zo\u00e9'])]));
    const cut = whole.slice(0, -1);
    // The header of a text of four bytes becomes that of one of three.
    cut[cut.lastIndexOf(0x64)] = 0x63;
    const got = await getAssertion(scriptedDevice(cut), params, callOptions());
    expect(got).toMatchObject({ ok: true, value: { user: { id: ID, name: 'zo\ufffd' } } });
  });

  test.each([
    ['no signature', map([2, AUTH_DATA])],
    ['an empty signature', map([2, AUTH_DATA], [3, new Uint8Array()])],
    ['no authenticator data', map([3, SIGNATURE])],
    ['a credential that is no map', map([1, 7], ...least)],
    ['a credential without id', map([1, map(['type', 'public-key'])], ...least)],
    ['a user that is no map', map(...least, [4, 'ada'])],
  ])('%s is malformed', async (_name, response) => {
    const got = await getAssertion(scriptedDevice(okResponse(response)), params, callOptions());
    expect(got).toMatchObject({ error: { kind: 'malformed', command: 'getAssertion' } });
  });
});

describe('retries', () => {
  test('CTAP 2.0 keys may not tell about the power cycle', async () => {
    const device = scriptedDevice(okResponse(map([3, 8])), okResponse(map([3, 5], [4, true])), okResponse(map([5, 3])));
    expect(await getPinRetries(device, 1, callOptions())).toEqual({ ok: true, value: { pinRetries: 8, powerCycleRequired: false } });
    expect(await getPinRetries(device, 2, callOptions())).toEqual({ ok: true, value: { pinRetries: 5, powerCycleRequired: true } });
    expect(await getUvRetries(device, callOptions())).toEqual({ ok: true, value: { uvRetries: 3 } });
    expect(device.requests.map(encodeHex)).toEqual(['06a201010201', '06a201020201', '06a10207']);
  });

  test('a missing count is malformed', async () => {
    const device = scriptedDevice(okResponse(new Map()), okResponse(new Map()));
    expect(await getPinRetries(device, 1, callOptions())).toMatchObject({ error: { kind: 'malformed' } });
    expect(await getUvRetries(device, callOptions())).toMatchObject({ error: { kind: 'malformed' } });
  });
});
