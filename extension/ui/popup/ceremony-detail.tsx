import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import type { CeremonyDetail, CeremonyInspection, Timeline } from '../../../shared/wire/inspector.ts';
import type { CeremonySummary } from '../../../shared/wire/ui.ts';
import { FailedChecks } from '../components/failed-checks.tsx';
import { useTranslation } from '../components/translation.ts';
import { createFormats, type Formats } from '../i18n.ts';
import type { OpenDetail } from '../store/popup-store.ts';
import { CeremonyFacts, hostOf } from './ceremony-facts.tsx';
import { CopyButton } from './copy-button.tsx';
import { AuthenticatorFacts, CheckList, Fact } from './inspection-parts.tsx';

interface CeremonyDetailViewProps {
  /** Absent when the list does not have it any more. */
  readonly ceremony: CeremonySummary | undefined;
  readonly opened: OpenDetail;
  readonly onClose: () => void;
}

/** Everything that is kept of one ceremony, in the place of the list. */
export function CeremonyDetailView({ ceremony, opened, onClose }: CeremonyDetailViewProps): JSX.Element {
  const t = useTranslation();
  const heading = useRef<HTMLHeadingElement>(null);
  const formats = createFormats(t('languageTag'));
  const { detail } = opened;
  useEffect(() => heading.current?.focus(), []);
  return (
    <section class="panel detail" aria-labelledby="detail-heading" aria-busy={detail === 'loading'}>
      <button type="button" class="button-quiet" onClick={onClose}>
        {t('inspect_back')}
      </button>
      <h2 id="detail-heading" ref={heading} tabIndex={-1}>
        <bdi dir="ltr">{ceremony === undefined ? t('recent') : hostOf(ceremony.origin)}</bdi>
      </h2>
      {ceremony !== undefined && (
        <>
          <p>
            <span class={`badge badge-${ceremony.outcome}`}>{t(`outcome_${ceremony.outcome}`)}</span>
          </p>
          <CeremonyFacts ceremony={ceremony} formats={formats} now={Date.now()} />
          <dl class="fact-list">
            <Fact name={t('origin')}>
              <bdi dir="ltr">{ceremony.origin}</bdi>
            </Fact>
            <Fact name="RP ID">
              <bdi dir="ltr">{ceremony.rpId}</bdi>
            </Fact>
          </dl>
        </>
      )}
      <div role="status">{detail === 'gone' && <p>{t('inspect_gone')}</p>}</div>
      {typeof detail === 'object' && <Details detail={detail} failedChecks={ceremony?.failedChecks ?? []} formats={formats} />}
    </section>
  );
}

interface DetailsProps {
  readonly detail: CeremonyDetail;
  readonly failedChecks: NonNullable<CeremonySummary['failedChecks']>;
  readonly formats: Formats;
}

function Details({ detail, failedChecks, formats }: DetailsProps): JSX.Element {
  const t = useTranslation();
  const { inspection, options, areOptionsCut, timeline } = detail;
  return (
    <>
      {inspection?.recording === undefined ? (
        <p class="hint">{t('inspect_noCopy')}</p>
      ) : (
        <div class="copy-ceremony">
          <CopyButton label={t('inspect_copy')} text={() => exportOf(inspection, detail)} />
          <p class="hint">{t('inspect_copyHint', 'keystile verify')}</p>
        </div>
      )}
      {inspection === undefined
        ? failedChecks.length > 0 && (
            <Part title={t('failedChecks')}>
              <FailedChecks checks={failedChecks} />
            </Part>
          )
        : <Inspection inspection={inspection} />}
      {timeline.length > 0 && (
        <Part title={t('inspect_times')}>
          <Times timeline={timeline} formats={formats} />
        </Part>
      )}
      <Part title={t('inspect_options')}>
        <p class="hint">{t(areOptionsCut ? 'inspect_optionsCut' : 'inspect_optionsHint')}</p>
        <Raw name={t('inspect_options')} text={options} />
      </Part>
    </>
  );
}

function Inspection({ inspection }: { readonly inspection: CeremonyInspection }): JSX.Element {
  const t = useTranslation();
  return (
    <>
      <Part title={t('inspect_checks')}>
        <CheckList checks={inspection.checks} />
      </Part>
      <Part title={t('inspect_key')}>
        <AuthenticatorFacts inspection={inspection} />
      </Part>
      <Part title={t('inspect_clientData')}>
        <Raw name={t('inspect_clientData')} text={inspection.clientData} />
      </Part>
    </>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <details open>
      <summary>
        <h3 class="inline">{title}</h3>
      </summary>
      {children}
    </details>
  );
}

/** Text from outside as it came; it scrolls, so the keyboard must reach it. */
function Raw({ name, text }: { readonly name: string; readonly text: string }): JSX.Element {
  return (
    <pre tabIndex={0} role="region" aria-label={name} lang="en" dir="ltr">
      {text}
    </pre>
  );
}

function Times({ timeline, formats }: { readonly timeline: Timeline; readonly formats: Formats }): JSX.Element {
  const t = useTranslation();
  return (
    <ol class="times">
      {timeline.map(({ step, at }) => (
        <li key={`${step} ${at.toString()}`}>
          <span>{t(`time_${step}`)}</span> <span class="hint">{formats.duration(at)}</span>
        </li>
      ))}
    </ol>
  );
}

/** For `keystile verify`, and for people: what that command does not know, it ignores. */
function exportOf({ recording, verdict, checks }: CeremonyInspection, { options, timeline }: CeremonyDetail): string {
  return JSON.stringify({ ...recording, report: { verdict, checks }, options, timeline }, undefined, 2);
}
