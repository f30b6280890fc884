import { describe, expect, it } from 'vitest';

import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { DEFAULT_OPTION_LIMITS, decodeCreationOptions, decodeRequestOptions } from '../../../shared/webauthn/options.ts';

const CREATION = {
  rp: { name: 'Example' },
  user: { id: 'AQ', name: 'ada', displayName: 'Ada' },
  challenge: 'AAEC',
  pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
};
const REQUEST = { challenge: 'AAEC' };

function idOf(length: number, first = 1): string {
  const bytes = new Uint8Array(length);
  bytes[0] = first;
  return encodeBase64url(bytes);
}

function creation(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const decoded = decodeCreationOptions({ ...CREATION, ...changes });
  return decoded.ok ? { ...decoded.value } : { error: decoded.error.name };
}

function request(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const decoded = decodeRequestOptions({ ...REQUEST, ...changes });
  return decoded.ok ? { ...decoded.value } : { error: decoded.error.name };
}

describe('decodeCreationOptions', () => {
  it('fills in every default', () => {
    expect(creation()).toEqual({
      rp: { name: 'Example' },
      user: { id: Uint8Array.of(1), name: 'ada', displayName: 'Ada' },
      challenge: Uint8Array.of(0, 1, 2),
      algorithms: [-7],
      timeout: 300_000,
      excludeCredentials: [],
      residentKey: 'discouraged',
      userVerification: 'preferred',
      attestation: 'none',
      attestationFormats: [],
      hints: [],
      extensions: {},
    });
  });

  it.each([
    ['no object', null],
    ['an array', []],
    ['no rp', { ...CREATION, rp: undefined }],
    ['no rp.name', { ...CREATION, rp: {} }],
    ['no user', { ...CREATION, user: undefined }],
    ['no user.name', { ...CREATION, user: { id: 'AQ', displayName: 'Ada' } }],
    ['no user.displayName', { ...CREATION, user: { id: 'AQ', name: 'ada' } }],
    ['a user.id of 65 bytes', { ...CREATION, user: { ...CREATION.user, id: idOf(65) } }],
    ['no challenge', { ...CREATION, challenge: undefined }],
    ['a padded challenge', { ...CREATION, challenge: 'AA==' }],
    ['no pubKeyCredParams', { ...CREATION, pubKeyCredParams: undefined }],
    ['a timeout that is text', { ...CREATION, timeout: '5' }],
    ['an exclude list that is no list', { ...CREATION, excludeCredentials: {} }],
    ['extensions that are no object', { ...CREATION, extensions: 'prf' }],
    ['a requireResidentKey that is no boolean', { ...CREATION, authenticatorSelection: { requireResidentKey: 'yes' } }],
  ])('answers TypeError to %s', (_name, options) => {
    const decoded = decodeCreationOptions(options);
    expect(decoded.ok ? 'accepted' : decoded.error.name).toBe('TypeError');
  });

  it('takes a user.id of up to 64 bytes, an empty one too', () => {
    for (const length of [0, 1, 64]) {
      expect(creation({ user: { ...CREATION.user, id: idOf(length) } })).not.toHaveProperty('error');
    }
  });

  it('never puts what the page sent into the reason', () => {
    const decoded = decodeCreationOptions({ ...CREATION, challenge: '<img src=x>' });
    expect(JSON.stringify(decoded)).not.toContain('img');
  });

  it.each([
    ['an empty list means ES256 and RS256', [], [-7, -257]],
    ['other types are passed over', [{ type: 'password', alg: -7 }, { type: 'public-key', alg: -8 }], [-8]],
    ['each algorithm once, in order', [-257, -7, -257].map((alg) => ({ type: 'public-key', alg })), [-257, -7]],
    ['text becomes its number', [{ type: 'public-key', alg: '-7' }], [-7]],
    ['unknown algorithms stay', [{ type: 'public-key', alg: -48 }], [-48]],
  ])('pubKeyCredParams: %s', (_name, pubKeyCredParams, algorithms) => {
    expect(creation({ pubKeyCredParams })).toMatchObject({ algorithms });
  });

  it('answers NotSupportedError when no public-key entry is left', () => {
    expect(creation({ pubKeyCredParams: [{ type: 'password', alg: -7 }] })).toEqual({ error: 'NotSupportedError' });
  });

  it.each([
    [{}, 'discouraged'],
    [{ requireResidentKey: true }, 'required'],
    [{ requireResidentKey: true, residentKey: 'discouraged' }, 'discouraged'],
    [{ residentKey: 'preferred' }, 'preferred'],
    [{ residentKey: 'sometimes', requireResidentKey: true }, 'required'],
    [{ residentKey: 'sometimes' }, 'discouraged'],
  ])('residentKey of %o is %s', (authenticatorSelection, residentKey) => {
    expect(creation({ authenticatorSelection })).toMatchObject({ residentKey });
  });

  it('passes over unknown enumeration values and members', () => {
    const options = creation({
      attestation: 'please',
      hints: ['security-key', 'telepathy', 'security-key', 'hybrid'],
      authenticatorSelection: { authenticatorAttachment: 'none', userVerification: 'maybe', colour: 'blue' },
      unknown: { deep: [1] },
    });
    expect(options).toMatchObject({ attestation: 'none', hints: ['security-key', 'hybrid'], userVerification: 'preferred' });
    expect(options).not.toHaveProperty('authenticatorAttachment');
    expect(options).not.toHaveProperty('unknown');
  });

  it('does not find enumeration values in Object.prototype', () => {
    expect(creation({ attestation: 'constructor' })).toMatchObject({ attestation: 'none' });
  });

  it.each([
    [undefined, 300_000],
    [0, 300_000],
    [-5, 300_000],
    [400_000.7, 400_000],
    [2 ** 40, 600_000],
    [Number.POSITIVE_INFINITY, 600_000],
  ])('clamps the timeout %s to %s', (timeout, expected) => {
    expect(creation({ timeout })).toMatchObject({ timeout: expected });
  });

  it('takes other limits', () => {
    const limits = { ...DEFAULT_OPTION_LIMITS, timeout: { least: 10, most: 1000, standard: 500 }, maxCredentials: 1 };
    const decoded = decodeCreationOptions({ ...CREATION, timeout: 20 }, limits);
    expect(decoded.ok && decoded.value.timeout).toBe(20);
    const two = [idOf(2, 1), idOf(2, 2)].map((id) => ({ type: 'public-key', id }));
    expect(decodeCreationOptions({ ...CREATION, excludeCredentials: two }, limits).ok).toBe(false);
  });

  it('cuts names to 64 bytes between characters', () => {
    const options = creation({ user: { id: 'AQ', name: 'ü'.repeat(33), displayName: `${'a'.repeat(62)}😀` } });
    expect(options).toMatchObject({ user: { name: 'ü'.repeat(32), displayName: 'a'.repeat(62) } });
  });

  it('joins entries of the exclude list with the same id', () => {
    const excludeCredentials = [
      { type: 'public-key', id: 'AQ', transports: ['usb'] },
      { type: 'public-key', id: 'AQ', transports: ['nfc', 'usb', 'unheard-of'] },
    ];
    expect(creation({ excludeCredentials })).toMatchObject({
      excludeCredentials: [{ id: Uint8Array.of(1), transports: ['usb', 'nfc', 'unheard-of'] }],
    });
  });

  it('refuses lists of more than 64 entries, repetitions included', () => {
    const list = (count: number): unknown[] =>
      Array.from({ length: count }, (_entry, index) => ({ type: 'public-key', id: idOf(2, index % 40) }));
    expect(creation({ excludeCredentials: list(64) })).toMatchObject({ excludeCredentials: { length: 40 } });
    expect(creation({ excludeCredentials: list(65) })).toEqual({ error: 'RangeError' });
  });

  it('finds that no algorithm is left before it looks at user.id', () => {
    const user = { ...CREATION.user, id: idOf(65) };
    expect(creation({ user, pubKeyCredParams: [{ type: 'other', alg: -7 }] })).toEqual({ error: 'NotSupportedError' });
  });
});

describe('decodeRequestOptions', () => {
  it('fills in every default', () => {
    expect(request()).toEqual({
      challenge: Uint8Array.of(0, 1, 2),
      timeout: 300_000,
      allowCredentials: [],
      userVerification: 'preferred',
      hints: [],
      extensions: {},
    });
  });

  it('passes over entries that can match nothing', () => {
    const allowCredentials = [
      { type: 'public-key', id: 'AQ' },
      { type: 'password', id: 'Ag' },
      { type: 'public-key', id: '' },
      { type: 'public-key', id: idOf(1024) },
      { type: 'public-key', id: idOf(1023) },
    ];
    expect(request({ allowCredentials })).toMatchObject({ allowCredentials: [{ id: { length: 1 } }, { id: { length: 1023 } }] });
  });

  it('does not turn a list of which nothing is left into "any credential"', () => {
    expect(request({ allowCredentials: [{ type: 'password', id: 'AQ' }] })).toEqual({ error: 'NotAllowedError' });
  });

  it.each([
    ['no challenge', {}],
    ['an id that is not base64url', { ...REQUEST, allowCredentials: [{ type: 'public-key', id: '*' }] }],
    ['an rpId that is no text', { ...REQUEST, rpId: 5 }],
  ])('answers TypeError to %s', (_name, options) => {
    const decoded = decodeRequestOptions(options);
    expect(decoded.ok ? 'accepted' : decoded.error.name).toBe('TypeError');
  });
});
