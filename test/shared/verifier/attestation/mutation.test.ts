import { describe, expect, it } from 'vitest';

import type { RegistrationInput } from '../../../../shared/verifier/verify-registration.ts';
import { CREDENTIAL_ID, ROOT, type RegistrationSpec, leaf, packed, packedSelf, registration } from '../fixture.ts';
import { byteMutants, isAccepted, memberOf } from '../mutations.ts';
import * as make from './statements.ts';

const part = (attStmt: unknown): unknown => new Map([['fmt', 'packed'], ['attStmt', attStmt]]);

/** Bytes that nothing protects, as ranges of the attestation object. */
type Unprotected = (object: Buffer) => readonly (readonly [start: number, end: number])[];

const nothing: Unprotected = () => [];
/** A U2F token signs neither the counter nor the AAGUID. */
const u2fLeavesOut: Unprotected = (object) => {
  const id = object.indexOf(Buffer.from(CREDENTIAL_ID));
  return [[id - 22, id - 2]];
};
/** The version of Play Services stands beside the response, and means nothing. */
const safetyNetLeavesOut: Unprotected = (object) => {
  const start = object.indexOf('cver') + 5;
  return [[start, start + 1]];
};

const FORMATS: readonly (readonly [string, RegistrationSpec, Unprotected])[] = [
  ['packed, self', { fmt: 'packed', attStmt: packedSelf() }, nothing],
  ['fido-u2f', make.u2f(), u2fLeavesOut],
  ['tpm', make.tpm(), nothing],
  ['android-key', make.androidKey(), nothing],
  ['android-safetynet', make.safetyNet(), safetyNetLeavesOut],
  ['apple', make.apple(), nothing],
  ['compound', { fmt: 'compound', attStmt: [part(packed([leaf()])), part(packedSelf())] as never, input: { anchors: [ROOT] } }, nothing],
];

async function survivors(input: RegistrationInput, member: string, flips: readonly number[]): Promise<string[]> {
  const accepted: string[] = [];
  for (const { bytes, position, what } of byteMutants(memberOf(input.response, member), flips)) {
    if (await isAccepted(input, member, bytes)) accepted.push(`${position.toString()} ${what}`);
  }
  return accepted;
}

describe('no changed byte of a registration is accepted but those that nothing protects', () => {
  it.each(FORMATS)(
    '%s',
    async (_name, spec, unprotected) => {
      const input = registration(spec);
      const object = memberOf(input.response, 'attestationObject');
      expect(await isAccepted(input, 'attestationObject', object)).toBe(true);
      expect(await survivors(input, 'clientDataJSON', [0x01, 0x20])).toEqual([]);
      const ranges = unprotected(Buffer.from(object));
      const isUnprotected = (entry: string): boolean => {
        const position = Number.parseInt(entry, 10);
        return entry.includes('^') && ranges.some(([start, end]) => position >= start && position < end);
      };
      const accepted = await survivors(input, 'attestationObject', [0x01, 0x80, 0xff]);
      expect(accepted.filter((entry) => !isUnprotected(entry))).toEqual([]);
    },
    120_000,
  );
});
