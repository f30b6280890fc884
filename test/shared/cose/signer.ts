import { generateKeyPairSync, sign } from 'node:crypto';

import { CURVES, type CurveName, type SignatureScheme } from '../../../shared/cose/algorithms.ts';
import type { PublicKeyMaterial } from '../../../shared/cose/signature.ts';

/** A new key, ready for import, and what signs with it. */
export interface Signer {
  readonly material: PublicKeyMaterial;
  readonly sign: (data: Uint8Array) => Uint8Array<ArrayBuffer>;
}

/** Makes a key pair for a scheme; `curve` for those of elliptic curves. */
export function signerOf(scheme: SignatureScheme, curve: CurveName | undefined): Signer {
  const { publicKey, privateKey } =
    scheme.name === 'ECDSA'
      ? generateKeyPairSync('ec', { namedCurve: curve ?? '' })
      : scheme.name === 'Ed25519'
        ? generateKeyPairSync('ed25519')
        : scheme.name === 'Ed448'
          ? generateKeyPairSync('ed448')
          : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  const coordinate = curve === undefined ? 0 : CURVES[curve].coordinateLength;
  const rawLength = curve === 'Ed25519' || curve === 'Ed448' ? coordinate : 1 + 2 * coordinate;
  const padding = scheme.name === 'RSA-PSS' ? { padding: 6, saltLength: scheme.saltLength } : {};
  const hash = 'hash' in scheme ? scheme.hash.replace('-', '') : null;
  return {
    material: curve === undefined ? { format: 'spki', bytes: spki } : { format: 'raw', curve, bytes: spki.slice(-rawLength) },
    sign: (data) => new Uint8Array(sign(hash, data, { key: privateKey, ...padding })),
  };
}
