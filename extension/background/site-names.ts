/** What a sign-in site is called. */
export interface SiteName {
  /** Stands for itself and everything below it. */
  readonly domain: string;
  readonly name: string;
}

/**
 * Well-known identity providers. Whole domains only where everything below them is the provider's own service (its
 * customers' tenants included); else the one host that signs people in, because below `google.com` or `amazon.com`
 * anybody can publish pages. Keycloak and others that organisations run themselves have no domain of their own: an
 * administrator names them (`siteNames`).
 */
const KNOWN: readonly (SiteName & { readonly exact?: true })[] = [
  { domain: 'login.microsoftonline.com', name: 'Microsoft Entra ID', exact: true },
  { domain: 'login.microsoft.com', name: 'Microsoft Entra ID', exact: true },
  { domain: 'login.microsoftonline.us', name: 'Microsoft Entra ID (US Government)', exact: true },
  { domain: 'login.partner.microsoftonline.cn', name: 'Microsoft Entra ID (China)', exact: true },
  { domain: 'mysignins.microsoft.com', name: 'Microsoft Entra ID', exact: true },
  { domain: 'ciamlogin.com', name: 'Microsoft Entra External ID' },
  { domain: 'login.live.com', name: 'Microsoft account', exact: true },
  { domain: 'account.live.com', name: 'Microsoft account', exact: true },
  { domain: 'okta.com', name: 'Okta' },
  { domain: 'okta-emea.com', name: 'Okta' },
  { domain: 'oktapreview.com', name: 'Okta Preview' },
  { domain: 'auth0.com', name: 'Auth0' },
  { domain: 'accounts.google.com', name: 'Google Account', exact: true },
  { domain: 'github.com', name: 'GitHub', exact: true },
  { domain: 'gitlab.com', name: 'GitLab', exact: true },
  { domain: 'pingone.com', name: 'Ping Identity' },
  { domain: 'pingone.eu', name: 'Ping Identity' },
  { domain: 'pingone.ca', name: 'Ping Identity' },
  { domain: 'pingone.asia', name: 'Ping Identity' },
  { domain: 'pingone.com.au', name: 'Ping Identity' },
  { domain: 'duosecurity.com', name: 'Duo' },
  { domain: 'onelogin.com', name: 'OneLogin' },
  { domain: 'jumpcloud.com', name: 'JumpCloud' },
  { domain: 'id.atlassian.com', name: 'Atlassian', exact: true },
  { domain: 'login.salesforce.com', name: 'Salesforce', exact: true },
  { domain: 'signin.aws.amazon.com', name: 'Amazon Web Services' },
  { domain: 'idmsa.apple.com', name: 'Apple Account', exact: true },
  { domain: 'account.apple.com', name: 'Apple Account', exact: true },
  { domain: 'secure.login.gov', name: 'Login.gov', exact: true },
];

/**
 * The name of the site at an origin: the administrator's, before those that Keystile knows; of several that fit, the
 * one of the longest domain.
 *
 * @returns `undefined` for all other sites, and for whatever is not reached by https.
 */
export function siteNameOf(origin: string, managed: readonly SiteName[]): string | undefined {
  if (!URL.canParse(origin)) return undefined;
  const { protocol, hostname } = new URL(origin);
  if (protocol !== 'https:') return undefined;
  return (longest(managed, hostname) ?? longest(KNOWN, hostname))?.name;
}

function longest(names: readonly (SiteName & { readonly exact?: true })[], hostname: string): SiteName | undefined {
  return names
    .filter(({ domain, exact }) => hostname === domain || (exact !== true && hostname.endsWith(`.${domain}`)))
    .sort((one, other) => other.domain.length - one.domain.length)[0];
}
