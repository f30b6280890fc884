import { createPublicKey } from 'node:crypto';

import { type Bytes, equalBytes } from '../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import { decodeCoseKey } from '../../../shared/cose/cose-key.ts';
import { encodeSpki } from '../../../shared/cose/spki.ts';
import { mustBeBounded } from '../engine/bounds.ts';
import { type FuzzTarget, mustHold } from '../engine/target.ts';
import { bytesOf, RESPONSES } from './responses.ts';

const modulus = new Uint8Array(256).fill(0xc5);
const ED25519_BASE = Uint8Array.from([0x58, ...new Array<number>(31).fill(0x66)]);
const ED448_BASE = new Uint8Array(Buffer.from('14fa30f25b790898adc8d74e2c13bdfdc4397ce61cffd33ad7c2a0051e9c78874098a36c7373ea4b62c7c9563720768824bcb66e71463f6900', 'hex'));

function cose(...members: readonly (readonly [number, CborValue])[]): Bytes {
  return encodeCbor(new Map<CborValue, CborValue>(members));
}

/** Public keys of credentials. */
export const coseKeyTarget: FuzzTarget = {
  name: 'cose-key',
  property: 'an accepted key is one for OpenSSL too, and encodes to the very bytes that it came from',
  covers: ['shared/cose/cose-key.ts', 'shared/cose/curves.ts', 'shared/cose/spki.ts'],
  structures: ['cbor'],
  seeds: [
    [bytesOf(RESPONSES.credential.publicKey)],
    [cose([1, 3], [3, -257], [-1, modulus], [-2, Uint8Array.of(1, 0, 1)])],
    [cose([1, 3], [3, -37], [-1, modulus], [-2, Uint8Array.of(3)])],
    [cose([1, 1], [3, -8], [-1, 6], [-2, ED25519_BASE])],
    [cose([1, 1], [3, -53], [-1, 7], [-2, ED448_BASE])],
    [cose([1, 2], [3, -35], [-1, 2], [-2, new Uint8Array(48)], [-3, new Uint8Array(48)])],
    [cose([1, 2], [3, -36], [-1, 3], [-2, new Uint8Array(66)], [-3, new Uint8Array(66)])],
    [cose([1, 2], [3, -47], [-1, 8], [-2, new Uint8Array(32)], [-3, new Uint8Array(32)])],
  ],
  run: (input) => {
    const [bytes = new Uint8Array()] = input;
    const decoded = decodeCoseKey(bytes);
    if (!decoded.ok) return `${decoded.error.problem} ${decoded.error.detail.replace(/-?\d+/g, '#')}`;
    const key = decoded.value;
    mustBeBounded(key, input);
    const members: Record<string, readonly (readonly [number, CborValue])[]> = {
      1: [[1, 1], [3, key.algorithm], [-1, 'curve' in key && key.curve === 'Ed448' ? 7 : 6], [-2, 'x' in key ? key.x : undefined]],
      2: [[1, 2], [3, key.algorithm], [-1, 'curve' in key ? ({ 'P-256': 1, 'P-384': 2, 'P-521': 3, Ed25519: 6, Ed448: 7, secp256k1: 8 } as const)[key.curve] : 0], [-2, 'x' in key ? key.x : undefined], [-3, 'y' in key ? key.y : undefined]],
      3: [[1, 3], [3, key.algorithm], [-1, 'n' in key ? key.n : undefined], [-2, 'e' in key ? key.e : undefined]],
    };
    mustHold(equalBytes(cose(...(members[key.keyType] ?? [])), bytes), 'An accepted key has no other form.');
    const spki = encodeSpki(key);
    const imported = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    mustHold(equalBytes(imported.export({ format: 'der', type: 'spki' }), spki), 'OpenSSL writes the key in the same way.');
    return `ok ${key.algorithm.toString()}`;
  },
};
