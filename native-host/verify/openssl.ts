import { KeyObject, constants, createPublicKey, verify } from 'node:crypto';

import { encodeBase64url } from '../../shared/bytes/base64url.ts';
import type { Bytes } from '../../shared/bytes/bytes.ts';
import { failure, success } from '../../shared/bytes/result.ts';
import { type CurveName, CURVES, type HashName, type SignatureScheme } from '../../shared/cose/algorithms.ts';
import type { KeyImporter, VerificationKey } from '../../shared/cose/signature.ts';
import { webCryptoImporter } from '../../shared/cose/web-crypto.ts';

const DIGESTS: Readonly<Record<HashName, string>> = { 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' };

/**
 * A {@link KeyImporter} whose signatures OpenSSL checks at once. WebCrypto imports, so that both take the same keys; but
 * each of its verifications is a trip through a thread pool that takes as long as the verification. Keys that WebCrypto
 * has not (secp256k1), or not for good (Ed448), go to OpenSSL itself.
 */
export const importByOpenSsl: KeyImporter = (material, scheme) => {
  if (material.format === 'raw' && isLeftToOpenSsl(material.curve, scheme)) return Promise.resolve(importPoint(material.curve, material.bytes, scheme));
  return importByWebCrypto(material, scheme);
};

const importByWebCrypto = webCryptoImporter((key, scheme) => verifierOf(KeyObject.from(key), scheme));

function isLeftToOpenSsl(curve: CurveName, { name }: SignatureScheme): boolean {
  return (curve === 'secp256k1' && name === 'ECDSA') || (curve === 'Ed448' && name === 'Ed448');
}

function importPoint(curve: CurveName, point: Bytes, scheme: SignatureScheme): Awaited<ReturnType<KeyImporter>> {
  const { coordinateLength } = CURVES[curve];
  const [kty, x, y] =
    scheme.name === 'ECDSA' ? ['EC', point.subarray(1, 1 + coordinateLength), point.subarray(1 + coordinateLength)] : ['OKP', point];
  try {
    const jwk = { kty, crv: curve, x: encodeBase64url(x), ...(y === undefined ? {} : { y: encodeBase64url(y) }) };
    return success({ scheme, curve, verify: verifierOf(createPublicKey({ key: jwk, format: 'jwk' }), scheme) });
  } catch {
    // Whoever read the key has seen that the point is one of the curve's: what remains is an OpenSSL without the curve.
    return failure('unsupported');
  }
}

function verifierOf(key: KeyObject, scheme: SignatureScheme): VerificationKey['verify'] {
  switch (scheme.name) {
    case 'ECDSA':
      return verifierBy(DIGESTS[scheme.hash], { key, dsaEncoding: 'ieee-p1363' });
    case 'RSASSA-PKCS1-v1_5':
      return verifierBy(DIGESTS[scheme.hash], { key, padding: constants.RSA_PKCS1_PADDING });
    case 'RSA-PSS':
      return verifierBy(DIGESTS[scheme.hash], { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltLength });
    case 'Ed25519':
    case 'Ed448':
      return verifierBy(null, { key });
  }
}

function verifierBy(digest: string | null, options: Parameters<typeof verify>[2]): VerificationKey['verify'] {
  return (signature, data) => verify(digest, data, options, signature);
}
