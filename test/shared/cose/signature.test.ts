import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { importByOpenSsl } from '../../../native-host/verify/openssl.ts';
import { supportedAlgorithms, algorithmName, findAlgorithm } from '../../../shared/cose/algorithms.ts';
import { decodeEcdsaSignature, isValidSignature } from '../../../shared/cose/signature.ts';
import { importByWebCrypto } from '../../../shared/cose/web-crypto.ts';
import { signerOf } from './signer.ts';

const DATA = new Uint8Array(Buffer.from('what was signed'));

function integer(...content: readonly number[]): number[] {
  return [0x02, content.length, ...content];
}

function signature(...parts: readonly (readonly number[])[]): Uint8Array {
  const content = parts.flat();
  return Uint8Array.from([0x30, content.length, ...content]);
}

describe('decodeEcdsaSignature', () => {
  it('pads and strips to the length of a coordinate', () => {
    expect(decodeEcdsaSignature(signature(integer(0, 0x80), integer(1)), 2)).toEqual(Uint8Array.of(0, 0x80, 0, 1));
  });

  it.each([
    ['nothing', Uint8Array.of()],
    ['raw r and s', new Uint8Array(64).fill(1)],
    ['bytes behind it', Uint8Array.from([...signature(integer(1), integer(1)), 0])],
    ['a third integer', signature(integer(1), integer(1), integer(1))],
    ['one integer', signature(integer(1))],
    ['a negative number', signature(integer(0x80), integer(1))],
    ['a number with a needless zero', signature(integer(0, 1), integer(1))],
    ['an empty number', signature(integer(), integer(1))],
    ['zero written as nothing but a zero byte', signature(integer(0), integer(1))],
    ['a number longer than a coordinate', signature(integer(1, 1, 1), integer(1))],
    ['a set instead of a sequence', Uint8Array.from([0x31, ...signature(integer(1), integer(1)).slice(1)])],
    ['an indefinite length', Uint8Array.from([0x30, 0x80, ...integer(1), ...integer(1), 0, 0])],
    ['a length in long form without need', Uint8Array.from([0x30, 0x81, 6, ...integer(1), ...integer(1)])],
    ['a length beyond the end', Uint8Array.from([0x30, 7, ...integer(1), ...integer(1)])],
    ['a number whose length lies beyond the sequence', Uint8Array.from([0x30, 6, 2, 1, 1, 2, 9, 1])],
  ])('refuses %s', (_name, bytes) => {
    expect(decodeEcdsaSignature(bytes, 2)).toBeUndefined();
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => void decodeEcdsaSignature(bytes, 2)));
  });
});

describe.each([
  ['WebCrypto', importByWebCrypto],
  ['OpenSSL', importByOpenSsl],
])('isValidSignature, with keys of %s', (_platform, importKey) => {
  const has = (id: number): boolean => importKey === importByOpenSsl || algorithmName(id) !== 'ES256K';
  it.each(supportedAlgorithms().filter(has).map((id) => [algorithmName(id), id] as const))(
    'agrees with what Node signs: %s',
    async (_name, id) => {
      const info = findAlgorithm(id);
      if (info?.scheme === undefined) throw new TypeError('not supported');
      const signer = signerOf(info.scheme, info.curve);
      const key = await importKey(signer.material, info.scheme);
      if (!key.ok) throw new TypeError(key.error);
      const signed = signer.sign(DATA);
      expect(await isValidSignature(key.value, signed, DATA)).toBe(true);
      expect(await isValidSignature(key.value, signed, DATA.slice(1))).toBe(false);
      expect(await isValidSignature(key.value, signed.slice(1), DATA)).toBe(false);
      expect(await isValidSignature(key.value, new Uint8Array([...signed, 0]), DATA)).toBe(false);
      expect(await isValidSignature(key.value, new Uint8Array(signed.length), DATA)).toBe(false);
      expect(await isValidSignature(key.value, new Uint8Array(), DATA)).toBe(false);
    },
    20_000,
  );

  it.each([
    ['PS256', -37],
    ['RS256', -257],
  ] as const)('%s: a signature without its leading zero byte is not valid, though the number is the same', async (_name, id) => {
    const scheme = findAlgorithm(id)?.scheme;
    if (scheme === undefined) throw new TypeError('not supported');
    const signer = signerOf(scheme, undefined);
    const key = await importKey(signer.material, scheme);
    if (!key.ok) throw new TypeError(key.error);
    // One signature of 256 begins with zero.
    let data = new Uint8Array(4);
    let signed = signer.sign(data);
    for (let count = 1; signed[0] !== 0; count += 1) {
      data = new Uint8Array(new Uint32Array([count]).buffer);
      signed = signer.sign(data);
    }
    expect(await isValidSignature(key.value, signed, data)).toBe(true);
    expect(await isValidSignature(key.value, signed.slice(1), data)).toBe(false);
  });

  it('says "invalid" for a key of another kind', async () => {
    const { material } = signerOf({ name: 'Ed25519' }, 'Ed25519');
    for (const wrong of [material, { ...material, curve: 'P-256' as const }, { format: 'spki' as const, bytes: material.bytes }]) {
      expect(await importKey(wrong, { name: 'ECDSA', hash: 'SHA-256' })).toMatchObject({ ok: false });
    }
  });
});
