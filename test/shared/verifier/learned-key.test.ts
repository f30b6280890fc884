import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { type Bytes, copyBytes } from '../../../shared/bytes/bytes.ts';
import { decodeCoseKey } from '../../../shared/cose/cose-key.ts';
import { candidateKeys, decodeLearnedCredential, learn, narrowCandidates, type Observation, type SignedAssertion } from '../../../shared/verifier/learned-key.ts';

const KEYS = { 'P-256': 'SHA256', 'P-384': 'SHA384', 'P-521': 'SHA512', secp256k1: 'SHA256' } as const;

function signer(curve: keyof typeof KEYS): { readonly publicX: string; assert: () => SignedAssertion } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve });
  return {
    publicX: publicKey.export({ format: 'jwk' }).x ?? '',
    assert() {
      const authenticatorData = copyBytes(randomBytes(37));
      const clientDataHash = copyBytes(createHash('sha256').update(randomBytes(8)).digest());
      const signature = copyBytes(sign(KEYS[curve], Buffer.concat([authenticatorData, clientDataHash]), privateKey));
      return { authenticatorData, clientDataHash, signature };
    },
  };
}

function xOf(key: Bytes): string {
  const decoded = decodeCoseKey(key);
  return decoded.ok && 'x' in decoded.value ? encodeBase64url(decoded.value.x) : '';
}

const observe = (assertion: SignedAssertion, signCount = 1): Observation => ({
  assertion,
  credentialId: 'AQID',
  rpId: 'example.org',
  signCount,
  backupEligible: false,
  backupState: false,
  now: 1000,
});

describe('candidateKeys', () => {
  it.each(['P-256', 'P-384', 'P-521'] as const)('finds the key of a signature on %s among two', async (curve) => {
    for (let round = 0; round < 3; round += 1) {
      const { publicX, assert } = signer(curve);
      const candidates = await candidateKeys(assert());
      expect(candidates).toHaveLength(2);
      expect(candidates.map(xOf)).toContain(publicX);
    }
  });

  it('finds none for other signatures', async () => {
    const { assert } = signer('P-256');
    const { privateKey } = generateKeyPairSync('ed25519');
    const signature = copyBytes(sign(null, randomBytes(69), privateKey));
    expect(await candidateKeys({ ...assert(), signature })).toEqual([]);
    expect(await candidateKeys({ ...assert(), signature: copyBytes(randomBytes(256)) })).toEqual([]);
    expect(await candidateKeys({ ...assert(), signature: new Uint8Array() })).toEqual([]);
    expect(await candidateKeys({ ...assert(), signature: Uint8Array.of(0x30, 6, 2, 1, 0, 2, 1, 0) })).toEqual([]);
  });
});

describe('learn', () => {
  it('knows the key after two signatures', async () => {
    const { publicX, assert } = signer('P-256');
    const first = await learn(undefined, observe(assert()));
    expect(first).toMatchObject({ isConfirmed: false, candidates: [expect.any(String), expect.any(String)] });
    const second = await learn(first, observe(assert(), 2));
    expect(second).toMatchObject({ isConfirmed: true, candidates: [expect.any(String)], signCount: 2 });
    const [key = ''] = second?.candidates ?? [];
    expect(xOf(copyBytes(Buffer.from(key, 'base64url')))).toBe(publicX);
    expect(decodeLearnedCredential(JSON.parse(JSON.stringify(second)))).toEqual(second);
  });

  it('keeps a confirmed key against the signature of another', async () => {
    const { assert } = signer('P-256');
    const known = await learn(await learn(undefined, observe(assert())), observe(assert()));
    const other = signer('P-256').assert();
    expect(await learn(known, observe(other))).toEqual(known);
    expect(await narrowCandidates(known?.candidates ?? [], other)).toBeUndefined();
  });

  it('begins anew when the candidates of one signature do not explain the next', async () => {
    const first = await learn(undefined, observe(signer('P-256').assert()));
    const second = await learn(first, observe(signer('P-256').assert()));
    expect(second?.isConfirmed).toBe(false);
    expect(second?.candidates).not.toEqual(first?.candidates);
  });

  it('never confirms a key for a curve that it does not learn', async () => {
    const { assert } = signer('secp256k1');
    let known: Awaited<ReturnType<typeof learn>>;
    for (let round = 0; round < 6; round += 1) {
      known = await learn(known, observe(assert()));
      expect(known?.isConfirmed ?? false).toBe(false);
    }
  });

  it('decodes only its own records', () => {
    for (const value of [undefined, null, {}, { candidates: [] }]) expect(decodeLearnedCredential(value)).toBeUndefined();
  });
});
