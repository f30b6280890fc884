import type messages from '../_locales/en/messages.json';

type Messages = typeof messages;

/** Every text of the user interface has a key in `_locales`; a key that does not exist does not compile. */
export type MessageKey = keyof Messages;

/** Keys of the texts that have a placeholder. No text has more than one, so its value needs no name. */
type KeyWithPlaceholder = {
  [Key in MessageKey]: Messages[Key] extends { readonly placeholders: object } ? Key : never;
}[MessageKey];

/** Keys of the texts without one. */
export type PlainMessageKey = Exclude<MessageKey, KeyWithPlaceholder>;

/** Gives a text in the user's language, its placeholder filled: `t('pin_retries', '3')`. */
export interface Translate {
  (key: PlainMessageKey): string;
  (key: KeyWithPlaceholder, value: string): string;
}

/** Formats for numbers and times in the language of the texts (which is not always the browser's). */
export interface Formats {
  /** A span of milliseconds in the unit that suits it, such as "1.4 sec". */
  readonly duration: (milliseconds: number) => string;
  /** A moment seen from now, such as "5 minutes ago"; both in milliseconds since the epoch. */
  readonly relativeTime: (moment: number, now: number) => string;
  /** The full date and time of a moment in milliseconds since the epoch. */
  readonly dateTime: (moment: number) => string;
}

const UNITS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, milliseconds: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** @param language BCP 47 tag, the text `languageTag`. */
export function createFormats(language: string): Formats {
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const dateTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
  const span = (unit: string): Intl.NumberFormat =>
    new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 });
  return {
    duration(milliseconds) {
      if (milliseconds < 1000) return span('millisecond').format(Math.round(milliseconds));
      if (milliseconds < 60_000) return span('second').format(milliseconds / 1000);
      return span('minute').format(milliseconds / 60_000);
    },
    relativeTime(moment, now) {
      const passed = Math.max(0, now - moment);
      const [unit, length] = UNITS.find(([, milliseconds]) => passed >= milliseconds) ?? ['second', 1000];
      // Within the last minute the seconds do not matter: "now".
      return relative.format(unit === 'second' ? 0 : -Math.floor(passed / length), unit);
    },
    dateTime: (moment) => dateTime.format(moment),
  };
}

/** Gives the document the language and direction of its texts, which a reader and the browser's fonts go by. */
export function applyLanguage(root: HTMLElement, t: Translate): void {
  root.lang = t('languageTag');
  root.dir = t('textDirection');
}
