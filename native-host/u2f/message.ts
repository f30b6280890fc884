import { type Bytes, concatBytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import type { CallOptions, Device, TransportError } from '../transport/device.ts';

/** U2F messages by their instruction byte. Source: FIDO U2F Raw Message Formats v1.2 §3. */
export const U2fInstruction = { register: 0x01, authenticate: 0x02, version: 0x03 } as const;
export type U2fMessageName = keyof typeof U2fInstruction;

/** Status words. Source: FIDO U2F Raw Message Formats v1.2 §3.3. */
export const U2fStatus = {
  noError: 0x9000,
  wrongLength: 0x6700,
  /** The key waits for a touch; for a check-only request: the key handle is the key's own. */
  conditionsNotSatisfied: 0x6985,
  /** The key handle is not the key's own. */
  wrongData: 0x6a80,
  insNotSupported: 0x6d00,
  claNotSupported: 0x6e00,
} as const;

/** The key answered a U2F message with a status word other than success. */
export interface U2fError {
  readonly kind: 'u2f';
  readonly message: U2fMessageName;
  /** The status word; compare it with `U2fStatus`. */
  readonly status: number;
}

/** The key reported success, but its answer cannot be used. `detail` carries no payload bytes. */
export interface MalformedU2fResponseError {
  readonly kind: 'malformedU2f';
  readonly message: U2fMessageName;
  readonly detail: string;
}

/** Everything that can come of a U2F message but its response. */
export type U2fMessageError = TransportError | U2fError | MalformedU2fResponseError;

const STATUS_LENGTH = 2;
/** Ne of 65536: as much as there is. */
const ANY_LENGTH = Uint8Array.of(0, 0);

/**
 * Encodes a request as an extended-length APDU, the form that CTAPHID_MSG requires.
 *
 * Source: FIDO U2F Raw Message Formats v1.2 §3.1.3.
 */
export function encodeU2fRequest(message: U2fMessageName, p1: number, data: Uint8Array): Bytes {
  const header = Uint8Array.of(0, U2fInstruction[message], p1, 0, 0);
  if (data.length === 0) return concatBytes(header, ANY_LENGTH);
  return concatBytes(header, Uint8Array.of(data.length >> 8, data.length & 0xff), data, ANY_LENGTH);
}

/** Sends one message and returns the response's data, without the status word. */
export async function sendU2f(
  device: Device,
  message: U2fMessageName,
  p1: number,
  data: Uint8Array,
  options: CallOptions,
): Promise<Result<Bytes, U2fMessageError>> {
  const response = await device.message(encodeU2fRequest(message, p1, data), options);
  if (!response.ok) return response;
  const { value } = response;
  const end = value.length - STATUS_LENGTH;
  if (end < 0) return failure(malformedU2f(message, 'The response has no status word.'));
  const status = ((value[end] ?? 0) << 8) | (value[end + 1] ?? 0);
  return status === U2fStatus.noError ? success(value.slice(0, end)) : failure({ kind: 'u2f', message, status });
}

/** Builds the error for an answer that cannot be used. */
export function malformedU2f(message: U2fMessageName, detail: string): MalformedU2fResponseError {
  return { kind: 'malformedU2f', message, detail };
}
