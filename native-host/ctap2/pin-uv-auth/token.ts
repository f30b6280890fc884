import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { type PinUvAuthProtocolNumber, pinUvAuthProtocol } from './protocol.ts';

/** What a pinUvAuthToken may be used for (CTAP 2.2 §6.5.5.7, "permissions"); combine with `|`. */
export const PinUvAuthPermission = {
  makeCredential: 0x01,
  getAssertion: 0x02,
  credentialManagement: 0x04,
  bioEnrollment: 0x08,
  largeBlobWrite: 0x10,
  authenticatorConfiguration: 0x20,
  persistentCredentialManagementReadOnly: 0x40,
} as const;

/**
 * A pinUvAuthToken: proof to the key that the user was verified. Good for one operation with a touch, and for 30 seconds
 * unused: get a fresh one rather than keep it.
 */
export class PinUvAuthToken {
  readonly protocol: PinUvAuthProtocolNumber;
  #token: Bytes | undefined;

  /** @param token the decrypted token; this object overwrites it at {@link destroy}. */
  constructor(protocol: PinUvAuthProtocolNumber, token: Bytes) {
    this.protocol = protocol;
    this.#token = token;
  }

  /**
   * The `pinUvAuthParam` for a message, which for makeCredential and getAssertion is the client data hash.
   *
   * @throws Error after {@link destroy}.
   */
  authenticate(message: Bytes): Bytes {
    if (this.#token === undefined) throw new Error('The token was destroyed.');
    return pinUvAuthProtocol(this.protocol).authenticate(this.#token, message);
  }

  /** Overwrites the token. Idempotent. */
  destroy(): void {
    this.#token?.fill(0);
    this.#token = undefined;
  }
}
