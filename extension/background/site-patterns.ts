/** Tells whether an origin lies within one of the domains (each stands for itself and everything below it), and which. */
export function findSite(origin: string, domains: readonly string[]): string | undefined {
  if (!URL.canParse(origin)) return undefined;
  const { hostname } = new URL(origin);
  return domains.find((domain) => hostname === domain || hostname.endsWith(`.${domain}`));
}
