/** The two ceremonies, as far as the verifier tells them apart. */
export type Ceremony = 'registration' | 'authentication';

interface Places {
  readonly registration: string;
  readonly authentication: string;
}

const step = (registration: string, authentication: string): Places => ({
  registration: `WebAuthn L3 §7.1 ${registration}`,
  authentication: `WebAuthn L3 §7.2 ${authentication}`,
});
const section = (text: string): Places => ({
  registration: `WebAuthn L3 ${text}`,
  authentication: `WebAuthn L3 ${text}`,
});

/**
 * Every check there is, with its place in the specification (Level 3, editor's draft of 2026-07-30; steps counted as
 * that draft lists them).
 */
export const CHECKS = {
  'response.form': step('step 3', 'step 3'),
  'response.id': section('§5.1, id and rawId'),
  'response.copies': section('§5.2.1.1'),
  'clientData.form': step('steps 5 and 6', 'steps 8 and 9'),
  'clientData.type': step('step 7', 'step 10'),
  'clientData.challenge': step('step 8', 'step 11'),
  'clientData.origin': step('step 9', 'step 12'),
  'clientData.crossOrigin': step('step 10', 'step 13'),
  'clientData.topOrigin': step('step 11', 'step 14'),
  'attestationObject.form': step('step 13', 'step 13'),
  'authenticatorData.form': section('§6.1'),
  'authenticatorData.rpIdHash': step('step 14', 'step 15'),
  'authenticatorData.userPresent': step('step 15', 'step 16'),
  'authenticatorData.userVerified': step('step 16', 'step 17'),
  'authenticatorData.backupFlags': step('step 17', 'step 18'),
  'authenticatorData.attestedCredential': section('§6.1, AT flag'),
  'credential.key': section('§6.5.1.1 and §5.8.5'),
  'credential.algorithm': step('step 20', 'step 21'),
  'credential.idLength': step('step 25', 'step 6'),
  'credential.isNew': step('step 26', 'step 6'),
  'credential.isAllowed': step('step 26', 'step 5'),
  'credential.isKnown': step('step 26', 'step 6'),
  'credential.userHandle': step('step 27', 'step 6'),
  'credential.backupEligible': step('step 18', 'step 19'),
  'credential.signature': step('step 22', 'step 21'),
  'credential.signCount': step('step 27', 'step 22'),
  'attestation.format': step('step 21', 'step 21'),
  'attestation.trust': step('steps 23 and 24', 'step 21'),
  'attestation.none': section('§8.7'),
  'attestation.packed.statement': section('§8.2, verification step 1'),
  'attestation.packed.algorithm': section('§8.2, verification steps 2 and 3'),
  'attestation.packed.signature': section('§8.2, verification steps 2 and 3'),
  'attestation.packed.certificate': section('§8.2, verification step 2'),
  'attestation.packed.version': section('§8.2.1'),
  'attestation.packed.subject': section('§8.2.1'),
  'attestation.packed.basicConstraints': section('§8.2.1'),
  'attestation.packed.keyUsage': { registration: 'RFC 5280 §4.2.1.3', authentication: 'RFC 5280 §4.2.1.3' },
  'attestation.packed.aaguid': section('§8.2.1, id-fido-gen-ce-aaguid'),
  'attestation.packed.extensions': section('§8.2.1 and §8.2.2'),
  'verifier.fault': section('§7'),
} as const satisfies Readonly<Record<string, Places>>;

/** Identifier of a check. */
export type CheckId = keyof typeof CHECKS;
