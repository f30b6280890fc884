/** One thing that a site profile changes. */
export type SiteChange =
  /** A member of a global object of the page reads as this value, whatever the page sets it to. */
  | { readonly kind: 'pageVariable'; readonly object: string; readonly member: string; readonly value: boolean }
  /** The user agent names this product, to the page and to its server; the operating system stays as it is. */
  | { readonly kind: 'userAgent'; readonly product: 'chrome' };

/** What it takes that the sign-in pages of one provider offer security keys in every browser. */
export interface SiteProfile {
  /** Names the profile in settings and policies; never given to another one. */
  readonly id: string;
  /** `https:` origins without a port. No origin is in two profiles. */
  readonly origins: readonly string[];
  readonly changes: readonly SiteChange[];
}
