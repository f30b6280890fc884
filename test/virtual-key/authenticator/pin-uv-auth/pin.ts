import { createHash } from 'node:crypto';

import { type Bytes, copyBytes, equalBytes } from '../../../../shared/bytes/bytes.ts';
import type { Settings } from '../settings.ts';
import { CtapFailure, CtapStatus } from '../status.ts';

const MAX_RETRIES = 8;
const MAX_CONSECUTIVE_FAILURES = 3;
const PADDED_LENGTH = 64;

/** What a new PIN has to keep. */
type PinRules = Pick<Settings, 'minPinLength' | 'maxPinLength' | 'pinComplexityPolicy'>;

/** A PIN out of its 64-byte padding: the hash to keep and the length in code points. */
export interface NewPin {
  readonly hash: Bytes;
  readonly codePoints: number;
}

/** The PIN of a key and its counters. Only the hash is kept, as on a real key. Source: CTAP 2.1 §6.5.3. */
export class Pin {
  #hash: Bytes | undefined;
  #codePoints = 0;
  #retries = MAX_RETRIES;
  #consecutiveFailures = 0;

  get isSet(): boolean {
    return this.#hash !== undefined;
  }

  /** Code points of the PIN; 0 without one. */
  get codePoints(): number {
    return this.#codePoints;
  }

  get retries(): number {
    return this.#retries;
  }

  /** Three wrong PINs in a row: only a power cycle helps. */
  get needsPowerCycle(): boolean {
    return this.#consecutiveFailures >= MAX_CONSECUTIVE_FAILURES;
  }

  set(pin: NewPin): void {
    this.#hash = pin.hash;
    this.#codePoints = pin.codePoints;
    this.#retries = MAX_RETRIES;
    this.#consecutiveFailures = 0;
  }

  clear(): void {
    this.#hash = undefined;
    this.#codePoints = 0;
    this.#retries = MAX_RETRIES;
    this.#consecutiveFailures = 0;
  }

  /** For tests that begin with a key on which wrong PINs were tried before. */
  setRetries(retries: number): void {
    this.#retries = Math.min(Math.max(retries, 0), MAX_RETRIES);
  }

  powerCycle(): void {
    this.#consecutiveFailures = 0;
  }

  /** Fails when no PIN may be tried now: PIN_NOT_SET, PIN_BLOCKED, PIN_AUTH_BLOCKED. */
  requireTry(): void {
    if (this.#hash === undefined) throw new CtapFailure(CtapStatus.pinNotSet);
    if (this.#retries === 0) throw new CtapFailure(CtapStatus.pinBlocked);
    if (this.needsPowerCycle) throw new CtapFailure(CtapStatus.pinAuthBlocked);
  }

  /**
   * Compares with LEFT(SHA-256(PIN), 16), counting down before the comparison and restoring the count when it fits.
   * Source: CTAP 2.1 §6.5.5.6 steps 5.4 to 5.9.
   */
  check(hash: Bytes | undefined): boolean {
    this.#retries -= 1;
    if (hash === undefined || this.#hash === undefined || !equalBytes(this.#hash, hash)) {
      this.#consecutiveFailures += 1;
      return false;
    }
    this.#retries = MAX_RETRIES;
    this.#consecutiveFailures = 0;
    return true;
  }

  /** The status of a check that has just failed. */
  failureStatus(): CtapStatus {
    if (this.#retries === 0) return CtapStatus.pinBlocked;
    return this.needsPowerCycle ? CtapStatus.pinAuthBlocked : CtapStatus.pinInvalid;
  }
}

/**
 * Takes a new PIN out of its padding. INVALID_PARAMETER when it is not padded to 64 bytes, PIN_POLICY_VIOLATION when
 * it is too long, too short, too simple or not UTF-8. Source: CTAP 2.1 §6.5.5.5 steps 5.6 to 5.9; CTAP 2.2 §6.4, members 0x1B, 0x1D.
 */
export function parsePaddedPin(padded: Bytes | undefined, rules: PinRules): NewPin {
  const { minPinLength, maxPinLength = PADDED_LENGTH, pinComplexityPolicy } = rules;
  if (padded?.length !== PADDED_LENGTH) throw new CtapFailure(CtapStatus.invalidParameter);
  let length = PADDED_LENGTH;
  while (length > 0 && padded[length - 1] === 0) length -= 1;
  if (length === PADDED_LENGTH) throw new CtapFailure(CtapStatus.pinPolicyViolation);
  const utf8 = padded.slice(0, length);
  const pin = buildPin(utf8);
  const isSimple = utf8.every((byte) => byte === utf8[0]);
  if (pin === undefined || pin.codePoints < minPinLength || pin.codePoints > maxPinLength || (pinComplexityPolicy === true && isSimple)) throw new CtapFailure(CtapStatus.pinPolicyViolation);
  return pin;
}

/** Hashes a PIN given in UTF-8; `undefined` when it is not UTF-8. */
export function buildPin(utf8: Bytes): NewPin | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(utf8);
  } catch {
    // The decoder's only way of saying "not UTF-8".
    return undefined;
  }
  const hash = copyBytes(createHash('sha256').update(utf8).digest().subarray(0, 16));
  return { hash, codePoints: Array.from(text).length };
}
