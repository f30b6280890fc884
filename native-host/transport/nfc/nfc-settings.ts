import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import type { PcscOptions } from './pcsc.ts';

/** How cards are spoken to, where the defaults do not serve one: see docs/INSTALL.md. */
export type NfcSettings = Required<Pick<PcscOptions, 'form' | 'polling'>>;

/** Environment variables of the settings. */
export const NFC_VARIABLES = { form: 'KEYSTILE_NFC_APDU', polling: 'KEYSTILE_NFC_POLLING' } as const;

const DEFAULTS: NfcSettings = { form: 'short', polling: 'auto' };

/**
 * Reads the settings from environment variables: `KEYSTILE_NFC_APDU` is `short` (default) or `extended`,
 * `KEYSTILE_NFC_POLLING` is `on` (default) or `off`. Empty counts as absent.
 *
 * @returns the text to tell about a value that is none of these.
 */
export function readNfcSettings(environment: Readonly<Record<string, string | undefined>>): Result<NfcSettings, string> {
  const form = pick(environment, NFC_VARIABLES.form, { short: 'short', extended: 'extended' } as const, DEFAULTS.form);
  if (!form.ok) return form;
  const polling = pick(environment, NFC_VARIABLES.polling, { on: 'auto', off: 'never' } as const, DEFAULTS.polling);
  return polling.ok ? success({ form: form.value, polling: polling.value }) : polling;
}

function pick<Value extends string>(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
  values: Readonly<Record<string, Value>>,
  fallback: Value,
): Result<Value, string> {
  const text = environment[name] ?? '';
  if (text === '') return success(fallback);
  const value = Object.hasOwn(values, text) ? values[text] : undefined;
  return value === undefined ? failure(`${name} must be one of: ${Object.keys(values).join(', ')}.`) : success(value);
}
