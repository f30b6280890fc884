import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { importByOpenSsl } from '../../../native-host/verify/openssl.ts';
import { CURVES, algorithmName, findAlgorithm, supportedAlgorithms } from '../../../shared/cose/algorithms.ts';
import { isValidRawSignature } from '../../../shared/cose/signature.ts';
import { importByWebCrypto } from '../../../shared/cose/web-crypto.ts';
import { signerOf } from '../../shared/cose/signer.ts';
import { judge, loadVectors } from '../../shared/verifier/vectors.ts';

const vectors = loadVectors();
const describeVectors = vectors.length === 0 ? describe.skip : describe;
if (vectors.length === 0) console.warn('No vectors beside the checkout (../shared/vectors): their tests are skipped.');

describeVectors('vectors', () => {
  it('gives the same report as with WebCrypto, check by check', async () => {
    for (const vector of vectors) {
      expect(await judge(vector, importByOpenSsl), vector.name).toEqual(await judge(vector, importByWebCrypto));
    }
  }, 60_000);
});

/** All but ES256K, which WebCrypto lacks. */
const COMMON = supportedAlgorithms().map((id) => [algorithmName(id), id] as const).filter(([name]) => name !== 'ES256K');

describe('signatures that nobody made', () => {
  it.each(COMMON)('are invalid as with WebCrypto: %s', async (_name, id) => {
    const info = findAlgorithm(id);
    if (info?.scheme === undefined) throw new TypeError('not supported');
    const { material, sign } = signerOf(info.scheme, info.curve);
    const keys = [await importByOpenSsl(material, info.scheme), await importByWebCrypto(material, info.scheme)];
    const { length } = sign(new Uint8Array(1));
    const ofLength = (size: number): fc.Arbitrary<Uint8Array> =>
      fc.oneof(fc.uint8Array({ minLength: size, maxLength: size }), fc.constantFrom(0x00, 0xff).map((byte) => new Uint8Array(size).fill(byte)));
    const rawLength = info.curve === undefined ? length : 2 * CURVES[info.curve].coordinateLength;
    const signature = fc.oneof(ofLength(rawLength), fc.uint8Array({ maxLength: 2 * length }));
    await fc.assert(
      fc.asyncProperty(signature, fc.uint8Array({ maxLength: 100 }), async (bytes, data) => {
        for (const key of keys) {
          expect(key.ok && (await isValidRawSignature(key.value, new Uint8Array(bytes), new Uint8Array(data)))).toBe(false);
        }
      }),
    );
  });

  it.each(COMMON)('and keys of another kind are not taken: %s', async (_name, id) => {
    const info = findAlgorithm(id);
    if (info?.scheme === undefined) throw new TypeError('not supported');
    const other = info.scheme.name === 'ECDSA' ? signerOf({ name: 'Ed25519' }, 'Ed25519') : signerOf({ name: 'ECDSA', hash: 'SHA-256' }, 'P-256');
    expect(await importByOpenSsl(other.material, info.scheme)).toEqual(await importByWebCrypto(other.material, info.scheme));
    expect(await importByOpenSsl(other.material, info.scheme)).toMatchObject({ ok: false });
  });
});
