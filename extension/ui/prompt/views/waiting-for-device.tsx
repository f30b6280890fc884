import type { JSX } from 'preact';

import type { CeremonyState, DeviceProblem } from '../../../../shared/wire/ceremony-state.ts';
import type { PromptView } from '../../../../shared/wire/ui.ts';
import { useTranslation } from '../../components/translation.ts';
import type { Translate } from '../../i18n.ts';
import type { StateView } from './state-view.ts';

function Problems({ problems }: { readonly problems: readonly DeviceProblem[] }): JSX.Element {
  const t = useTranslation();
  return (
    <div class="panel panel-warning" role="alert">
      <h2>{t('problems')}</h2>
      <ul class="problems">
        {problems.map(({ problem, transport, detail }) => (
          <li key={`${problem} ${transport} ${detail}`}>
            <p>
              <span class="chip">{t(`transport_${transport}`)}</span> {t(`problem_${problem}_what`)}
            </p>
            <p>{t(`problem_${problem}_next`)}</p>
            {detail !== '' && (
              <details>
                <summary>{t('technicalDetail')}</summary>
                <code>{detail}</code>
              </details>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** No key yet: insert it, lay it on the reader, or mend what stands in the way. */
export function waitingForDeviceView(
  { problems }: Extract<CeremonyState, { state: 'waitingForDevice' }>,
  transports: PromptView['transports'],
  t: Translate,
): StateView {
  const nfc = transports?.includes('nfc') ?? false;
  const usb = transports?.some((transport) => transport !== 'nfc') ?? true;
  const way = !nfc ? 'usb' : usb ? 'both' : 'nfc';
  return {
    key: 'waitingForDevice',
    ...(problems.length === 0 && { art: way === 'nfc' ? 'tap' : 'insert' }),
    title: t(`insert_${way}_title`),
    text: t(`insert_${way}_text`),
    body: problems.length > 0 && <Problems problems={problems} />,
  };
}
