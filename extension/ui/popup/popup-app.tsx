import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';

import { BrandMark } from '../components/brand-mark.tsx';
import { Switch } from '../components/switch.tsx';
import { useTranslation } from '../components/translation.ts';
import type { PopupStore } from '../store/popup-store.ts';
import { CeremonyDetailView } from './ceremony-detail.tsx';
import { HostPanel } from './host-panel.tsx';
import { KnownCredentials } from './known-credentials.tsx';
import { ManagedPanel } from './managed-panel.tsx';
import { RecentCeremonies } from './recent-ceremonies.tsx';
import { SitePanel } from './site-panel.tsx';

/** The toolbar popup: can keys be used, should Keystile act, and what happened lately. */
export function PopupApp({ store }: { readonly store: PopupStore }): JSX.Element {
  const t = useTranslation();
  const view = store.view.value;
  const opened = store.opened.value;
  const lastOpened = useRef<string | undefined>(undefined);
  if (opened !== undefined) lastOpened.current = opened.id;
  return (
    <main data-interception={view?.interception}>
      <header>
        <h1 class="brand">
          <BrandMark />
          Keystile
        </h1>
        {view !== undefined && <span class="hint">{t('version', view.version)}</span>}
      </header>
      {store.lost.value ? (
        <p class="panel panel-warning" role="alert">
          {t('popup_lost')}
        </p>
      ) : (
        view !== undefined &&
        (opened !== undefined ? (
          <CeremonyDetailView
            key={opened.id}
            ceremony={view.ceremonies.find(({ id }) => id === opened.id)}
            opened={opened}
            onClose={() => store.closeDetail()}
          />
        ) : (
          <>
            <HostPanel host={view.host} checking={store.checking.value} onCheck={() => store.checkHost()} />
            <ManagedPanel interception={view.interception} managedProblems={view.managedProblems} />
            {view.site !== undefined && (
              <SitePanel
                site={view.site}
                onUse={(isUsed) => store.setSiteUsed(isUsed)}
                onProfile={(id, isOn) => store.setSiteProfile(id, isOn)}
              />
            )}
            <PauseSwitch paused={view.paused} onChange={(paused) => store.setPaused(paused)} />
            <RecentCeremonies
              ceremonies={view.ceremonies}
              onClear={() => store.clearCeremonies()}
              onOpen={(id) => store.openDetail(id)}
              returnTo={lastOpened.current}
            />
            <KnownCredentials store={store} />
          </>
        ))
      )}
    </main>
  );
}

interface PauseSwitchProps {
  readonly paused: boolean;
  readonly onChange: (paused: boolean) => void;
}

function PauseSwitch({ paused, onChange }: PauseSwitchProps): JSX.Element {
  const t = useTranslation();
  return (
    <section class="panel">
      <Switch id="pause" label={t('pause')} state={t(paused ? 'pause_on' : 'pause_off')} on={paused} onChange={onChange} />
    </section>
  );
}
