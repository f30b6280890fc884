import { expect, test } from 'vitest';

import { winkKey } from '../../../native-host/management/wink.ts';
import type { Device } from '../../../native-host/transport/device.ts';
import { transportFailure } from '../../../native-host/transport/errors.ts';

const { signal } = new AbortController();

test('a card cannot blink, and is asked for nothing', async () => {
  expect(await winkKey({} as Device, signal)).toMatchObject({ ok: false, error: { reason: 'notSupported' } });
});

test('neither can a key whose capabilities do not name it', async () => {
  const device = { supportsWink: false, wink: () => expect.fail('It was asked.') } as Partial<Device>;
  expect(await winkKey(device as Device, signal)).toMatchObject({ ok: false, error: { reason: 'notSupported' } });
});

test('a key that is pulled out meanwhile', async () => {
  const device: Partial<Device> = { supportsWink: true, wink: () => Promise.resolve(transportFailure('usb', 'disconnected', 'It is gone.')) };
  expect(await winkKey(device as Device, signal)).toMatchObject({ ok: false, error: { reason: 'disconnected' } });
});
