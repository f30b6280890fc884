import { getDomain } from 'tldts';

/**
 * Related origins: a site that owns several domains lists them under one RP ID, in a file at a fixed place of that
 * domain. Here is the pure half; whoever calls it fetches the file.
 */

/** Registrable origin labels that count; the specification asks for at least five. Source: WebAuthn L3 §5.11. */
const MAX_LABELS = 5;

/** Where the domain `rpId` lists its origins. Source: WebAuthn L3 §5.11.1 step 2. */
export function relatedOriginsUrl(rpId: string): string {
  return `https://${rpId}/.well-known/webauthn`;
}

/**
 * Tells whether the file's content lists the caller among its origins. Entries beyond the fifth label are passed
 * over, unless they are of a label that was counted before; entries that are no URLs of a registrable domain too.
 *
 * Source: WebAuthn L3 §5.11.1 steps 2.2 to 5.
 *
 * @param content the parsed JSON of the file.
 * @param callerOrigin a serialised origin.
 * @returns false also for content of any other form.
 */
export function isOriginListed(content: unknown, callerOrigin: string): boolean {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return false;
  const { origins } = content as { origins?: unknown };
  if (!Array.isArray(origins) || !origins.every((item) => typeof item === 'string')) return false;
  const labels = new Set<string>();
  for (const item of origins) {
    const listed = URL.canParse(item) ? new URL(item) : undefined;
    const label = listed === undefined ? undefined : registrableOriginLabel(listed.hostname);
    if (listed === undefined || label === undefined) continue;
    if (labels.size >= MAX_LABELS && !labels.has(label)) continue;
    if (listed.origin === callerOrigin) return true;
    labels.add(label);
  }
  return false;
}

/** The first label of the registrable domain: `example` of `login.example.co.uk`. */
function registrableOriginLabel(hostname: string): string | undefined {
  const domain = getDomain(hostname, { allowPrivateDomains: true, extractHostname: false });
  return domain === null ? undefined : domain.split('.')[0];
}
