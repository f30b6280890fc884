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
  'attestation.fido-u2f.statement': section('§8.6, verification steps 1 and 2'),
  'attestation.fido-u2f.certificate': section('§8.6, verification step 2'),
  'attestation.fido-u2f.publicKey': section('§8.6, verification steps 2 and 4'),
  'attestation.fido-u2f.algorithm': section('§8.6, verification step 6'),
  'attestation.fido-u2f.signature': section('§8.6, verification step 6'),
  'attestation.fido-u2f.flags': { registration: 'CTAP 2.2 §7.2', authentication: 'CTAP 2.2 §7.2' },
  'attestation.tpm.statement': section('§8.3, verification step 1'),
  'attestation.tpm.certificate': section('§8.3, verification step 4'),
  'attestation.tpm.publicArea': section('§8.3, verification step 2'),
  'attestation.tpm.certInfo': section('§8.3, verification step 4'),
  'attestation.tpm.extraData': section('§8.3, verification step 4'),
  'attestation.tpm.name': section('§8.3, verification step 4'),
  'attestation.tpm.algorithm': section('§8.3, verification step 4'),
  'attestation.tpm.signature': section('§8.3, verification step 4'),
  'attestation.tpm.version': section('§8.3.1'),
  'attestation.tpm.subject': section('§8.3.1'),
  'attestation.tpm.subjectAltName': section('§8.3.1'),
  'attestation.tpm.manufacturer': section('§8.3.1'),
  'attestation.tpm.extendedKeyUsage': section('§8.3.1'),
  'attestation.tpm.basicConstraints': section('§8.3.1'),
  'attestation.tpm.aaguid': section('§8.3, verification step 4'),
  'attestation.tpm.keyUsage': { registration: 'RFC 5280 §4.2.1.3', authentication: 'RFC 5280 §4.2.1.3' },
  'attestation.android-key.statement': section('§8.4, verification step 1'),
  'attestation.android-key.certificate': section('§8.4, verification step 2'),
  'attestation.android-key.algorithm': section('§8.4, verification step 2'),
  'attestation.android-key.signature': section('§8.4, verification step 2'),
  'attestation.android-key.publicKey': section('§8.4, verification step 3'),
  'attestation.android-key.description': section('§8.4.1'),
  'attestation.android-key.challenge': section('§8.4, verification step 4'),
  'attestation.android-key.allApplications': section('§8.4, verification step 5'),
  'attestation.android-key.origin': section('§8.4, verification step 5'),
  'attestation.android-key.purpose': section('§8.4, verification step 5'),
  'attestation.android-key.securityLevel': section('§8.4, verification step 5'),
  'attestation.android-safetynet.statement': section('§8.5, verification steps 1 and 2'),
  'attestation.android-safetynet.certificate': section('§8.5, verification step 4'),
  'attestation.android-safetynet.nonce': section('§8.5, verification step 3'),
  'attestation.android-safetynet.hostname': section('§8.5, verification step 4'),
  'attestation.android-safetynet.integrity': section('§8.5, verification step 4'),
  'attestation.android-safetynet.time': section('§8.5, verification step 4'),
  'attestation.android-safetynet.signature': section('§8.5, verification step 4'),
  'attestation.apple.statement': section('§8.8, verification step 1'),
  'attestation.apple.certificate': section('§8.8, verification step 1'),
  'attestation.apple.nonce': section('§8.8, verification steps 2 to 4'),
  'attestation.apple.publicKey': section('§8.8, verification step 5'),
  'attestation.apple.basicConstraints': section('§8.8'),
  'attestation.compound.statement': section('§8.9'),
  'attestation.compound.format': section('§8.9, verification step 1'),
  'verifier.fault': section('§7'),
} as const satisfies Readonly<Record<string, Places>>;

/** Identifier of a check. */
export type CheckId = keyof typeof CHECKS;
