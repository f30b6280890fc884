import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';

import type { CeremonySummary } from '../../../shared/wire/ui.ts';
import { FailedChecks } from '../components/failed-checks.tsx';
import { useTranslation } from '../components/translation.ts';
import { createFormats, type Formats } from '../i18n.ts';
import { CeremonyFacts, hostOf } from './ceremony-facts.tsx';

interface CeremonyItemProps {
  readonly ceremony: CeremonySummary;
  readonly formats: Formats;
  readonly now: number;
  readonly onOpen: (id: string) => void;
}

function CeremonyItem({ ceremony, formats, now, onOpen }: CeremonyItemProps): JSX.Element {
  const t = useTranslation();
  const { id, origin, outcome, failedChecks = [], detail } = ceremony;
  return (
    <li>
      <div class="ceremony-head">
        <bdi class="strong" dir="ltr" title={origin}>
          {hostOf(origin)}
        </bdi>
        <span class={`badge badge-${outcome}`}>{t(`outcome_${outcome}`)}</span>
      </div>
      <CeremonyFacts ceremony={ceremony} formats={formats} now={now} />
      {failedChecks.length > 0 && (
        <details>
          <summary>{t('failedChecks')}</summary>
          <FailedChecks checks={failedChecks} />
        </details>
      )}
      {detail !== undefined && (
        <button type="button" id={openerOf(id)} class="button-quiet" aria-label={t('inspect_openOf', hostOf(origin))} onClick={() => onOpen(id)}>
          {t('inspect_open')}
        </button>
      )}
    </li>
  );
}

function openerOf(id: string): string {
  return `open-${id}`;
}

interface RecentCeremoniesProps {
  readonly ceremonies: readonly CeremonySummary[];
  readonly onClear: () => void;
  readonly onOpen: (id: string) => void;
  /** The ceremony whose details were on show before: the focus goes back to its button. */
  readonly returnTo: string | undefined;
}

/** The last ceremonies, newest first. */
export function RecentCeremonies({ ceremonies, onClear, onOpen, returnTo }: RecentCeremoniesProps): JSX.Element {
  const t = useTranslation();
  const formats = createFormats(t('languageTag'));
  const now = Date.now();
  useEffect(() => {
    if (returnTo !== undefined) document.getElementById(openerOf(returnTo))?.focus();
  }, []);
  return (
    <section class="panel recent" aria-labelledby="recent-heading">
      <div class="section-head">
        <h2 id="recent-heading">{t('recent')}</h2>
        {ceremonies.length > 0 && (
          <button type="button" class="button-quiet" onClick={onClear}>
            {t('recent_clear')}
          </button>
        )}
      </div>
      {ceremonies.length === 0 ? (
        <p class="hint">{t('recent_empty')}</p>
      ) : (
        <ul>
          {ceremonies.map((ceremony) => (
            <CeremonyItem key={ceremony.id} ceremony={ceremony} formats={formats} now={now} onOpen={onOpen} />
          ))}
        </ul>
      )}
    </section>
  );
}
