import { decodeDomain } from '../../shared/webauthn/domain.ts';
import type { PopupView } from '../../shared/wire/ui.ts';
import type { TabInfo } from '../platform/ports.ts';
import type { ManagedSettings } from './managed-settings.ts';
import type { Recorder } from './recorder.ts';
import { MAX_EXCLUDED_SITES, type Settings } from './settings.ts';
import { siteNameOf } from './site-names.ts';
import { findSite } from './site-patterns.ts';
import type { SiteProfiles } from './site-profiles/site-profiles.ts';

type SiteView = NonNullable<PopupView['site']>;

/** What is known and can be changed about the site of one tab. */
export interface ThisSite {
  /** `undefined` where there is no WebAuthn: pages of the browser, http, addresses. */
  view(tab: TabInfo | undefined): SiteView | undefined;
  /**
   * Leaves a site to the browser, or no longer.
   *
   * @param host of the site: it stands for itself and everything below it.
   * @returns false for what is no domain, and where the administrator has decided.
   */
  use(host: string, isUsed: boolean): boolean;
}

/** What decides about sites. */
export interface ThisSiteServices {
  readonly settings: Settings;
  readonly managed: ManagedSettings;
  readonly recorder: Recorder;
  readonly profiles: SiteProfiles;
}

/** Builds the popup's knowledge of sites. */
export function createThisSite({ settings, managed, recorder, profiles }: ThisSiteServices): ThisSite {
  function profileView(origin: string, isPrivate: boolean): SiteView['profile'] {
    const state = profiles.stateOf(origin);
    if (state === undefined) return undefined;
    const { profile, isOn, isManaged } = state;
    const lock = lockOf(isManaged, isPrivate);
    return {
      id: profile.id,
      isOn,
      ...(lock === undefined ? {} : { lock }),
      hosts: profile.origins.map((each) => new URL(each).hostname),
      changes: profile.changes.map((change) =>
        change.kind === 'pageVariable'
          ? { kind: change.kind, variable: `${change.object}.${change.member}`, value: String(change.value) }
          : change,
      ),
    };
  }

  return {
    view(tab) {
      const host = tab?.origin === undefined ? undefined : hostWithWebauthn(tab.origin);
      if (tab?.origin === undefined || host === undefined) return undefined;
      const { origin, isPrivate } = tab;
      const isManaged = findSite(origin, managed.values.excludedSites) !== undefined;
      const isExcluded = isManaged || findSite(origin, settings.values.excludedSites) !== undefined;
      const name = siteNameOf(origin, managed.values.siteNames);
      const lock = lockOf(isManaged, isPrivate);
      const profile = profileView(origin, isPrivate);
      const last = recorder.summaries.find((summary) => summary.origin === origin);
      return {
        host,
        ...(name === undefined ? {} : { name }),
        isUsed: !isExcluded,
        ...(lock === undefined ? {} : { lock }),
        ...(last?.outcome === 'standAside' && last.reason !== undefined ? { lastLeft: last.reason } : {}),
        ...(profile === undefined ? {} : { profile }),
      };
    },
    use(host, isUsed) {
      const site = decodeDomain(host);
      if (site === undefined || findSite(`https://${site}`, managed.values.excludedSites) !== undefined) return false;
      // Nothing that covers it may stay.
      const others = settings.values.excludedSites.filter((domain) => findSite(`https://${site}`, [domain]) === undefined);
      settings.update({ excludedSites: isUsed ? others : [...others, site].slice(-MAX_EXCLUDED_SITES) });
      return true;
    },
  };
}

function lockOf(isManaged: boolean, isPrivate: boolean): SiteView['lock'] {
  if (isManaged) return 'administrator';
  // What is visited there is kept nowhere, in settings neither.
  return isPrivate ? 'private' : undefined;
}

/** The host, where pages have WebAuthn and a domain that settings can name. */
function hostWithWebauthn(origin: string): string | undefined {
  if (!URL.canParse(origin)) return undefined;
  const { protocol, hostname } = new URL(origin);
  const isLocal = protocol === 'http:' && (hostname === 'localhost' || hostname.endsWith('.localhost'));
  return protocol === 'https:' || isLocal ? decodeDomain(hostname) : undefined;
}
