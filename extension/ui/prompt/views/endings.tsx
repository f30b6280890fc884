import type { CeremonyReason } from '../../../../shared/wire/ceremony-state.ts';
import type { PromptView } from '../../../../shared/wire/ui.ts';
import { FailedChecks } from '../../components/failed-checks.tsx';
import type { Translate } from '../../i18n.ts';
import { DeletionPanel } from './deletion.tsx';
import type { StateView } from './state-view.ts';

/** The key has answered and the answer is on its way. */
export function succeededView(kind: PromptView['kind'], t: Translate): StateView {
  return { key: 'succeeded', art: 'done', title: t('succeeded_title'), text: t(`succeeded_${kind}`), ended: true };
}

/** What happened, why, and what to do next. */
export function failedView(
  reason: CeremonyReason,
  { failedChecks = [], deletion }: Pick<PromptView, 'failedChecks' | 'deletion'>,
  onDelete: (pin?: string) => void,
  t: Translate,
): StateView {
  return {
    key: 'failed',
    art: 'failed',
    title: t(`reason_${reason}_what`),
    body: (
      <>
        <div class="reason" role="alert">
          <h2>{t('whyHeading')}</h2>
          <p>{t(`reason_${reason}_why`)}</p>
          {failedChecks.length > 0 && (
            <div class="panel panel-danger">
              <h3>{t('failedChecks')}</h3>
              <FailedChecks checks={failedChecks} />
            </div>
          )}
          <h2>{t('nextHeading')}</h2>
          <p>{t(`reason_${reason}_next`)}</p>
        </div>
        {deletion !== undefined && <DeletionPanel deletion={deletion} onDelete={onDelete} />}
      </>
    ),
    ended: true,
  };
}

/** The prompt without its background. */
export function lostView(t: Translate): StateView {
  return { key: 'lost', art: 'failed', title: t('lost_title'), text: t('lost_text'), ended: true };
}

/** The prompt of a ceremony that has ended already. */
export function overView(t: Translate): StateView {
  return { key: 'over', art: 'done', title: t('over_title'), text: t('over_text'), ended: true };
}

/** Before the first view. */
export function connectingView(t: Translate): StateView {
  return { key: 'connecting', art: 'busy', title: t('connecting_title'), text: t('connecting_text') };
}
