import type { SiteProfile } from '../../../shared/site-profile/profile.ts';
import type { BrowserIdentity, SiteChangesPort } from '../../platform/ports.ts';
import type { ManagedSettings } from '../managed-settings.ts';
import type { Settings } from '../settings.ts';
import { profileOf, profileScript, SITE_PROFILES } from './profiles.ts';
import { headerRules } from './request-headers.ts';

/** A profile, and whether it acts. */
export interface ProfileState {
  readonly profile: SiteProfile;
  readonly isOn: boolean;
  /** The administrator decides about all profiles. */
  readonly isManaged: boolean;
}

/** The profiles at work. */
export interface SiteProfiles {
  /** The profile for pages of an origin, on or off. */
  stateOf(origin: string): ProfileState | undefined;
  /**
   * Turns a profile on or off, as the user wants it.
   *
   * @returns false where there is no such profile, or the administrator decides.
   */
  turn(id: string, isOn: boolean): boolean;
  /** Makes the browser do what the settings say. Never rejects. */
  refresh(): Promise<void>;
}

/** What decides about profiles, and what carries them out. */
export interface SiteProfileServices {
  readonly siteChanges: SiteChangesPort;
  readonly identity: BrowserIdentity;
  readonly settings: Settings;
  readonly managed: ManagedSettings;
  readonly reportFault: (fault: unknown, where: string) => void;
}

/**
 * Keeps the browser's scripts and header rules at exactly those of the profiles that are on. The browser remembers
 * both without the background; they are compared at every start, for what an update or a policy has changed meanwhile.
 */
export function createSiteProfiles(services: SiteProfileServices): SiteProfiles {
  const { siteChanges, identity, settings, managed, reportFault } = services;
  /** Profiles that were made so last; unknown to a background that has just started. */
  let applied: string | undefined;
  /** One change after the other. */
  let working: Promise<void> = Promise.resolve();

  function isOn({ id }: SiteProfile): boolean {
    return (managed.values.siteProfiles ?? settings.values.siteProfiles).includes(id);
  }

  async function work(): Promise<void> {
    await Promise.all([managed.loaded, settings.loaded]);
    const active = SITE_PROFILES.filter(isOn);
    const wanted = active.map(({ id }) => id).join();
    if (wanted === applied) return;
    applied = undefined;
    await siteChanges.setPageScripts(
      active.map((profile) => ({
        id: `site-profile-${profile.id}`,
        file: profileScript(profile),
        origins: profile.origins,
      })),
    );
    await siteChanges.setRequestHeaders(headerRules(active, identity));
    applied = wanted;
  }

  function refresh(): Promise<void> {
    working = working.then(work).catch((fault: unknown) => reportFault(fault, 'site profiles'));
    return working;
  }

  managed.onChange(() => void refresh());
  settings.onChange(() => void refresh());

  return {
    stateOf(origin) {
      const profile = profileOf(origin);
      if (profile === undefined) return undefined;
      return { profile, isOn: isOn(profile), isManaged: managed.values.siteProfiles !== undefined };
    },
    turn(id, on) {
      if (managed.values.siteProfiles !== undefined || !SITE_PROFILES.some((profile) => profile.id === id)) return false;
      const others = settings.values.siteProfiles.filter((other) => other !== id);
      settings.update({ siteProfiles: on ? [...others, id] : others });
      return true;
    },
    refresh,
  };
}
