import type { PlainMessageKey } from '../i18n.ts';

/** What a failed check means, by its id in the verifier or by a part of the id's path. */
const TEXTS: Readonly<Record<string, PlainMessageKey>> = {
  response: 'check_form',
  attestationObject: 'check_form',
  authenticatorData: 'check_form',
  'authenticatorData.rpIdHash': 'check_rpId',
  'authenticatorData.userPresent': 'check_presence',
  'authenticatorData.userVerified': 'check_verification',
  'authenticatorData.backupFlags': 'check_backup',
  clientData: 'check_form',
  'clientData.type': 'check_type',
  'clientData.challenge': 'check_challenge',
  'clientData.origin': 'check_origin',
  'clientData.crossOrigin': 'check_embedding',
  'clientData.topOrigin': 'check_embedding',
  'credential.key': 'check_publicKey',
  'credential.algorithm': 'check_algorithm',
  'credential.idLength': 'check_form',
  'credential.isNew': 'check_isNew',
  'credential.isAllowed': 'check_credential',
  'credential.isKnown': 'check_isKnown',
  'credential.userHandle': 'check_user',
  'credential.backupEligible': 'check_backup',
  'credential.signature': 'check_signature',
  'credential.signCount': 'check_counter',
  attestation: 'check_attestation',
  'verifier.fault': 'check_fault',
  policy: 'check_policy',
};

/** The key of the text that says in plain words what a failed check means: the longest part of its id that has one decides. */
export function checkText(id: string): PlainMessageKey {
  for (let path = id; path !== ''; path = path.slice(0, Math.max(0, path.lastIndexOf('.')))) {
    if (Object.hasOwn(TEXTS, path)) return TEXTS[path] ?? 'check_other';
  }
  return 'check_other';
}
