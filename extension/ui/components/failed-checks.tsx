import type { JSX } from 'preact';

import type { FailedCheck } from '../../../shared/wire/ui.ts';
import { checkText } from './check-text.ts';
import { useTranslation } from './translation.ts';

/** What the verifier found wrong: in plain words first, then the id and the verifier's own detail for support. */
export function FailedChecks({ checks }: { readonly checks: readonly FailedCheck[] }): JSX.Element {
  const t = useTranslation();
  return (
    <ul class="failed-checks">
      {checks.map(({ id, spec, detail }) => (
        <li key={id}>
          {t(checkText(id))}
          <span class="failed-check-detail" lang="en" dir="ltr">
            <code>{id}</code> {spec} {detail}
          </span>
        </li>
      ))}
    </ul>
  );
}
