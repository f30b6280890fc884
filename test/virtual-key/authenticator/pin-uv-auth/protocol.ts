import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

import { type Bytes, concatBytes, copyBytes } from '../../../../shared/bytes/bytes.ts';

/**
 * The cryptography of one PIN/UV auth protocol. A shared secret is 32 bytes in protocol one, 64 in protocol two
 * (HMAC key, then AES key); a pinUvAuthToken serves as the key of `verify` too.
 */
export interface PinUvAuthProtocol {
  readonly number: 1 | 2;
  /** Derives the shared secret from the x coordinate of the ECDH point. */
  deriveSecret(sharedX: Bytes): Bytes;
  encrypt(secret: Bytes, plaintext: Bytes): Bytes;
  /** `undefined` for lengths that cannot be. */
  decrypt(secret: Bytes, ciphertext: Bytes): Bytes | undefined;
  verify(key: Bytes, message: Bytes, signature: Bytes): boolean;
}

const BLOCK = 16;
const ZERO_IV = new Uint8Array(BLOCK);

/** PIN/UV auth protocol one. Source: CTAP 2.1 §6.5.6. */
export function protocolOne(): PinUvAuthProtocol {
  return {
    number: 1,
    deriveSecret: (sharedX) => copyBytes(createHash('sha256').update(sharedX).digest()),
    encrypt: (secret, plaintext) => encryptCbc(secret, ZERO_IV, plaintext),
    decrypt: (secret, ciphertext) => decryptCbc(secret, ZERO_IV, ciphertext),
    verify: (key, message, signature) => equalMac(hmac(key, message).slice(0, 16), signature),
  };
}

/** PIN/UV auth protocol two; `random` gives the initialization vectors. Source: CTAP 2.1 §6.5.7. */
export function protocolTwo(random: (length: number) => Bytes): PinUvAuthProtocol {
  const derive = (sharedX: Bytes, info: string): Bytes =>
    new Uint8Array(hkdfSync('sha256', sharedX, new Uint8Array(32), info, 32));
  return {
    number: 2,
    deriveSecret: (sharedX) => concatBytes(derive(sharedX, 'CTAP2 HMAC key'), derive(sharedX, 'CTAP2 AES key')),
    encrypt: (secret, plaintext) => {
      const iv = random(BLOCK);
      return concatBytes(iv, encryptCbc(secret.slice(32), iv, plaintext));
    },
    decrypt: (secret, ciphertext) =>
      ciphertext.length < BLOCK
        ? undefined
        : decryptCbc(secret.slice(32), ciphertext.slice(0, BLOCK), ciphertext.slice(BLOCK)),
    verify: (key, message, signature) => equalMac(hmac(key.slice(0, 32), message), signature),
  };
}

function encryptCbc(key: Bytes, iv: Uint8Array, plaintext: Bytes): Bytes {
  const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  return concatBytes(cipher.update(plaintext), cipher.final());
}

function decryptCbc(key: Bytes, iv: Uint8Array, ciphertext: Bytes): Bytes | undefined {
  if (ciphertext.length === 0 || ciphertext.length % BLOCK !== 0) return undefined;
  const decipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  return concatBytes(decipher.update(ciphertext), decipher.final());
}

function hmac(key: Bytes, message: Bytes): Bytes {
  return copyBytes(createHmac('sha256', key).update(message).digest());
}

function equalMac(expected: Bytes, given: Bytes): boolean {
  return expected.length === given.length && timingSafeEqual(expected, given);
}
