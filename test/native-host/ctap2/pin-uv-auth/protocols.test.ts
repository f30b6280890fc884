import { createECDH } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { encapsulate } from '../../../../native-host/ctap2/pin-uv-auth/encapsulate.ts';
import { hashPin, padNewPin, validateNewPin } from '../../../../native-host/ctap2/pin-uv-auth/pin.ts';
import { choosePinUvAuthProtocol, pinUvAuthProtocol } from '../../../../native-host/ctap2/pin-uv-auth/protocol.ts';
import { PinUvAuthToken } from '../../../../native-host/ctap2/pin-uv-auth/token.ts';
import type { Bytes } from '../../../../shared/bytes/bytes.ts';
import { decodeHex, encodeHex } from '../../../../shared/bytes/hex.ts';
import type { CborMap } from '../../../../shared/cbor/value.ts';

// Made once with Python's hashlib and hmac, OpenSSL's command line for AES, and textbook arithmetic on P-256.
const VECTOR = {
  platformPrivate: '6ad24d64804cf4a717a4cd10a6f742f59bff3e8d0aab2e278281114cdaaadefc',
  platformX: 'c5ca34ebdbc12daeec56121713398898c476aae5e76bdb568645a3e9dc7e976d',
  platformY: '2478faaf489c9e779c7355a46a7263f97eb96009fde3ff45a85def9889568747',
  authenticatorX: '5c4a092851700d45e5b98f981e606751dbf9ee347e51e7963372fce6d1d8aeaf',
  authenticatorY: '75b70271b54760d63dbb373f2c4454573ddfee24354aa5cf8b7b07bfaf1187aa',
  sharedX: '374ef02f01be43e533d1356e42508e0543d52abf40e51b8dc795e9bc9b29b1c2',
  plaintext: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
  message: '6d65737361676520746f2061757468656e746963617465',
} as const;

const PROTOCOLS = [
  {
    number: 1,
    sharedSecret: '1bea002355b1af3cd7a2da207b1a07b5d0a7b63b3816e85b0df3064bb53da0a7',
    ciphertext: '655469c44fb85b318c6a33b3449c6f4b289c1c9f9865306bdb0144a8caead8d7',
    param: 'e78ddfe05d8557e807f8acd401d062a3',
  },
  {
    number: 2,
    sharedSecret:
      '45f9d560aa92ff734c9d31dcad77e715c774e090946107d13c6119d956bfb9cd190d65638951dbb0cbc8b8a25a90475766ce514505a83f5098b9825dffa082fa',
    ciphertext:
      'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf50bfb0984e6028816a6bfea80a0010521fef5b5966379e20af906468f060c127',
    param: '010866da0c0873bd3c0087ddd4f51328a964e99541a526bf33269dc197f41c20',
  },
] as const;

function bytes(digits: string): Bytes {
  return decodeHex(digits) ?? new Uint8Array();
}

function coseKey(x: string, y: string): CborMap {
  return new Map<number, number | Bytes>([
    [1, 2],
    [3, -25],
    [-1, 1],
    [-2, bytes(x)],
    [-3, bytes(y)],
  ]);
}

describe.each(PROTOCOLS)('PIN/UV auth protocol $number', ({ number, sharedSecret, ciphertext, param }) => {
  const protocol = pinUvAuthProtocol(number);

  test('key agreement', () => {
    const ours = createECDH('prime256v1');
    ours.setPrivateKey(VECTOR.platformPrivate, 'hex');
    const agreed = encapsulate(protocol, coseKey(VECTOR.authenticatorX, VECTOR.authenticatorY), ours);
    expect(encodeHex(agreed?.sharedSecret ?? new Uint8Array())).toBe(sharedSecret);
    expect(agreed?.keyAgreement).toEqual(coseKey(VECTOR.platformX, VECTOR.platformY));
  });

  test('a fresh key pair for each agreement', () => {
    const theirs = coseKey(VECTOR.authenticatorX, VECTOR.authenticatorY);
    expect(encapsulate(protocol, theirs)?.keyAgreement).not.toEqual(encapsulate(protocol, theirs)?.keyAgreement);
  });

  test('shared secret', () => {
    expect(encodeHex(protocol.deriveSharedSecret(bytes(VECTOR.sharedX)))).toBe(sharedSecret);
  });

  test('decryption, and encryption for it', () => {
    const secret = bytes(sharedSecret);
    const plaintext = bytes(VECTOR.plaintext);
    expect(protocol.decrypt(secret, bytes(ciphertext))).toEqual(plaintext);
    expect(protocol.decrypt(secret, protocol.encrypt(secret, plaintext))).toEqual(plaintext);
    expect(protocol.encrypt(secret, plaintext)).toHaveLength(ciphertext.length / 2);
  });

  test('ciphertexts of impossible lengths are refused', () => {
    for (const length of [0, 1, 15, 17, 33]) {
      expect(protocol.decrypt(bytes(sharedSecret), new Uint8Array(length))).toBeUndefined();
    }
  });

  test('authentication', () => {
    expect(encodeHex(protocol.authenticate(bytes(sharedSecret), bytes(VECTOR.message)))).toBe(param);
  });

  test('a token authenticates until it is destroyed', () => {
    const token = new PinUvAuthToken(number, bytes(sharedSecret));
    expect(encodeHex(token.authenticate(bytes(VECTOR.message)))).toBe(param);
    token.destroy();
    token.destroy();
    expect(() => token.authenticate(bytes(VECTOR.message))).toThrow('destroyed');
  });
});

test("protocol one's encryption", () => {
  const encrypted = pinUvAuthProtocol(1).encrypt(bytes(PROTOCOLS[0].sharedSecret), bytes(VECTOR.plaintext));
  expect(encodeHex(encrypted)).toBe(PROTOCOLS[0].ciphertext);
});

test("protocol two's encryption is never the same", () => {
  const encrypt = (): Bytes => pinUvAuthProtocol(2).encrypt(bytes(PROTOCOLS[1].sharedSecret), bytes(VECTOR.plaintext));
  expect(encrypt()).not.toEqual(encrypt());
});

test.each([
  ['a point off the curve', coseKey(VECTOR.authenticatorX, VECTOR.authenticatorX)],
  ['short coordinates', coseKey('01', '02')],
  ['another curve', new Map([...coseKey(VECTOR.authenticatorX, VECTOR.authenticatorY), [-1, 2]])],
  ['no map', undefined],
])('no agreement with %s', (_name, key) => {
  expect(encapsulate(pinUvAuthProtocol(2), key)).toBeUndefined();
});

test.each([
  [[2, 1], 2],
  [[1, 2], 1],
  [[3, 1], 1],
  [[], 1],
  [[3], undefined],
])("of the key's list %j protocol %s is chosen", (pinUvAuthProtocols, expected) => {
  expect(choosePinUvAuthProtocol({ pinUvAuthProtocols })).toBe(expected);
});

describe('PINs', () => {
  const composed = 'Pa\u00dfwort\u00e9';
  const decomposed = 'Pa\u00dfworte\u0301';

  test('hash of the normalised form', () => {
    expect(encodeHex(hashPin(composed))).toBe('215f1177eae92eb17a797f6e4f5b292f');
    expect(hashPin(decomposed)).toEqual(hashPin(composed));
  });

  test.each([
    ['123', 4, 'tooShort'],
    ['12345', 6, 'tooShort'],
    ['1234', 0, undefined],
    // Four code points of two UTF-16 units each, and two that normalise to one.
    ['\u{1f511}\u{1f511}\u{1f511}\u{1f511}', 4, undefined],
    ['\u{1f511}\u{1f511}', 4, 'tooShort'],
    ['abce\u0301', 5, 'tooShort'],
    ['a'.repeat(63), 4, undefined],
    ['a'.repeat(64), 4, 'tooLong'],
    ['\u00e9'.repeat(32), 4, 'tooLong'],
  ])('new PIN %j with a minimum of %i: %s', (pin, minimum, problem) => {
    const validated = validateNewPin(pin, minimum);
    expect(validated.ok ? undefined : validated.error).toBe(problem);
  });

  test('a new PIN is normalised, and padded to 64 bytes', () => {
    const validated = validateNewPin(decomposed);
    const pin = validated.ok ? validated.value : new Uint8Array();
    expect(new TextDecoder().decode(pin)).toBe(composed);
    const padded = padNewPin(pin);
    expect(padded).toHaveLength(64);
    expect(padded.subarray(0, pin.length)).toEqual(pin);
    expect(padded.subarray(pin.length).every((byte) => byte === 0)).toBe(true);
  });
});
