import { createHash } from 'node:crypto';

import { type Bytes, concatBytes, copyBytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../../shared/bytes/result.ts';

const MIN_PIN_CODE_POINTS = 4;
const MAX_PIN_BYTES = 63;
const PADDED_PIN_LENGTH = 64;
const PIN_HASH_LENGTH = 16;

/** Why a new PIN was refused before any key saw it. */
export type NewPinProblem = 'tooShort' | 'tooLong';

/**
 * Checks a PIN to be set and encodes it: Unicode normalisation form C, UTF-8. The caller overwrites the bytes after use.
 *
 * Source: CTAP 2.2 §6.5.1 "PIN composition requirements".
 *
 * @param minPinLength in Unicode code points, from getInfo; never less than 4.
 * @param maxPinLength in Unicode code points, from getInfo since CTAP 2.2; the 63 bytes hold besides.
 * @returns the PIN in UTF-8, at most 63 bytes.
 */
export function validateNewPin(
  pin: string,
  minPinLength = MIN_PIN_CODE_POINTS,
  maxPinLength = MAX_PIN_BYTES,
): Result<Bytes, NewPinProblem> {
  const normalized = pin.normalize('NFC');
  const { length } = Array.from(normalized);
  if (length < Math.max(minPinLength, MIN_PIN_CODE_POINTS)) return failure('tooShort');
  if (length > maxPinLength) return failure('tooLong');
  const bytes = encodeUtf8(normalized);
  if (bytes.length <= MAX_PIN_BYTES) return success(bytes);
  bytes.fill(0);
  return failure('tooLong');
}

/** A valid new PIN as it is encrypted: zeros behind it up to 64 bytes. */
export function padNewPin(pin: Bytes): Bytes {
  return concatBytes(pin, new Uint8Array(PADDED_PIN_LENGTH - pin.length));
}

/** What a key compares an entered PIN by: the first 16 bytes of the SHA-256 of its normalised UTF-8 form. */
export function hashPin(pin: string): Bytes {
  const bytes = encodeUtf8(pin.normalize('NFC'));
  const hash = createHash('sha256').update(bytes).digest();
  bytes.fill(0);
  const left = copyBytes(hash.subarray(0, PIN_HASH_LENGTH));
  hash.fill(0);
  return left;
}
