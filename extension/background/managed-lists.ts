import * as v from 'valibot';

import { decodeDomain } from '../../shared/webauthn/domain.ts';
import type { ManagedProblem } from './managed-settings.ts';
import type { SiteName } from './site-names.ts';
import { SITE_PROFILES } from './site-profiles/profiles.ts';

/** A list of which every item that can be used counts, and every other one is told. */
interface DecodedList<Item> {
  readonly values: readonly Item[];
  readonly problems: readonly ManagedProblem[];
}

/** Decodes `siteProfiles`. Nothing that cannot be read turns a profile on. */
export function decodeProfileIds(value: unknown): DecodedList<string> {
  const known = SITE_PROFILES.map(({ id }) => id);
  const detail = `must be a profile: ${known.join(', ')}`;
  return decodeList('siteProfiles', value, detail, (item) => known.find((id) => id === item));
}

const siteName = v.object({
  domain: v.string(),
  // No controls, and nothing that changes the direction of the text around it.
  name: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(60), v.regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u)),
});

/** Decodes `siteNames`. */
export function decodeSiteNames(value: unknown): DecodedList<SiteName> {
  const detail = 'must have a domain such as "login.example.com" and a name of at most 60 characters';
  return decodeList('siteNames', value, detail, (item) => {
    const parsed = v.safeParse(siteName, item);
    const domain = parsed.success ? decodeDomain(parsed.output.domain) : undefined;
    return domain !== undefined && parsed.success ? { domain, name: parsed.output.name } : undefined;
  });
}

function decodeList<Item>(
  path: string,
  value: unknown,
  detail: string,
  decode: (item: unknown) => Item | undefined,
): DecodedList<Item> {
  const list = v.safeParse(v.optional(v.pipe(v.array(v.unknown()), v.maxLength(1000)), []), value);
  if (!list.success) return { values: [], problems: [{ path, detail: 'must be a list of at most 1000 items' }] };
  const decoded = list.output.map(decode);
  return {
    values: decoded.filter((item) => item !== undefined),
    problems: decoded.flatMap((item, index) => (item === undefined ? [{ path: `${path}.${index.toString()}`, detail }] : [])),
  };
}
