import type { JSX } from 'preact';

import { CeremonyReason } from '../../../shared/wire/ceremony-state.ts';
import { StandAsideReason } from '../../../shared/wire/page.ts';
import type { CeremonySummary } from '../../../shared/wire/ui.ts';
import { useTranslation } from '../components/translation.ts';
import type { Formats, Translate } from '../i18n.ts';

function isOneOf<Value extends string>(values: Readonly<Record<string, Value>>, value: string): value is Value {
  return (Object.values(values) as string[]).includes(value);
}

/** The reason in the user's language where it is one of ours; else as it came. */
function reasonText(reason: string, t: Translate): string {
  if (isOneOf(CeremonyReason, reason)) return t(`reason_${reason}_what`);
  if (isOneOf(StandAsideReason, reason)) return t(`standAside_${reason}`);
  return reason;
}

/** The host of an origin, for narrow windows; what is no URL is shown as it is. */
export function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : origin;
}

interface CeremonyFactsProps {
  readonly ceremony: CeremonySummary;
  readonly formats: Formats;
  readonly now: number;
}

/** What a past ceremony was, when, how long it took, and why it ended as it did. */
export function CeremonyFacts({ ceremony, formats, now }: CeremonyFactsProps): JSX.Element {
  const t = useTranslation();
  const { kind, startedAt, duration, reason, verdict } = ceremony;
  return (
    <>
      <p class="hint facts">
        <span>{t(`kind_${kind}`)}</span>
        <time dateTime={new Date(startedAt).toISOString()} title={formats.dateTime(startedAt)}>
          {formats.relativeTime(startedAt, now)}
        </time>
        <span>{formats.duration(duration)}</span>
        {verdict !== undefined && <span class={`verdict-${verdict}`}>{t(`verdict_${verdict}`)}</span>}
      </p>
      {reason !== undefined && reason !== '' && <p class="ceremony-reason">{reasonText(reason, t)}</p>}
    </>
  );
}
