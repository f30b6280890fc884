import { describe, expect, test } from 'vitest';

import { selectFidoDevices } from '../../../../native-host/transport/usb/fido-devices.ts';

const key = { path: '/dev/hidraw3', vendorId: 0x1050, productId: 0x0407, product: ' Key ', usagePage: 0xf1d0, usage: 1 };

describe('FIDO keys among HID devices', () => {
  test('usage page and usage decide', () => {
    const keyboard = { ...key, path: '/dev/hidraw1', usagePage: 1, usage: 6 };
    const otherUsage = { ...key, path: '/dev/hidraw2', usage: 2 };
    const unknown = { path: '/dev/hidraw4', vendorId: 1, productId: 2 };
    expect(selectFidoDevices([keyboard, otherUsage, unknown, key])).toEqual([
      { path: '/dev/hidraw3', productName: 'Key', serialNumber: '', withoutCbor: false },
    ]);
  });

  test('a device without a path cannot be opened', () => {
    expect(selectFidoDevices([{ ...key, path: undefined }])).toEqual([]);
  });

  test.each([
    [0x10c4, 0x8acf],
    [0x20a0, 0x4287],
  ])('%i:%i does not take CTAP2 commands', (vendorId, productId) => {
    expect(selectFidoDevices([{ ...key, vendorId, productId }])).toMatchObject([{ withoutCbor: true }]);
  });
});
