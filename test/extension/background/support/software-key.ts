import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

import { decodeBase64url, encodeBase64url } from '../../../../shared/bytes/base64url.ts';
import { type Bytes, concatBytes, copyBytes } from '../../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../../shared/cbor/value.ts';

interface Credential {
  readonly id: Bytes;
  readonly rpId: string;
  readonly userHandle: Bytes;
  readonly privateKey: KeyObject;
}

const AAGUID = copyBytes(Buffer.from('0f1e2d3c4b5a69788796a5b4c3d2e1f0', 'hex'));

/** A security key without a wire: gives what the native host would, with real signatures (ES256, packed self attestation). */
export class SoftwareKey {
  readonly credentials: Credential[] = [];
  userVerified = true;
  /** Registrations give this credential ID instead of a new one. */
  reusedId: Bytes | undefined;
  /** Flips a bit of every signature. */
  forgesSignatures = false;
  /** Of the last answer. */
  signCount = 0;

  register(request: { clientDataHash: string; rp: { id: string }; user: { id: string } }): {
    attestationObject: string;
    transports: string[];
    discoverable: boolean;
  } {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const credential = {
      id: this.reusedId ?? copyBytes(randomBytes(32)),
      rpId: request.rp.id,
      userHandle: bytes(request.user.id),
      privateKey,
    };
    this.credentials.push(credential);
    const coseKey = coseKeyOf(publicKey);
    const length = Uint8Array.of(0, credential.id.length);
    const authData = concatBytes(this.#header(request.rp.id, 0x40), AAGUID, length, credential.id, coseKey);
    const sig = this.#sign(privateKey, authData, bytes(request.clientDataHash));
    const attStmt = new Map<CborValue, CborValue>([['alg', -7], ['sig', sig]]);
    const attestationObject = encodeCbor(
      new Map<CborValue, CborValue>([['fmt', 'packed'], ['attStmt', attStmt], ['authData', authData]]),
    );
    return { attestationObject: encodeBase64url(attestationObject), transports: ['usb', 'nfc'], discoverable: true };
  }

  authenticate(request: { clientDataHash: string; rpId: string; allowCredentials: readonly { id: string }[] }): {
    credentialId: string;
    authenticatorData: string;
    signature: string;
    userHandle: string;
  } {
    const allowed = request.allowCredentials.map(({ id }) => id);
    const credential = this.credentials.find(
      ({ id, rpId }) => rpId === request.rpId && (allowed.length === 0 || allowed.includes(encodeBase64url(id))),
    );
    if (credential === undefined) throw new Error('The software key has no such credential.');
    const authData = this.#header(request.rpId, 0);
    return {
      credentialId: encodeBase64url(credential.id),
      authenticatorData: encodeBase64url(authData),
      signature: encodeBase64url(this.#sign(credential.privateKey, authData, bytes(request.clientDataHash))),
      userHandle: encodeBase64url(credential.userHandle),
    };
  }

  #header(rpId: string, flags: number): Bytes {
    this.signCount += 1;
    const header = new Uint8Array(37);
    header.set(createHash('sha256').update(rpId).digest());
    header[32] = flags | 0x01 | (this.userVerified ? 0x04 : 0);
    new DataView(header.buffer).setUint32(33, this.signCount);
    return header;
  }

  #sign(key: KeyObject, authData: Bytes, clientDataHash: Bytes): Bytes {
    const data = this.forgesSignatures ? concatBytes(authData, clientDataHash, Uint8Array.of(0)) : concatBytes(authData, clientDataHash);
    return copyBytes(sign('sha256', data, key));
  }
}

/** The COSE_Key of an ES256 key. */
export function coseKeyOf(publicKey: KeyObject): Bytes {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return encodeCbor(new Map<CborValue, CborValue>([[1, 2], [3, -7], [-1, 1], [-2, bytes(x)], [-3, bytes(y)]]));
}

function bytes(text: string): Bytes {
  const decoded = decodeBase64url(text);
  if (decoded === undefined) throw new Error('Not base64url.');
  return decoded;
}
