import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

import { concatBytes, copyBytes } from '../../../shared/bytes/bytes.ts';
import type { PinUvAuthProtocol } from './protocol.ts';

const BLOCK_LENGTH = 16;
const KEY_LENGTH = 32;
const ZERO_SALT = new Uint8Array(32);

/** PIN/UV auth protocol two. The shared secret is an HMAC key and an AES key, 32 bytes each. Source: CTAP 2.2 §6.5.7. */
export const protocolTwo: PinUvAuthProtocol = {
  number: 2,
  deriveSharedSecret: (sharedX) =>
    concatBytes(
      new Uint8Array(hkdfSync('sha256', sharedX, ZERO_SALT, 'CTAP2 HMAC key', KEY_LENGTH)),
      new Uint8Array(hkdfSync('sha256', sharedX, ZERO_SALT, 'CTAP2 AES key', KEY_LENGTH)),
    ),
  encrypt(sharedSecret, plaintext) {
    const iv = randomBytes(BLOCK_LENGTH);
    const cipher = createCipheriv('aes-256-cbc', sharedSecret.subarray(KEY_LENGTH), iv).setAutoPadding(false);
    return concatBytes(iv, cipher.update(plaintext), cipher.final());
  },
  decrypt(sharedSecret, ciphertext) {
    if (ciphertext.length <= BLOCK_LENGTH || ciphertext.length % BLOCK_LENGTH !== 0) return undefined;
    const iv = ciphertext.subarray(0, BLOCK_LENGTH);
    const decipher = createDecipheriv('aes-256-cbc', sharedSecret.subarray(KEY_LENGTH), iv).setAutoPadding(false);
    return concatBytes(decipher.update(ciphertext.subarray(BLOCK_LENGTH)), decipher.final());
  },
  authenticate: (key, message) =>
    copyBytes(createHmac('sha256', key.subarray(0, KEY_LENGTH)).update(message).digest()),
  isTokenLength: (length) => length === 32,
};
