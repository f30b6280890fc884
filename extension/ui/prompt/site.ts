/** An origin cut up for display: what the user must look at is `emphasis`. */
export interface OriginParts {
  readonly before: string;
  readonly emphasis: string;
  readonly after: string;
}

/**
 * Cuts an origin into scheme and subdomains, the registrable domain, and the port, so that `microsoft.com.evil.example`
 * reads as `evil.example`.
 *
 * @param site the registrable domain, where known; otherwise, or if it is no suffix of the host, the whole host counts.
 */
export function splitOrigin(origin: string, site: string | undefined): OriginParts {
  if (!URL.canParse(origin)) return { before: '', emphasis: origin, after: '' };
  const { protocol, hostname, port } = new URL(origin);
  const after = port === '' ? '' : `:${port}`;
  const emphasis = site !== undefined && isDomainSuffix(hostname, site) ? site : hostname;
  return { before: `${protocol}//${hostname.slice(0, hostname.length - emphasis.length)}`, emphasis, after };
}

/** Tells whether `host` is `domain` or lies below it. */
function isDomainSuffix(host: string, domain: string): boolean {
  return host === domain || (domain !== '' && host.endsWith(`.${domain}`));
}

/** Tells whether a credential for `rpId` belongs to another domain than the asking site's (related origins). */
export function isForeignRpId(origin: string, rpId: string): boolean {
  return URL.canParse(origin) && !isDomainSuffix(new URL(origin).hostname, rpId);
}
