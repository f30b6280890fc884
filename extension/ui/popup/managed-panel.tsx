import type { JSX } from 'preact';

import type { PopupView } from '../../../shared/wire/ui.ts';
import { useTranslation } from '../components/translation.ts';

/** What the administrator set, as far as the user must know it; nothing where nothing is set. */
export function ManagedPanel({ interception, managedProblems }: Pick<PopupView, 'interception' | 'managedProblems'>): JSX.Element | null {
  const t = useTranslation();
  if (interception === 'off' && managedProblems.length === 0) return null;
  const isWrong = managedProblems.length > 0 || interception === 'taken' || interception === 'unsupported';
  return (
    <section class={isWrong ? 'panel panel-warning' : 'panel'} aria-labelledby="managed-heading">
      <h2 id="managed-heading">{t('managedHeading')}</h2>
      {interception !== 'off' && <p role="status">{t(`interception_${interception}`)}</p>}
      {managedProblems.length > 0 && (
        <>
          <p>{t('managedProblems')}</p>
          <ul class="managed-problems">
            {managedProblems.map(({ path, detail }) => (
              <li key={path}>
                <code>{path}</code> {detail}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
