import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** What a response is made for; every part can be set wrong by a test. */
export interface SoftwareRequest {
  readonly challenge: string;
  readonly origin: string;
  readonly rpId: string;
  readonly userVerified?: boolean;
  readonly clientData?: Readonly<Record<string, unknown>>;
}

const UP = 0x01;
const UV = 0x04;
const AT = 0x40;

/** A passkey in memory: ES256, attestation `none`. It makes the JSON a browser would send. */
export class SoftwareKey {
  readonly id = randomBytes(32).toString('base64url');
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  signCount = 0;

  constructor() {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#privateKey = pair.privateKey;
    this.#publicKey = pair.publicKey;
  }

  /** RegistrationResponseJSON. */
  register(request: SoftwareRequest): Record<string, unknown> {
    const authData = Buffer.concat([this.#authenticatorData(request, AT), Buffer.alloc(16), this.#attestedCredential()]);
    // {"fmt": "none", "attStmt": {}, "authData": bytes(length)} in CTAP2 canonical order.
    const attestationObject = Buffer.concat([
      Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746159', 'hex'),
      uint16(authData.length),
      authData,
    ]);
    return this.#credential({
      clientDataJSON: encode(clientDataJson('webauthn.create', request)),
      attestationObject: encode(attestationObject),
      transports: ['usb'],
    });
  }

  /** AuthenticationResponseJSON; counts the signature. */
  authenticate(request: SoftwareRequest, userHandle: string | undefined): Record<string, unknown> {
    this.signCount += 1;
    const authenticatorData = this.#authenticatorData(request, 0);
    const clientDataJSON = clientDataJson('webauthn.get', request);
    const signed = Buffer.concat([authenticatorData, sha256(clientDataJSON)]);
    return this.#credential({
      clientDataJSON: encode(clientDataJSON),
      authenticatorData: encode(authenticatorData),
      signature: encode(sign('sha256', signed, this.#privateKey)),
      ...(userHandle === undefined ? {} : { userHandle }),
    });
  }

  #credential(response: Record<string, unknown>): Record<string, unknown> {
    return { id: this.id, rawId: this.id, type: 'public-key', clientExtensionResults: {}, response };
  }

  #authenticatorData({ rpId, userVerified = true }: SoftwareRequest, flags: number): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(this.signCount);
    return Buffer.concat([sha256(Buffer.from(rpId)), Buffer.of(UP | (userVerified ? UV : 0) | flags), count]);
  }

  #attestedCredential(): Buffer {
    const id = Buffer.from(this.id, 'base64url');
    const { x = '', y = '' } = this.#publicKey.export({ format: 'jwk' });
    return Buffer.concat([
      uint16(id.length),
      id,
      // COSE_Key {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
      Buffer.from('a5010203262001215820', 'hex'),
      Buffer.from(x, 'base64url'),
      Buffer.from('225820', 'hex'),
      Buffer.from(y, 'base64url'),
    ]);
  }
}

function clientDataJson(type: string, { challenge, origin, clientData }: SoftwareRequest): Buffer {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false, ...clientData }));
}

function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64url');
}
