import { ByteReader, EndOfBytesError } from '../../shared/bytes/byte-reader.ts';
import { type Bytes, concatBytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { type U2fMessageError, malformedU2f, sendU2f } from './message.ts';

/** What a key does with an authentication request (control byte). */
export const U2fControl = {
  /** Tells whether the key handle is the key's own: `conditionsNotSatisfied` if so, `wrongData` if not. No touch. */
  checkOnly: 0x07,
  /** Signs after a touch. */
  enforceUserPresence: 0x03,
} as const;
export type U2fControl = (typeof U2fControl)[keyof typeof U2fControl];

/** Parameters of a U2F authentication. */
export interface U2fAuthenticateParams {
  readonly control: U2fControl;
  /** SHA-256 of the client data, 32 bytes. */
  readonly challenge: Bytes;
  /** SHA-256 of the RP ID or AppID, 32 bytes. */
  readonly application: Bytes;
  /** 255 bytes at most. */
  readonly keyHandle: Bytes;
}

/** Response of a U2F authentication. */
export interface U2fAssertion {
  readonly userPresent: boolean;
  /** Unsigned, 32 bits. */
  readonly counter: number;
  /** ECDSA with SHA-256, DER. */
  readonly signature: Bytes;
}

/** Bytes. */
export const MAX_KEY_HANDLE_LENGTH = 255;

/**
 * Authenticates. The key answers at once: `conditionsNotSatisfied` until it was touched, so the caller asks again.
 *
 * Source: FIDO U2F Raw Message Formats v1.2 §5.
 *
 * @throws RangeError for a key handle of more than 255 bytes, which no U2F key can have made.
 */
export async function u2fAuthenticate(
  device: Device,
  params: U2fAuthenticateParams,
  options: CallOptions,
): Promise<Result<U2fAssertion, U2fMessageError>> {
  const { control, challenge, application, keyHandle } = params;
  if (keyHandle.length > MAX_KEY_HANDLE_LENGTH) throw new RangeError('A U2F key handle has 255 bytes at most.');
  const data = concatBytes(challenge, application, Uint8Array.of(keyHandle.length), keyHandle);
  const response = await sendU2f(device, 'authenticate', control, data, options);
  return response.ok ? decodeU2fAssertion(response.value) : response;
}

/** Decodes the data of an authentication's response. */
export function decodeU2fAssertion(data: Uint8Array): Result<U2fAssertion, U2fMessageError> {
  try {
    const reader = new ByteReader(data);
    const userPresent = (reader.uint8() & 0x01) !== 0;
    const counter = reader.uint32();
    const signature = reader.rest();
    if (signature.length === 0) return broken('The signature is empty.');
    return success({ userPresent, counter, signature });
  } catch (error) {
    if (error instanceof EndOfBytesError) return broken('It ends too early.');
    throw error;
  }
}

function broken(detail: string): Result<never, U2fMessageError> {
  return failure(malformedU2f('authenticate', detail));
}
