import type { webcrypto } from 'node:crypto';

declare global {
  /** WebCrypto's type as a global name, as browsers have it: shared code uses it, Node's declarations keep it in a module. */
  type CryptoKey = webcrypto.CryptoKey;
}
