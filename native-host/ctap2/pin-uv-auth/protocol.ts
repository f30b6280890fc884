import type { Bytes } from '../../../shared/bytes/bytes.ts';
import type { AuthenticatorInfo } from '../get-info.ts';
import { protocolOne } from './protocol-one.ts';
import { protocolTwo } from './protocol-two.ts';

/** Number of a PIN/UV auth protocol that is implemented here. */
export type PinUvAuthProtocolNumber = 1 | 2;

/**
 * The operations in which PIN/UV auth protocols differ.
 *
 * Source: CTAP 2.2 §6.5.4 "PIN/UV Auth Protocol Abstract Definition".
 */
export interface PinUvAuthProtocol {
  readonly number: PinUvAuthProtocolNumber;
  /** The shared secret from the X coordinate (32 bytes) of the ECDH result. */
  readonly deriveSharedSecret: (sharedX: Bytes) => Bytes;
  /** Encrypts whole blocks of 16 bytes. */
  readonly encrypt: (sharedSecret: Bytes, plaintext: Bytes) => Bytes;
  /** Undoes `encrypt`; `undefined` when the length cannot be right. There is no integrity check. */
  readonly decrypt: (sharedSecret: Bytes, ciphertext: Bytes) => Bytes | undefined;
  /** The `pinUvAuthParam` for a message: 16 bytes with protocol one, 32 with two. The key is a shared secret or a token. */
  readonly authenticate: (key: Bytes, message: Bytes) => Bytes;
  /** Whether a decrypted pinUvAuthToken may have this length in bytes. */
  readonly isTokenLength: (length: number) => boolean;
}

/** The protocol of that number. */
export function pinUvAuthProtocol(number: PinUvAuthProtocolNumber): PinUvAuthProtocol {
  return number === 1 ? protocolOne : protocolTwo;
}

/**
 * The first protocol of the key's list that is implemented here. A key with a list that is absent is a CTAP 2.0 key,
 * which knows protocol one only.
 *
 * Source: CTAP 2.2 §6.4 (`pinUvAuthProtocols`: in order of decreasing authenticator preference).
 */
export function choosePinUvAuthProtocol(
  info: Pick<AuthenticatorInfo, 'pinUvAuthProtocols'>,
): PinUvAuthProtocolNumber | undefined {
  const { pinUvAuthProtocols } = info;
  if (pinUvAuthProtocols.length === 0) return 1;
  return pinUvAuthProtocols.find((number) => number === 1 || number === 2);
}
