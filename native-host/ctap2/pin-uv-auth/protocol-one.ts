import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';

import { type Bytes, concatBytes, copyBytes } from '../../../shared/bytes/bytes.ts';
import type { PinUvAuthProtocol } from './protocol.ts';

const BLOCK_LENGTH = 16;
const PARAM_LENGTH = 16;
const ZERO_IV = new Uint8Array(BLOCK_LENGTH);

/** PIN/UV auth protocol one. Source: CTAP 2.2 §6.5.6. */
export const protocolOne: PinUvAuthProtocol = {
  number: 1,
  deriveSharedSecret: (sharedX) => copyBytes(createHash('sha256').update(sharedX).digest()),
  encrypt(sharedSecret, plaintext) {
    const cipher = createCipheriv('aes-256-cbc', sharedSecret, ZERO_IV).setAutoPadding(false);
    return concatBytes(cipher.update(plaintext), cipher.final());
  },
  decrypt(sharedSecret, ciphertext) {
    if (ciphertext.length === 0 || ciphertext.length % BLOCK_LENGTH !== 0) return undefined;
    const decipher = createDecipheriv('aes-256-cbc', sharedSecret, ZERO_IV).setAutoPadding(false);
    return concatBytes(decipher.update(ciphertext), decipher.final());
  },
  authenticate: (key: Bytes, message: Bytes) =>
    copyBytes(createHmac('sha256', key).update(message).digest().subarray(0, PARAM_LENGTH)),
  isTokenLength: (length) => length === 16 || length === 32,
};
