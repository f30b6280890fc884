import { describe, expect, it } from 'vitest';

import { Verdict, type VerificationReport } from '../../../shared/verifier/report.ts';
import { type Vector, judge, loadVectors } from './vectors.ts';

const vectors = loadVectors();
const describeVectors = vectors.length === 0 ? describe.skip : describe;
if (vectors.length === 0) console.warn('No vectors beside the checkout (../shared/vectors): their tests are skipped.');

/** Algorithms that are known by name only: ML-DSA, and RS1 outside TPM statements. */
const RS1 = -65535;
const NAMED_ONLY: readonly (number | null)[] = [-48, -49, -50, RS1];

/**
 * Entries whose verdict is not followed, and why; docs/VERIFIER.md explains them. Whole classes stand in
 * `expectedVerdicts`.
 */
const DEVIATIONS: ReadonlyMap<string, readonly [Verdict, string]> = new Map([
  ['java-webauthn-server:RegistrationTestData.scala:448:BasicAttestationEd448', [Verdict.refused, 'attestation.packed.basicConstraints']],
  ['java-webauthn-server:RegistrationTestData.scala:486:BasicAttestationMlDsa44', [Verdict.refused, 'attestation.packed.basicConstraints']],
  ['SimpleWebAuthn:verifyRegistrationResponse.test.ts:982:should verify FIDO U2F attestation that specifies SHA-1 in its leaf cert public key', [Verdict.unverifiable, 'attestation.trust']],
  ['py_webauthn:test_verify_registration_response_fido_u2f.py:45:test_verify_attestation_from_fido_conformance', [Verdict.unverifiable, 'attestation.trust']],
  ['w3c:sctn-test-vectors-none-es256:registration~ao-fmt-unknown', [Verdict.unverifiable, 'attestation.format']],
  ['w3c:sctn-test-vectors-none-es256:registration~ao-fmt-tostring', [Verdict.unverifiable, 'attestation.format']],
]);

/** Entries that the specification leaves to the Relying Party, and what is done with them on purpose. */
const POLICY: ReadonlyMap<string, Verdict> = new Map([
  ['w3c:sctn-test-vectors-none-es256:authentication~clientdata-duplicate-key', Verdict.refused],
  ['w3c:sctn-test-vectors-none-es256:authentication~clientdata-invalid-utf8', Verdict.refused],
  ['w3c:sctn-test-vectors-packed-es256:registration~chain-wrong-order', Verdict.refused],
  ['w3c:sctn-test-vectors-packed-es256:registration~chain-unrelated-extra', Verdict.accepted],
  ['w3c:derived:compound:packed+packed~second-bad-sig', Verdict.refused],
  // Level 3 ignores token binding.
  ['py_webauthn:test_verify_registration_response_fido_u2f.py:102:test_verify_attestation_with_unsupported_token_binding', Verdict.accepted],
  // There are no anchors for it; under any, its certificates form no path.
  ['webauthn:attestation_androidkey_test.go:976:androidKeyTestResponse0', Verdict.accepted],
]);

function expectedVerdict(vector: Vector): Verdict | undefined {
  const deviation = DEVIATIONS.get(vector.name);
  if (deviation !== undefined) return deviation[0];
  if (vector.verdict === 'policy') return POLICY.get(vector.name);
  if (vector.verdict === 'invalid') return Verdict.refused;
  // CBOR of indefinite length is not canonical, and is refused whatever else is in it.
  if (vector.cborIndefinite === true) return Verdict.refused;
  const isNamedOnly = NAMED_ONLY.includes(vector.alg) && !(vector.alg === RS1 && vector.format === 'tpm');
  return isNamedOnly ? Verdict.unverifiable : Verdict.accepted;
}

function explain(report: VerificationReport): string {
  const notes = report.checks.filter(({ state }) => state === 'fail' || state === 'skip').map(({ id, detail }) => `${id}: ${detail}`);
  return `${report.verdict}; ${notes.join('; ')}`;
}

describeVectors('vectors', () => {

  it.each(vectors.map((vector) => [vector.name, vector.verdict, vector] as const))('%s is %s', async (name, _verdict, vector) => {
    const report = await judge(vector);
    expect(report.verdict, explain(report)).toBe(expectedVerdict(vector));
    const failing = DEVIATIONS.get(name)?.[1];
    if (failing !== undefined) expect(explain(report)).toContain(failing);
  });

  it('has no deviation for an entry that does not exist', () => {
    const names = new Set(vectors.map(({ name }) => name));
    expect([...DEVIATIONS.keys(), ...POLICY.keys()].filter((name) => !names.has(name))).toEqual([]);
  });
});

describeVectors('all vectors', () => {
  it('no invalid one is accepted, whatever its format', async () => {
    const accepted: string[] = [];
    for (const vector of vectors) {
      const { verdict } = await judge(vector);
      if (vector.verdict === 'invalid' && verdict === Verdict.accepted) accepted.push(vector.name);
    }
    expect(accepted).toEqual([]);
  });
});
