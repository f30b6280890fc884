import type { SiteProfile } from '../../../shared/site-profile/profile.ts';

/** Every profile that Keystile brings along. Sources and reasons: docs/adr/0011-site-profiles.md. */
export const SITE_PROFILES: readonly SiteProfile[] = [
  {
    // Entra ID and Microsoft accounts: one sign-in goes over all three hosts.
    id: 'microsoft',
    origins: ['https://login.microsoftonline.com', 'https://login.microsoft.com', 'https://login.live.com'],
    changes: [
      { kind: 'pageVariable', object: '$Config', member: 'fIsFidoSupported', value: true },
      { kind: 'userAgent', product: 'chrome' },
    ],
  },
];

/** The profile for pages of an origin. */
export function profileOf(origin: string): SiteProfile | undefined {
  return SITE_PROFILES.find(({ origins }) => origins.includes(origin));
}

/** Path of a profile's page script within the extension; the build makes one of each (`manifests/site-profile-scripts.ts`). */
export function profileScript({ id }: SiteProfile): string {
  return `page/site-profiles/${id}.js`;
}
