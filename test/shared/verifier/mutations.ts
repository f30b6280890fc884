import { decodeBase64url, encodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { Verdict } from '../../../shared/verifier/report.ts';
import { type RegistrationInput, verifyRegistration } from '../../../shared/verifier/verify-registration.ts';

/** Ways to change the bytes of a response, for tests that want to know which changes go unnoticed. */

interface Response {
  readonly response: Readonly<Record<string, string>>;
}

/** Bytes of one member of a response. */
export function memberOf(response: unknown, member: string): Bytes {
  const bytes = decodeBase64url((response as Response).response[member] ?? '');
  if (bytes === undefined) throw new TypeError(member);
  return bytes;
}

/** The response with other bytes in one member. */
export function replaced(response: unknown, member: string, bytes: Uint8Array): unknown {
  const original = response as Response;
  return { ...original, response: { ...original.response, [member]: encodeBase64url(bytes) } };
}

/** Every way to change one byte that a parser may stumble over, without trying all 255 of each. */
export const FLIPS: readonly number[] = [0x01, 0x80, 0x20, 0xff];

/** One changed byte string, and in words what was done at which position. */
export interface Mutant {
  readonly bytes: Bytes;
  readonly position: number;
  readonly what: string;
}

/** Each byte flipped, doubled and left out, and the end cut off before it. */
export function* byteMutants(bytes: Uint8Array, flips: readonly number[] = FLIPS): Generator<Mutant> {
  for (let position = 0; position < bytes.length; position += 1) {
    for (const flip of flips) {
      const changed = new Uint8Array(bytes);
      changed[position] = (changed[position] ?? 0) ^ flip;
      yield { bytes: changed, position, what: `^ ${flip.toString(16)}` };
    }
    const [before, from] = [bytes.subarray(0, position), bytes.subarray(position)];
    yield { bytes: new Uint8Array([...before, ...from.subarray(0, 1), ...from]), position, what: 'doubled' };
    yield { bytes: new Uint8Array([...before, ...from.subarray(1)]), position, what: 'left out' };
    yield { bytes: new Uint8Array(before), position, what: 'cut' };
  }
}

/** Whether a registration is accepted with other bytes in one member. Fails loudly on a fault of the verifier's own. */
export async function isAccepted(input: RegistrationInput, member: string, bytes: Uint8Array): Promise<boolean> {
  const { report } = await verifyRegistration({ ...input, response: replaced(input.response, member, bytes) });
  const fault = report.checks.find(({ id }) => id === 'verifier.fault');
  if (fault !== undefined) throw new Error(`A fault of the verifier: ${fault.detail}`);
  return report.verdict === Verdict.accepted;
}
