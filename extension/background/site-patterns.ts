/** A domain, in the spelling of browsers. */
const DOMAIN = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/;

/**
 * Reads the domain of a rule for sites: `example.com` stands for itself and everything below it.
 *
 * @returns `undefined` for anything else, addresses and wildcards included.
 */
export function decodeSite(text: string): string | undefined {
  const candidate = `https://${text.trim()}/`;
  if (!URL.canParse(candidate)) return undefined;
  const { hostname, href } = new URL(candidate);
  if (!DOMAIN.test(hostname) || /(^|\.)\d+$/.test(hostname) || href !== `https://${hostname}/`) return undefined;
  return hostname;
}

/** Tells whether an origin lies within one of the domains, and which. */
export function findSite(origin: string, domains: readonly string[]): string | undefined {
  if (!URL.canParse(origin)) return undefined;
  const { hostname } = new URL(origin);
  return domains.find((domain) => hostname === domain || hostname.endsWith(`.${domain}`));
}
