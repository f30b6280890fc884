import { type CeremonyDetail, type CeremonyInspection, MAX_DETAIL_SIZE, MAX_OPTIONS_TEXT, type Timeline } from '../../../shared/wire/inspector.ts';

/** Extensions whose inputs may be secrets of the site, or tell what its keys are made from. */
const SECRET_EXTENSIONS: readonly string[] = ['prf', 'hmacGetSecret', 'largeBlob', 'credBlob'];

/** Puts together what is kept of a ceremony, within {@link MAX_DETAIL_SIZE}. */
export function describeCeremony(
  id: string,
  options: unknown,
  timeline: Timeline,
  inspection: CeremonyInspection | undefined,
): CeremonyDetail {
  const text = optionsText(options);
  const detail: CeremonyDetail = {
    id,
    options: text.slice(0, MAX_OPTIONS_TEXT),
    areOptionsCut: text.length > MAX_OPTIONS_TEXT,
    timeline,
    ...(inspection === undefined ? {} : { inspection }),
  };
  if (JSON.stringify(detail).length <= MAX_DETAIL_SIZE) return detail;
  const { recording: _, ...rest } = inspection ?? {};
  return { ...detail, ...(inspection === undefined ? {} : { inspection: rest as CeremonyInspection }) };
}

/** The page's options as JSON, for people to read; secrets in them are replaced by their length. */
function optionsText(options: unknown): string {
  if (typeof options !== 'object' || options === null) return options === undefined ? '' : JSON.stringify(options);
  const { extensions } = options as { readonly extensions?: unknown };
  if (typeof extensions !== 'object' || extensions === null) return JSON.stringify(options, undefined, 2);
  const shown = Object.entries(extensions).map(([name, value]: [string, unknown]) => [name, SECRET_EXTENSIONS.includes(name) ? withheld(value) : value]);
  return JSON.stringify({ ...options, extensions: Object.fromEntries(shown) as unknown }, undefined, 2);
}

/** `support` says what is asked for; every other text is a byte string of the site's. Names of members may be credential IDs. */
function withheld(value: unknown, name?: string): unknown {
  if (typeof value === 'string') return name === 'support' ? value : `(${value.length.toString()} characters, not kept)`;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withheld(item));
  return Object.fromEntries(Object.entries(value).map(([member, item]: [string, unknown]) => [member, withheld(item, member)]));
}
