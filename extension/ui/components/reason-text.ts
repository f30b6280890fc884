import { CeremonyReason } from '../../../shared/wire/ceremony-state.ts';
import { StandAsideReason } from '../../../shared/wire/page.ts';
import type { Translate } from '../i18n.ts';

function isOneOf<Value extends string>(values: Readonly<Record<string, Value>>, value: string): value is Value {
  return (Object.values(values) as string[]).includes(value);
}

/** The reason of a ceremony's end in the user's language where it is one of ours; else as it came. */
export function reasonText(reason: string, t: Translate): string {
  if (isOneOf(CeremonyReason, reason)) return t(`reason_${reason}_what`);
  if (isOneOf(StandAsideReason, reason)) return t(`standAside_${reason}`);
  return reason;
}
