import { KeyObject, constants, verify } from 'node:crypto';

import type { HashName, SignatureScheme } from '../../shared/cose/algorithms.ts';
import type { KeyImporter, VerificationKey } from '../../shared/cose/signature.ts';
import { webCryptoImporter } from '../../shared/cose/web-crypto.ts';

const DIGESTS: Readonly<Record<HashName, string>> = { 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' };

/**
 * A {@link KeyImporter} whose signatures OpenSSL checks at once. WebCrypto's imports, so that both take the same keys;
 * but each of its verifications is a trip through a thread pool that takes as long as the verification.
 */
export const importByOpenSsl: KeyImporter = webCryptoImporter((key, scheme) => verifierOf(KeyObject.from(key), scheme));

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
