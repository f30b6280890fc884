import type { PlainMessageKey } from '../i18n.ts';

/** Which plain words fit a check of the verifier. The first pattern that its id matches decides. */
const TEXTS: readonly (readonly [RegExp, PlainMessageKey])[] = [
  [/challenge/i, 'check_challenge'],
  [/attest|attStmt|x5c|cert|chain|trust|aaguid|fmt|packed/i, 'check_attestation'],
  [/cross-?origin|top-?origin|embed/i, 'check_embedding'],
  [/origin/i, 'check_origin'],
  [/rp-?id/i, 'check_rpId'],
  [/presence|flags?[-.]?up\b|\bup\b/i, 'check_presence'],
  [/verification|flags?[-.]?uv\b|\buv\b/i, 'check_verification'],
  [/backup|\bb[es]\b/i, 'check_backup'],
  [/alg/i, 'check_algorithm'],
  [/signature/i, 'check_signature'],
  [/public-?key|cose/i, 'check_publicKey'],
  [/count/i, 'check_counter'],
  [/user-?handle|user/i, 'check_user'],
  [/extension/i, 'check_extensions'],
  [/credential|allow/i, 'check_credential'],
  [/type/i, 'check_type'],
  [/form|decode|json|cbor|length|parse|data/i, 'check_form'],
];

/** The key of the text that says in plain words what a failed check means. */
export function checkText(id: string): PlainMessageKey {
  return TEXTS.find(([pattern]) => pattern.test(id))?.[1] ?? 'check_other';
}
