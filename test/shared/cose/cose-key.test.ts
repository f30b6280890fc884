import { createPublicKey, generateKeyPairSync } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import { decodeCoseKey } from '../../../shared/cose/cose-key.ts';
import { encodeSpki } from '../../../shared/cose/spki.ts';

type Members = Map<CborValue, CborValue>;

function fromJwk(text: string | undefined): Bytes {
  return new Uint8Array(Buffer.from(text ?? '', 'base64url'));
}

function ec(curve: 'P-256' | 'P-384' | 'P-521' | 'secp256k1', algorithm: number, id: number): { members: Members; spki: Bytes } {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: curve });
  const { x, y } = publicKey.export({ format: 'jwk' });
  return {
    members: new Map<CborValue, CborValue>([[1, 2], [3, algorithm], [-1, id], [-2, fromJwk(x)], [-3, fromJwk(y)]]),
    spki: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
  };
}

function ed25519(): { members: Members; spki: Bytes } {
  const { publicKey } = generateKeyPairSync('ed25519');
  const { x } = publicKey.export({ format: 'jwk' });
  return {
    members: new Map<CborValue, CborValue>([[1, 1], [3, -8], [-1, 6], [-2, fromJwk(x)]]),
    spki: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
  };
}

function ed448(): { members: Members; spki: Bytes } {
  const { publicKey } = generateKeyPairSync('ed448');
  const { x } = publicKey.export({ format: 'jwk' });
  return {
    members: new Map<CborValue, CborValue>([[1, 1], [3, -53], [-1, 7], [-2, fromJwk(x)]]),
    spki: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
  };
}

function rsa(bits: number, algorithm = -257): { members: Members; spki: Bytes } {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const { n, e } = publicKey.export({ format: 'jwk' });
  return {
    members: new Map<CborValue, CborValue>([[1, 3], [3, algorithm], [-1, fromJwk(n)], [-2, fromJwk(e)]]),
    spki: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
  };
}

function outcome(members: Members): string {
  const decoded = decodeCoseKey(encodeCbor(members));
  return decoded.ok ? 'accepted' : decoded.error.problem;
}

const P256 = ec('P-256', -7, 1).members;
const ED25519 = ed25519().members;
const ED448 = ed448().members;
const RSA = rsa(2048).members;
const K256 = ec('secp256k1', -47, 8).members;

function changed(members: Members, ...changes: readonly (readonly [CborValue, CborValue])[]): Members {
  return new Map([...members, ...changes]);
}

function without(members: Members, label: CborValue): Members {
  return new Map([...members].filter(([key]) => key !== label));
}

function bytesOf(members: Members, label: CborValue): Bytes {
  return members.get(label) as Bytes;
}

describe('decodeCoseKey', () => {
  it.each([
    ['ES256', ec('P-256', -7, 1)],
    ['ESP256', ec('P-256', -9, 1)],
    ['ES384', ec('P-384', -35, 2)],
    ['ES512', ec('P-521', -36, 3)],
    ['ES256K', ec('secp256k1', -47, 8)],
    ['EdDSA', ed25519()],
    ['Ed448', ed448()],
    ['RS256', rsa(2048)],
    ['PS384', rsa(3072, -38)],
  ])('takes an %s key; its SubjectPublicKeyInfo is what Node writes', (_name, { members, spki }) => {
    const decoded = decodeCoseKey(encodeCbor(members));
    expect(decoded.ok && Buffer.from(encodeSpki(decoded.value)).toString('hex')).toBe(Buffer.from(spki).toString('hex'));
  });

  it('writes SubjectPublicKeyInfo that Node reads, for a modulus of 4096 bits', () => {
    const decoded = decodeCoseKey(encodeCbor(rsa(4096).members));
    const key = decoded.ok ? createPublicKey({ key: Buffer.from(encodeSpki(decoded.value)), format: 'der', type: 'spki' }) : undefined;
    expect(key?.asymmetricKeyDetails?.modulusLength).toBe(4096);
  });

  it.each<[string, Members, string]>([
    ['ES256 with crv P-384', changed(P256, [-1, 2]), 'mismatch'],
    ['ES384 label on a P-256 key', changed(P256, [3, -35]), 'mismatch'],
    ['kty RSA with ES256', changed(P256, [1, 3]), 'mismatch'],
    ['EdDSA with crv Ed448', changed(ED25519, [-1, 7]), 'mismatch'],
    ['a private d', changed(P256, [-4, new Uint8Array(32)]), 'malformed'],
    ['a private d of Ed25519', changed(ED25519, [-4, new Uint8Array(32)]), 'malformed'],
    ['a private exponent of RSA', changed(RSA, [-3, new Uint8Array(256)]), 'malformed'],
    ['a key ID', changed(P256, [2, new Uint8Array(1)]), 'malformed'],
    ['key operations', changed(P256, [4, [2]]), 'malformed'],
    ['compressed y', changed(P256, [-3, true]), 'malformed'],
    ['no y', without(P256, -3), 'malformed'],
    ['no algorithm', without(P256, 3), 'malformed'],
    ['an algorithm that is text', changed(P256, [3, 'ES256']), 'malformed'],
    ['x of 31 bytes', changed(P256, [-2, bytesOf(P256, -2).slice(1)]), 'unsound'],
    ['x of 33 bytes', changed(P256, [-2, new Uint8Array([0, ...bytesOf(P256, -2)])]), 'unsound'],
    ['a point off the curve', changed(P256, [-3, new Uint8Array(32).fill(1)]), 'unsound'],
    ['the point (0, 0)', changed(P256, [-2, new Uint8Array(32)], [-3, new Uint8Array(32)]), 'unsound'],
    ['coordinates beyond the field', changed(P256, [-2, new Uint8Array(32).fill(0xff)]), 'unsound'],
    ['an Ed25519 key of 31 bytes', changed(ED25519, [-2, new Uint8Array(31)]), 'unsound'],
    ['Ed448 with crv Ed25519', changed(ED448, [-1, 6]), 'mismatch'],
    ['an Ed448 key of 56 bytes', changed(ED448, [-2, bytesOf(ED448, -2).slice(0, 56)]), 'unsound'],
    ['an Ed448 key with a bit beside the sign', changed(ED448, [-2, new Uint8Array([...bytesOf(ED448, -2).slice(0, 56), 1])]), 'unsound'],
    ['a private d of Ed448', changed(ED448, [-4, new Uint8Array(57)]), 'malformed'],
    ['a modulus of 1024 bits', rsa(1024).members, 'unsound'],
    ['a modulus with a leading zero', changed(RSA, [-1, new Uint8Array([0, ...bytesOf(RSA, -1)])]), 'malformed'],
    ['an even modulus', changed(RSA, [-1, new Uint8Array(256).fill(0xfe)]), 'unsound'],
    ['the exponent 1', changed(RSA, [-2, Uint8Array.of(1)]), 'unsound'],
    ['an empty exponent', changed(RSA, [-2, new Uint8Array()]), 'unsound'],
    ['an even exponent', changed(RSA, [-2, Uint8Array.of(1, 0)]), 'unsound'],
    ['RS1', changed(RSA, [3, -65535]), 'unsupported'],
    ['RS1 with the key of a curve', changed(P256, [3, -65535]), 'mismatch'],
    ['ES256K with crv P-256', changed(P256, [3, -47]), 'mismatch'],
    ['ES256K with kty OKP', changed(K256, [1, 1]), 'mismatch'],
    ['ES256K off its curve', changed(P256, [3, -47], [-1, 8]), 'unsound'],
    ['ES256K with coordinates beyond the field', changed(K256, [-2, new Uint8Array(32).fill(0xff)]), 'unsound'],
    ['ES256K with x of 31 bytes', changed(K256, [-2, bytesOf(K256, -2).slice(1)]), 'unsound'],
    ['ES256K with compressed y', changed(K256, [-3, true]), 'malformed'],
    ['ES256K with a private d', changed(K256, [-4, new Uint8Array(32)]), 'malformed'],
    ['ML-DSA-44', new Map<CborValue, CborValue>([[1, 7], [3, -48], [-1, new Uint8Array(1312)]]), 'unsupported'],
    ['ML-DSA-87', new Map<CborValue, CborValue>([[1, 7], [3, -50], [-1, new Uint8Array(2592)]]), 'unsupported'],
    ['ML-DSA-65 with a key of ML-DSA-44', new Map<CborValue, CborValue>([[1, 7], [3, -49], [-1, new Uint8Array(1312)]]), 'unsound'],
    ['ML-DSA-44 with the key of a curve', changed(P256, [3, -48]), 'mismatch'],
    ['ML-DSA-44 without its key', new Map<CborValue, CborValue>([[1, 7], [3, -48]]), 'malformed'],
    ['ML-DSA-44 with its seed', new Map<CborValue, CborValue>([[1, 7], [3, -48], [-1, new Uint8Array(1312)], [-2, new Uint8Array(32)]]), 'malformed'],
    ['an algorithm without a name', changed(P256, [3, -12345]), 'unsupported'],
  ])('refuses %s', (_name, members, problem) => {
    expect(outcome(members)).toBe(problem);
  });

  // All encodings of points whose order divides 8, with and without the sign bit, canonical or not.
  it.each([
    '0100000000000000000000000000000000000000000000000000000000000000',
    '0000000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ])('refuses the Ed25519 key of small order %s', (text) => {
    for (const sign of [0, 0x80]) {
      const x = new Uint8Array(Buffer.from(text, 'hex'));
      x[31] = (x[31] ?? 0) | sign;
      expect(outcome(changed(ED25519, [-2, x]))).toBe('unsound');
    }
  });

  // y is 0, 1, -1, and what stands for 0 and 1 beyond the field.
  it.each(['00'.repeat(56), `01${'00'.repeat(55)}`, `fe${'ff'.repeat(27)}fe${'ff'.repeat(27)}`, `${'ff'.repeat(28)}fe${'ff'.repeat(27)}`, `${'00'.repeat(28)}${'ff'.repeat(28)}`])(
    'refuses the Ed448 key of small order %s',
    (text) => {
      for (const sign of ['00', '80']) expect(outcome(changed(ED448, [-2, new Uint8Array(Buffer.from(text + sign, 'hex'))]))).toBe('unsound');
    },
  );

  it('takes the Ed448 keys that Node makes, and about half of all random texts', () => {
    for (let round = 0; round < 20; round += 1) expect(outcome(ed448().members)).toBe('accepted');
    let taken = 0;
    for (let round = 0; round < 100; round += 1) {
      const x = new Uint8Array(57);
      crypto.getRandomValues(x);
      x[56] = (x[56] ?? 0) & 0x80;
      if (outcome(changed(ED448, [-2, x])) === 'accepted') taken += 1;
    }
    expect(Math.abs(taken - 50)).toBeLessThan(35);
  });

  it('takes the Ed25519 keys that Node makes, and about half of all random texts', () => {
    let accepted = 0;
    for (let count = 0; count < 40; count += 1) {
      expect(outcome(ed25519().members)).toBe('accepted');
      if (outcome(changed(ED25519, [-2, crypto.getRandomValues(new Uint8Array(32))])) === 'accepted') accepted += 1;
    }
    expect(accepted).toBeGreaterThan(2);
    expect(accepted).toBeLessThan(38);
  });

  it('refuses keys that are not canonical CBOR: unsorted members, long integers, duplicates, trailing bytes', () => {
    const canonical = encodeCbor(ED25519);
    const unsorted = new Uint8Array([0xa4, 3, 0x27, 1, 1, ...canonical.slice(5)]);
    const long = new Uint8Array([0xa4, 1, 1, 0x18, 3, ...canonical.slice(4)]);
    const duplicate = new Uint8Array([0xa5, 1, 1, ...canonical.slice(1)]);
    for (const bytes of [unsorted, long, duplicate, new Uint8Array([...canonical, 0])]) {
      const decoded = decodeCoseKey(bytes);
      expect(decoded.ok ? 'accepted' : decoded.error.problem).toBe('malformed');
    }
  });

  it('refuses the key form of early Solo 2 firmware: Ed25519 with the label of ES256', () => {
    expect(outcome(changed(ED25519, [3, -7]))).toBe('mismatch');
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void decodeCoseKey(bytes)));
    const canonical = encodeCbor(P256);
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (position, flip) => {
        const bytes = new Uint8Array(canonical);
        const index = position % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ flip;
        expect(decodeCoseKey(bytes).ok).toBe(false);
      }),
    );
  });
});
