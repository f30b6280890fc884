import { failure, success } from '../bytes/result.ts';
import type { SignatureScheme } from './algorithms.ts';
import type { KeyImporter, VerificationKey } from './signature.ts';

/** The {@link KeyImporter} of every platform that has WebCrypto. */
export const importByWebCrypto: KeyImporter = /* @__PURE__ */ webCryptoImporter(
  (key, scheme) => (signature, data) => crypto.subtle.verify(scheme, key, signature, data),
);

/**
 * An importer that leaves the judgement on key and algorithm to WebCrypto, and the signatures to `verifierOf`'s
 * functions.
 */
export function webCryptoImporter(verifierOf: (key: CryptoKey, scheme: SignatureScheme) => VerificationKey['verify']): KeyImporter {
  return async (material, scheme) => {
    const curve = material.format === 'raw' ? material.curve : undefined;
    const algorithm = {
      name: scheme.name,
      ...(scheme.name === 'ECDSA' && curve !== undefined ? { namedCurve: curve } : {}),
      ...('hash' in scheme ? { hash: scheme.hash } : {}),
    };
    try {
      const key = await crypto.subtle.importKey(material.format, material.bytes, algorithm, false, ['verify']);
      const { modulusLength } = key.algorithm as { readonly modulusLength?: number };
      return success({
        scheme,
        ...(curve === undefined ? {} : { curve }),
        ...(modulusLength === undefined ? {} : { signatureLength: Math.ceil(modulusLength / 8) }),
        verify: verifierOf(key, scheme),
      });
    } catch (error) {
      // WebCrypto names its reasons: NotSupportedError for algorithms it lacks, others for keys it does not take.
      return failure(error instanceof Error && error.name === 'NotSupportedError' ? 'unsupported' : 'invalid');
    }
  };
}
