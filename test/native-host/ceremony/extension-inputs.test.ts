import { describe, expect, test } from 'vitest';

import {
  encodeAuthenticationInputs,
  encodeRegistrationInputs,
  saltsAtAuthentication,
  saltsAtRegistration,
} from '../../../native-host/ceremony/extension-inputs.ts';
import type { RegistrationExtensions } from '../../../native-host/ceremony/request.ts';
import type { AuthenticatorInfo } from '../../../native-host/ctap2/get-info.ts';

function key(extensions: readonly string[], more: Partial<AuthenticatorInfo> = {}): AuthenticatorInfo {
  return {
    versions: ['FIDO_2_1'],
    extensions,
    aaguid: new Uint8Array(16),
    options: {},
    maxMsgSize: 1200,
    pinUvAuthProtocols: [1],
    transports: [],
    forcePINChange: false,
    minPINLength: 4,
    longTouchForReset: false,
    ...more,
  };
}

const ALL = ['credProtect', 'hmac-secret', 'minPinLength', 'credBlob', 'largeBlobKey'];
const ASKED: RegistrationExtensions = {
  credProtect: { level: 2, enforce: false },
  minPinLength: true,
  credBlob: Uint8Array.of(1, 2),
  prf: {},
  largeBlob: 'preferred',
};

describe('inputs of a registration', () => {
  const encode = (info: AuthenticatorInfo, residentKey = true): unknown =>
    Object.fromEntries(encodeRegistrationInputs(ASKED, info, { residentKey }));

  test('everything for a key that has it all', () => {
    expect(encode(key(ALL, { maxCredBlobLength: 32, options: { largeBlobs: true } }))).toEqual({
      credProtect: 2,
      minPinLength: true,
      credBlob: Uint8Array.of(1, 2),
      'hmac-secret': true,
      largeBlobKey: true,
    });
  });

  test.each([
    ['nothing for a key that has none', key([]), true, {}],
    ['no blob that is too long', key(['credBlob'], { maxCredBlobLength: 1 }), true, {}],
    ['no large blob for a credential that is not discoverable', key(ALL, { options: { largeBlobs: true } }), false, undefined],
    ['no large blob for a key without the command', key(['largeBlobKey']), true, {}],
  ])('%s', (_name, info, residentKey, expected) => {
    const encoded = encode(info, residentKey);
    if (expected === undefined) expect(encoded).not.toHaveProperty('largeBlobKey');
    else expect(encoded).toEqual(expected);
  });
});

describe('inputs of an authentication', () => {
  test('only what the key supports', () => {
    const asked = { getCredBlob: true, largeBlob: 'read' } as const;
    expect([...encodeAuthenticationInputs(asked, key([]))]).toEqual([]);
    expect(Object.fromEntries(encodeAuthenticationInputs(asked, key(ALL, { options: { largeBlobs: true } })))).toEqual({
      credBlob: true,
      largeBlobKey: true,
    });
  });
});

describe('salts', () => {
  const salts = (fill: number): { first: Uint8Array<ArrayBuffer> } => ({ first: new Uint8Array(32).fill(fill) });
  const [one, two, any] = [Uint8Array.of(1), Uint8Array.of(2), salts(9)];

  test('at registration only for hmac-secret-mc', () => {
    const prf = { prf: { salts: any } };
    expect(saltsAtRegistration(prf, key(['hmac-secret', 'hmac-secret-mc']))).toBe(any);
    expect(saltsAtRegistration(prf, key(['hmac-secret']))).toBeUndefined();
  });

  test('those of the credential go before those for any', () => {
    const prf = { prf: { salts: any, byCredential: [{ id: one, salts: salts(1) }] } };
    const info = key(['hmac-secret']);
    expect(saltsAtAuthentication(prf, info, { ids: [one] })).toEqual(salts(1));
    expect(saltsAtAuthentication(prf, info, { ids: [two] })).toBe(any);
    expect(saltsAtAuthentication(prf, info, { ids: [one, two] })).toBe(any);
    expect(saltsAtAuthentication({ prf: { byCredential: [] } }, info, { ids: [one] })).toBeUndefined();
    expect(saltsAtAuthentication(prf, key([]), { ids: [one] })).toBeUndefined();
  });
});
