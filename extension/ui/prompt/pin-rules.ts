/** The shortest PIN that any key has, in Unicode code points (CTAP 2.1 §6.5.1). */
export const SHORTEST_PIN = 4;

/** The longest PIN, in bytes of UTF-8 after normalisation (CTAP 2.1 §6.5.1). */
export const LONGEST_PIN = 63;

/** What is wrong with the text of a PIN field. */
export type PinProblem = 'pin_empty' | 'pin_tooShort' | 'pin_tooLong';

/**
 * Checks a PIN before the key sees it, so that a slip costs no try.
 *
 * @param pin as typed. Counted in Unicode Normalization Form C, as the platform will send it.
 * @param minLength in code points.
 */
export function findPinProblem(pin: string, minLength: number): PinProblem | undefined {
  const normalized = pin.normalize('NFC');
  if (normalized === '') return 'pin_empty';
  if (Array.from(normalized).length < minLength) return 'pin_tooShort';
  if (new TextEncoder().encode(normalized).length > LONGEST_PIN) return 'pin_tooLong';
  return undefined;
}
