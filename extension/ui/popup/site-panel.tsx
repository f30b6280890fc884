import type { JSX } from 'preact';

import type { SiteView } from '../../../shared/wire/ui.ts';
import { reasonText } from '../components/reason-text.ts';
import { Switch } from '../components/switch.tsx';
import { useTranslation } from '../components/translation.ts';

type ProfileView = NonNullable<SiteView['profile']>;

interface SitePanelProps {
  readonly site: SiteView;
  readonly onUse: (isUsed: boolean) => void;
  readonly onProfile: (id: string, isOn: boolean) => void;
}

/** The site in the tab: whether Keystile serves it, what became of its last request, and its profile. */
export function SitePanel({ site, onUse, onProfile }: SitePanelProps): JSX.Element {
  const t = useTranslation();
  const { host, name, isUsed, lock, lastLeft, profile } = site;
  return (
    <section class="panel this-site" aria-labelledby="site-heading">
      <h2 id="site-heading">{t('siteHeading')}</h2>
      <p class="this-site-name">
        <bdi class="strong" dir="ltr">
          {host}
        </bdi>
        {name !== undefined && <bdi class="badge">{name}</bdi>}
      </p>
      <Switch
        id="site-use"
        label={t('site_use')}
        state={t(isUsed ? 'site_on' : 'site_off')}
        on={isUsed}
        locked={lock && t(`lock_${lock}`)}
        onChange={onUse}
      />
      {lastLeft !== undefined && (
        <p class="last-left">
          {t('site_lastLeft')} <span class="strong">{reasonText(lastLeft, t)}</span>
        </p>
      )}
      {profile !== undefined && <Profile profile={profile} onChange={(isOn) => onProfile(profile.id, isOn)} />}
    </section>
  );
}

function Profile({ profile, onChange }: { readonly profile: ProfileView; readonly onChange: (isOn: boolean) => void }): JSX.Element {
  const t = useTranslation();
  const { isOn, lock, hosts, changes } = profile;
  return (
    <div class="profile" role="group" aria-labelledby="profile-label">
      <Switch
        id="profile"
        label={t('profile_use')}
        state={t('profile_reload')}
        on={isOn}
        locked={lock && t(`lock_${lock}`)}
        onChange={onChange}
      />
      <p class="hint">{t('profile_why')}</p>
      <ul class="profile-changes">
        {changes.map((change) => (
          <li key={change.kind}>
            {change.kind === 'pageVariable'
              ? t('profile_pageVariable', `${change.variable} = ${change.value}`)
              : t('profile_userAgent')}
          </li>
        ))}
      </ul>
      <p class="hint">{t('profile_hosts', hosts.join(', '))}</p>
    </div>
  );
}
