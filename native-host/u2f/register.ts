import { ByteReader, EndOfBytesError } from '../../shared/bytes/byte-reader.ts';
import { type Bytes, concatBytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { type U2fMessageError, malformedU2f, sendU2f } from './message.ts';

/** Parameters of a U2F registration. */
export interface U2fRegisterParams {
  /** SHA-256 of the client data, 32 bytes. */
  readonly challenge: Bytes;
  /** SHA-256 of the RP ID or AppID, 32 bytes. */
  readonly application: Bytes;
}

/** Response of a U2F registration. */
export interface U2fRegistration {
  /** P-256 point, uncompressed: 65 bytes that begin with 0x04. */
  readonly publicKey: Bytes;
  readonly keyHandle: Bytes;
  /** DER. */
  readonly certificate: Bytes;
  /** ECDSA with SHA-256, DER. */
  readonly signature: Bytes;
}

const RESERVED_BYTE = 0x05;
const PUBLIC_KEY_LENGTH = 65;
const UNCOMPRESSED = 0x04;
const DER_SEQUENCE = 0x30;

/**
 * Registers. The key answers at once: `conditionsNotSatisfied` until it was touched, so the caller asks again.
 *
 * Source: FIDO U2F Raw Message Formats v1.2 §4.
 */
export async function u2fRegister(
  device: Device,
  params: U2fRegisterParams,
  options: CallOptions,
): Promise<Result<U2fRegistration, U2fMessageError>> {
  const response = await sendU2f(device, 'register', 0, concatBytes(params.challenge, params.application), options);
  return response.ok ? decodeU2fRegistration(response.value) : response;
}

/** Decodes the data of a registration's response. */
export function decodeU2fRegistration(data: Uint8Array): Result<U2fRegistration, U2fMessageError> {
  try {
    const reader = new ByteReader(data);
    if (reader.uint8() !== RESERVED_BYTE) return broken('The reserved byte is wrong.');
    const publicKey = reader.take(PUBLIC_KEY_LENGTH);
    if (publicKey[0] !== UNCOMPRESSED) return broken('The public key is not an uncompressed point.');
    const keyHandle = reader.take(reader.uint8());
    const certificate = takeDerSequence(reader);
    if (certificate === undefined) return broken('The certificate is not a DER sequence.');
    const signature = reader.rest();
    if (keyHandle.length === 0 || signature.length === 0) return broken('The key handle or the signature is empty.');
    return success({ publicKey, keyHandle, certificate, signature });
  } catch (error) {
    if (error instanceof EndOfBytesError) return broken('It ends too early.');
    throw error;
  }
}

/** Nothing but its own length tells where the certificate ends. */
function takeDerSequence(reader: ByteReader): Bytes | undefined {
  const tag = reader.uint8();
  const first = reader.uint8();
  const extra = first < 0x80 ? new Uint8Array() : reader.take(first & 0x7f);
  if (tag !== DER_SEQUENCE || extra.length > 2 || first === 0x80) return undefined;
  const length = first < 0x80 ? first : extra.reduce((value, byte) => (value << 8) | byte, 0);
  return concatBytes(Uint8Array.of(tag, first), extra, reader.take(length));
}

function broken(detail: string): Result<never, U2fMessageError> {
  return failure(malformedU2f('register', detail));
}
