import type { JSX } from 'preact';

import { NATIVE_HOST_NAME } from '../../../shared/wire/native.ts';
import type { HostStatus } from '../../../shared/wire/ui.ts';
import { useTranslation } from '../components/translation.ts';
import { CopyText } from './copy-text.tsx';

type Ready = Extract<HostStatus, { status: 'ready' }>;
type Unavailable = Extract<HostStatus, { status: 'unavailable' }>;

/** What to type (or, for an administrator, to allow) to mend each problem. */
const REMEDIES: Readonly<Record<Unavailable['problem'], string>> = {
  notInstalled: 'keystile install',
  notAllowed: 'keystile install',
  incompatible: 'keystile install',
  blockedByPolicy: NATIVE_HOST_NAME,
  failedToStart: 'keystile doctor',
  crashed: 'keystile doctor',
};

interface HostPanelProps {
  readonly host: HostStatus;
  readonly checking: boolean;
  readonly onCheck: () => void;
}

/** Whether keys can be used through the host, and if not, how to mend that. */
export function HostPanel({ host, checking, onCheck }: HostPanelProps): JSX.Element {
  const t = useTranslation();
  return (
    <section class={`panel host host-${host.status}`} aria-labelledby="host-heading" aria-busy={checking}>
      <div class="section-head">
        <h2 id="host-heading">{t('hostHeading')}</h2>
        <button type="button" class="button-quiet" disabled={checking} onClick={onCheck}>
          {t('checkAgain')}
        </button>
      </div>
      <div role="status" aria-live="polite">
        <p class="host-state strong">
          {t(
            checking || host.status === 'unknown'
              ? 'host_unknown'
              : host.status === 'ready'
                ? 'host_ready'
                : `host_${host.problem}_what`,
          )}
        </p>
        {!checking && host.status === 'ready' && <ReadyDetails host={host} />}
        {!checking && host.status === 'unavailable' && <Remedy host={host} />}
      </div>
    </section>
  );
}

function ReadyDetails({ host }: { readonly host: Ready }): JSX.Element {
  const t = useTranslation();
  return (
    <>
      <ul class="transports">
        {host.transports.map(({ kind, available, detail }) => (
          <li key={kind} class={available ? '' : 'missing'}>
            {t(available ? 'transport_available' : 'transport_missing', t(`transport_${kind}`))}
            {!available && detail !== undefined && detail !== '' && <span class="hint">{detail}</span>}
          </li>
        ))}
      </ul>
      {host.development && <p class="hint">{t('host_development')}</p>}
      <p class="hint">{t('host_version', host.version)}</p>
    </>
  );
}

function Remedy({ host }: { readonly host: Unavailable }): JSX.Element {
  const t = useTranslation();
  return (
    <>
      <p>{t(`host_${host.problem}_next`)}</p>
      <CopyText text={REMEDIES[host.problem]} />
      {host.version !== undefined && <p class="hint">{t('host_version', host.version)}</p>}
      {host.detail !== '' && (
        <details>
          <summary>{t('technicalDetail')}</summary>
          <code>{host.detail}</code>
        </details>
      )}
    </>
  );
}
