import { type Brand, chromeBrands, chromeUserAgent } from '../../../shared/site-profile/chrome-user-agent.ts';
import type { SiteProfile } from '../../../shared/site-profile/profile.ts';
import type { BrowserIdentity, HeaderRule } from '../../platform/ports.ts';

/** The rules by which requests to the profiles' origins name the profiles' product. */
export function headerRules(profiles: readonly SiteProfile[], identity: BrowserIdentity): readonly HeaderRule[] {
  return profiles
    .filter(({ changes }) => changes.some(({ kind }) => kind === 'userAgent'))
    .flatMap(({ origins }) => {
      const headers = chromeHeaders(identity);
      return headers === undefined ? [] : origins.map((origin) => ({ origin, headers }));
    });
}

/** Request headers of Chrome: a text replaces a header, `undefined` takes it out. Nothing for browsers of neither family. */
function chromeHeaders({ userAgent, brands }: BrowserIdentity): HeaderRule['headers'] | undefined {
  const presented = chromeUserAgent(userAgent);
  if (presented === undefined) return undefined;
  // Where the browser has no client hints, none are made up.
  if (brands === undefined || brands.length === 0) return { 'user-agent': presented };
  return {
    'user-agent': presented,
    'sec-ch-ua': encodeBrands(chromeBrands(brands)),
    // Sent only to servers that asked for it, with full versions that the background does not know.
    'sec-ch-ua-full-version-list': undefined,
  };
}

/** Source: User-Agent Client Hints §3.1, RFC 8941 §3.3.3 (strings). */
function encodeBrands(brands: readonly Brand[]): string {
  const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;
  return brands.map(({ brand, version }) => `${quoted(brand)};v=${quoted(version)}`).join(', ');
}
