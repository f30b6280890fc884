/** A domain, in the spelling of browsers. */
const DOMAIN = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/;

/**
 * Reads a domain that a person has written, in the spelling of browsers.
 *
 * @returns `undefined` for anything else, addresses and wildcards included.
 */
export function decodeDomain(text: string): string | undefined {
  const candidate = `https://${text.trim()}/`;
  if (!URL.canParse(candidate)) return undefined;
  const { hostname, href } = new URL(candidate);
  if (!DOMAIN.test(hostname) || /(^|\.)\d+$/.test(hostname) || href !== `https://${hostname}/`) return undefined;
  return hostname;
}

/** Reads the origin of a site that a person has written; `undefined` for what no page with WebAuthn can have. */
export function decodeSiteOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, origin, href } = new URL(text);
  const isWeb = protocol === 'https:' || protocol === 'http:';
  return isWeb && href === `${origin}/` && decodeDomain(hostname) !== undefined ? origin : undefined;
}
