import type { JSX } from 'preact';

import type { CeremonySummary } from '../../../shared/wire/ui.ts';
import { FailedChecks } from '../components/failed-checks.tsx';
import { reasonText } from '../components/reason-text.ts';
import { useTranslation } from '../components/translation.ts';
import { createFormats, type Formats } from '../i18n.ts';

/** The host of an origin, for a narrow list; what is no URL is shown as it is. */
function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : origin;
}

interface CeremonyItemProps {
  readonly ceremony: CeremonySummary;
  readonly formats: Formats;
  readonly now: number;
}

function CeremonyItem({ ceremony, formats, now }: CeremonyItemProps): JSX.Element {
  const t = useTranslation();
  const { kind, origin, startedAt, duration, outcome, reason, verdict, failedChecks = [] } = ceremony;
  return (
    <li>
      <div class="ceremony-head">
        <bdi class="strong" dir="ltr" title={origin}>
          {hostOf(origin)}
        </bdi>
        <span class={`badge badge-${outcome}`}>{t(`outcome_${outcome}`)}</span>
      </div>
      <p class="hint facts">
        <span>{t(`kind_${kind}`)}</span>
        <time dateTime={new Date(startedAt).toISOString()} title={formats.dateTime(startedAt)}>
          {formats.relativeTime(startedAt, now)}
        </time>
        <span>{formats.duration(duration)}</span>
        {verdict !== undefined && <span class={`verdict-${verdict}`}>{t(`verdict_${verdict}`)}</span>}
      </p>
      {reason !== undefined && reason !== '' && <p class="ceremony-reason">{reasonText(reason, t)}</p>}
      {failedChecks.length > 0 && (
        <details>
          <summary>{t('failedChecks')}</summary>
          <FailedChecks checks={failedChecks} />
        </details>
      )}
    </li>
  );
}

interface RecentCeremoniesProps {
  readonly ceremonies: readonly CeremonySummary[];
  readonly onClear: () => void;
}

/** The last ceremonies, newest first. */
export function RecentCeremonies({ ceremonies, onClear }: RecentCeremoniesProps): JSX.Element {
  const t = useTranslation();
  const formats = createFormats(t('languageTag'));
  const now = Date.now();
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
            <CeremonyItem key={ceremony.id} ceremony={ceremony} formats={formats} now={now} />
          ))}
        </ul>
      )}
    </section>
  );
}
