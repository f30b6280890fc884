import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { encodeHex } from '../../../shared/bytes/hex.ts';
import type { CredentialList, CredentialView } from '../credentials.ts';
import type { FingerprintView } from '../fingerprints.ts';
import { printable } from './printable.ts';

/** The credentials of a key, by site. */
export function formatCredentials({ credentials, existing, maxRemaining }: CredentialList): string {
  const sites = new Map<string, CredentialView[]>();
  for (const credential of credentials) {
    const site = encodeHex(credential.rpIdHash);
    sites.set(site, [...(sites.get(site) ?? []), credential]);
  }
  const blocks = [...sites.values()].map((entries) => {
    const rpId = entries[0]?.rpId ?? '';
    return [rpId === '' ? 'a site without a name' : printable(rpId), ...entries.flatMap(credentialLines)].join('\n');
  });
  const noun = existing === 1 ? 'credential' : 'credentials';
  return [...blocks, `${existing.toString()} ${noun}, room for ${maxRemaining.toString()} more`].join('\n\n') + '\n';
}

/** A credential as JSON. `id` is what the commands take. */
export function credentialToJson(credential: CredentialView): Readonly<Record<string, unknown>> {
  const { id, rpId, rpIdHash, user, algorithm, credProtect, largeBlobKey } = credential;
  return {
    id: encodeHex(id),
    credentialId: encodeBase64url(id),
    rpId,
    rpIdHash: encodeBase64url(rpIdHash),
    ...(user === undefined ? {} : { user: { ...user, id: encodeBase64url(user.id) } }),
    ...(algorithm === undefined ? {} : { algorithm }),
    ...(credProtect === undefined ? {} : { credProtect }),
    hasLargeBlobKey: largeBlobKey !== undefined,
  };
}

/** The fingerprints of a key, one a line. */
export function formatFingerprints(fingerprints: readonly FingerprintView[]): string {
  if (fingerprints.length === 0) return 'No fingerprint is enrolled.\n';
  return fingerprints.map((fingerprint) => `${formatFingerprint(fingerprint)}\n`).join('');
}

/** A fingerprint in one line. */
export function formatFingerprint({ id, name }: FingerprintView): string {
  return name === undefined ? `${encodeHex(id)}  without a name` : `${encodeHex(id)}  ${printable(name)}`;
}

/** A fingerprint as JSON. `id` is what the commands take. */
export function fingerprintToJson({ id, name }: FingerprintView): Readonly<Record<string, unknown>> {
  return { id: encodeHex(id), ...(name === undefined ? {} : { name }) };
}

function credentialLines({ id, user, credProtect }: CredentialView): readonly string[] {
  const name = user?.name;
  const displayName = user?.displayName;
  const names = [name, displayName === name ? undefined : displayName].filter((text) => text !== undefined && text !== '');
  const account = names.length === 0 ? 'an account without a name' : names.map((text) => printable(text ?? '')).join(', ');
  const notes = credProtect === 3 ? '  (used only with PIN or fingerprint)' : '';
  return [`  ${account}${notes}`, `    ID ${encodeHex(id)}`];
}
