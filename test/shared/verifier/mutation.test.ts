import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Verdict } from '../../../shared/verifier/report.ts';
import { type AuthenticationInput, verifyAuthentication } from '../../../shared/verifier/verify-authentication.ts';
import { type RegistrationInput, verifyRegistration } from '../../../shared/verifier/verify-registration.ts';
import { CREDENTIAL_ID, ROOT, authentication, leaf, packed, packedSelf, registration } from './fixture.ts';
import { FLIPS, byteMutants, memberOf, replaced } from './mutations.ts';

async function survivors(
  response: unknown,
  member: string,
  verdictOf: (response: unknown) => Promise<string>,
): Promise<string[]> {
  const accepted: string[] = [];
  for (const { bytes, position, what } of byteMutants(memberOf(response, member))) {
    if ((await verdictOf(replaced(response, member, bytes))) === Verdict.accepted) accepted.push(`${member}[${position.toString()}] ${what}`);
  }
  return accepted;
}

function registrationVerdict(input: RegistrationInput): (response: unknown) => Promise<string> {
  return async (response) => (await verifyRegistration({ ...input, response })).report.verdict;
}

function authenticationVerdict(input: AuthenticationInput): (response: unknown) => Promise<string> {
  return async (response) => (await verifyAuthentication({ ...input, response })).report.verdict;
}

describe('no changed byte is accepted', () => {
  it.each(['clientDataJSON', 'authenticatorData', 'signature'])(
    'of an authentication: %s',
    async (member) => {
      const input = authentication();
      expect(await authenticationVerdict(input)(input.response)).toBe(Verdict.accepted);
      expect(await survivors(input.response, member, authenticationVerdict(input))).toEqual([]);
    },
    60_000,
  );

  it.each([
    ['with a certificate', registration({ fmt: 'packed', attStmt: packed([leaf()]), input: { anchors: [ROOT] } })],
    ['with self attestation', registration({ fmt: 'packed', attStmt: packedSelf() })],
  ])(
    'of a registration %s',
    async (_name, input) => {
      expect(await registrationVerdict(input)(input.response)).toBe(Verdict.accepted);
      const accepted = [
        ...(await survivors(input.response, 'clientDataJSON', registrationVerdict(input))),
        ...(await survivors(input.response, 'attestationObject', registrationVerdict(input))),
      ];
      expect(accepted).toEqual([]);
    },
    60_000,
  );

  it('of a registration without attestation, but for what nothing protects: AAGUID, counter, a reserved flag', async () => {
    const input = registration();
    const { response } = input;
    const object = memberOf(response, 'attestationObject');
    const start = Buffer.from(object).indexOf(Buffer.from(CREDENTIAL_ID)) - 55;
    const [flags, counter, aaguid, idLength] = [start + 32, start + 33, start + 37, start + 53];
    const accepted = await survivors(response, 'attestationObject', registrationVerdict(input));
    const unprotected = accepted.filter((entry) => {
      const position = Number(/\[(\d+)\]/.exec(entry)?.[1]);
      const isFlip = entry.includes('^');
      return isFlip && ((position >= counter && position < idLength) || (position === flags && entry.endsWith('^ 20')));
    });
    expect(aaguid - counter).toBe(4);
    expect(accepted).toEqual(unprotected);
    // Every flip of counter and AAGUID, and the reserved flag bit.
    expect(unprotected.length).toBe((4 + 16) * FLIPS.length + 1);
  }, 60_000);
});

describe('random bytes', () => {
  const anything = fc.uint8Array({ maxLength: 200 });

  it('are never accepted and never throw, in any member', async () => {
    const signedIn = authentication();
    const registered = registration({ fmt: 'packed', attStmt: packed([leaf()]), input: { anchors: [ROOT] } });
    await fc.assert(
      fc.asyncProperty(anything, fc.constantFrom('clientDataJSON', 'authenticatorData', 'signature', 'attestationObject'), async (bytes, member) => {
        if (member !== 'attestationObject') {
          const verdict = await authenticationVerdict(signedIn)(replaced(signedIn.response, member, bytes));
          expect(verdict).toBe(Verdict.refused);
        }
        if (member !== 'signature' && member !== 'authenticatorData') {
          const verdict = await registrationVerdict(registered)(replaced(registered.response, member, bytes));
          expect(verdict).toBe(Verdict.refused);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('in any shape of JSON are refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (response) => {
        expect(await authenticationVerdict(authentication())(response)).toBe(Verdict.refused);
        expect(await registrationVerdict(registration())(response)).toBe(Verdict.refused);
      }),
      { numRuns: 300 },
    );
  });
});
