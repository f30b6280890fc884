import { expect, test } from 'vitest';

import { createKeyAccess } from '../../../native-host/ceremony/key-access.ts';
import { isSameKey, OneView } from '../../../native-host/ceremony/one-view.ts';
import type { DeviceDescriptor, DeviceListener, Transport, TransportError } from '../../../native-host/transport/device.ts';
import { failure } from '../../../shared/bytes/result.ts';

const USB: DeviceDescriptor = { id: 'usb:1', transport: 'usb', productName: 'FIDO2 Security Key' };
const CARD_SIDE: DeviceDescriptor = { id: 'nfc:1', transport: 'nfc', productName: 'TOKEN2 FIDO2 Security Key(0021) 00 00' };
const CARD: DeviceDescriptor = { id: 'nfc:2', transport: 'nfc', productName: 'ACS ACR1252 Dual Reader 00 00' };
const BUSY: TransportError = { kind: 'transport', problem: 'busy', transport: 'usb', detail: 'For the test.' };

/** Writes down what is told. */
function log(): { readonly events: string[]; readonly listener: DeviceListener } {
  const events: string[] = [];
  return {
    events,
    listener: {
      added: ({ id }) => void events.push(`+${id}`),
      removed: (id) => void events.push(`-${id}`),
      denied: ({ id }) => void events.push(`!${id}`),
    },
  };
}

test.each([
  ['the product', USB, CARD_SIDE, true],
  ['the serial number', { ...USB, productName: 'Key', hardware: { serialNumber: 'AB12-3456' } }, { ...CARD, productName: 'Maker Thing (AB123456) 00 00' }, true],
  ['a name that is in many', { ...USB, productName: 'FIDO' }, CARD_SIDE, false],
  ['no name', { ...USB, productName: '' }, CARD_SIDE, false],
  ['a reader of another maker', USB, CARD, false],
])('one key by %s', (_name, usb, card, expected) => {
  expect(isSameKey(usb, card)).toBe(expected);
});

test.each([
  [[USB, CARD_SIDE, CARD], ['+usb:1', '+nfc:2']],
  [[CARD_SIDE, USB, CARD], ['+nfc:1', '+usb:1', '-nfc:1', '+nfc:2']],
])('whichever view comes first, one is left', (order, events) => {
  const told = log();
  const view = new OneView(told.listener);
  for (const descriptor of order) view.added(descriptor);
  expect(told.events).toEqual(events);
  view.removed('nfc:1');
  expect(told.events).toEqual(events);
});

test('a card that was told some time ago stays: somebody may be using it', () => {
  const told = log();
  let now = 0;
  const view = new OneView(told.listener, () => now);
  view.added(CARD_SIDE);
  now = 10_000;
  view.added(USB);
  view.removed('nfc:1');
  expect(told.events).toEqual(['+nfc:1', '+usb:1', '-nfc:1']);
});

test('a USB view that is gone, denied or cannot be used does not stand in the way of the card', () => {
  const told = log();
  const view = new OneView(told.listener);
  view.denied(USB, { ...BUSY, problem: 'accessDenied' });
  view.added(CARD_SIDE);
  expect(told.events).toEqual(['!usb:1', '+nfc:1']);

  const again = log();
  const other = new OneView(again.listener);
  other.added(USB);
  other.added(CARD_SIDE);
  other.unusable('usb:1');
  other.unusable('usb:1');
  expect(again.events).toEqual(['+usb:1', '+nfc:1']);
});

test('a USB key that turns out to be busy is told as a card', async () => {
  const transport = (descriptor: DeviceDescriptor): Transport => ({
    kind: descriptor.transport,
    status: () => Promise.resolve({ available: true }),
    watch(listener) {
      listener.added(descriptor);
      return () => undefined;
    },
    open: () => Promise.resolve(failure(BUSY)),
  });
  const access = createKeyAccess([transport(USB), transport(CARD_SIDE)]);
  const told = log();
  const stop = access.watch(told.listener);
  expect(told.events).toEqual(['+usb:1']);
  await access.open('usb:1', new AbortController().signal);
  expect(told.events).toEqual(['+usb:1', '+nfc:1']);
  stop();
});
