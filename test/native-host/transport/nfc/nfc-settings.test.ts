import { describe, expect, test } from 'vitest';

import { readNfcSettings } from '../../../../native-host/transport/nfc/nfc-settings.ts';

describe('settings for cards', () => {
  test.each([
    [{}, { form: 'short', polling: 'auto' }],
    [{ KEYSTILE_NFC_APDU: '', KEYSTILE_NFC_POLLING: '' }, { form: 'short', polling: 'auto' }],
    [{ KEYSTILE_NFC_APDU: 'extended', KEYSTILE_NFC_POLLING: 'off' }, { form: 'extended', polling: 'never' }],
    [{ KEYSTILE_NFC_APDU: 'short', KEYSTILE_NFC_POLLING: 'on' }, { form: 'short', polling: 'auto' }],
  ])('%j', (environment, value) => {
    expect(readNfcSettings(environment)).toEqual({ ok: true, value });
  });

  test.each([
    [{ KEYSTILE_NFC_APDU: 'long' }, 'KEYSTILE_NFC_APDU must be one of: short, extended.'],
    [{ KEYSTILE_NFC_POLLING: 'toString' }, 'KEYSTILE_NFC_POLLING must be one of: on, off.'],
  ])('%j is refused', (environment, error) => {
    expect(readNfcSettings(environment)).toEqual({ ok: false, error });
  });
});
