import { createECDH, type ECDH } from 'node:crypto';

import { type Bytes, concatBytes, copyBytes } from '../../../../shared/bytes/bytes.ts';
import type { CborMap, CborValue } from '../../../../shared/cbor/value.ts';
import { bytesAt, integerAt } from '../parameters.ts';
import { CtapFailure, CtapStatus } from '../status.ts';

/** The algorithm number that CTAP gives to the key agreement key (it is not the algorithm really used). */
const ECDH_ES_HKDF_256 = -25;

/** The key's own half of the key agreement, replaced at power-up and after a wrong PIN. */
export class KeyAgreementKey {
  readonly #ecdh: ECDH;

  constructor(random: (length: number) => Bytes) {
    const scalar = random(32);
    // Below the order of P-256 and not zero, whatever the random bytes are.
    scalar[0] = (scalar[0] ?? 0) & 0x7f;
    scalar[31] = (scalar[31] ?? 0) | 0x01;
    this.#ecdh = createECDH('prime256v1');
    this.#ecdh.setPrivateKey(scalar);
  }

  /** The public half as COSE_Key. Source: CTAP 2.1 §6.5.6 getPublicKey. */
  publicKey(): CborMap {
    const point = copyBytes(this.#ecdh.getPublicKey());
    const entries: [number, CborValue][] = [
      [1, 2],
      [3, ECDH_ES_HKDF_256],
      [-1, 1],
      [-2, point.slice(1, 33)],
      [-3, point.slice(33)],
    ];
    return new Map<CborValue, CborValue>(entries);
  }

  /**
   * The x coordinate of the shared point (32 bytes). INVALID_PARAMETER for anything but a valid P-256 key with the
   * algorithm that CTAP demands. Source: CTAP 2.1 §6.5.6 ecdh.
   */
  sharedX(peer: CborMap): Bytes {
    const x = bytesAt(peer, -2);
    const y = bytesAt(peer, -3);
    const wellFormed = integerAt(peer, 1) === 2 && integerAt(peer, 3) === ECDH_ES_HKDF_256 && integerAt(peer, -1) === 1;
    if (!wellFormed || x?.length !== 32 || y?.length !== 32) throw new CtapFailure(CtapStatus.invalidParameter);
    try {
      return copyBytes(this.#ecdh.computeSecret(concatBytes(Uint8Array.of(4), x, y)));
    } catch {
      // OpenSSL refuses points that are not on the curve by throwing.
      throw new CtapFailure(CtapStatus.invalidParameter);
    }
  }
}
