import { afterEach, expect, test, vi } from 'vitest';

import { createKeyAccess } from '../../../native-host/ceremony/key-access.ts';
import { isSameKey, OneView } from '../../../native-host/ceremony/one-view.ts';
import type { DeviceDescriptor, DeviceListener, Transport, TransportError } from '../../../native-host/transport/device.ts';
import { failure } from '../../../shared/bytes/result.ts';

const USB: DeviceDescriptor = { id: 'usb:1', transport: 'usb', productName: 'FIDO2 Security Key' };
const CARD_SIDE: DeviceDescriptor = { id: 'nfc:1', transport: 'nfc', productName: 'TOKEN2 FIDO2 Security Key(0021) 00 00' };
const CARD: DeviceDescriptor = { id: 'nfc:2', transport: 'nfc', productName: 'ACS ACR1252 Dual Reader 00 00' };
const BUSY: TransportError = { kind: 'transport', problem: 'busy', transport: 'usb', detail: 'For the test.' };

afterEach(() => void vi.useRealTimers());

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

test('a key that is taken out and put back is never told as a card, whichever view is slower', () => {
  vi.useFakeTimers();
  const told = log();
  const view = new OneView(told.listener);
  view.added(USB);
  view.added(CARD_SIDE);
  view.removed('usb:1');
  vi.advanceTimersByTime(400);
  view.removed('nfc:1');
  vi.advanceTimersByTime(20_000);
  view.added({ ...CARD_SIDE, id: 'nfc:3' });
  view.added(CARD);
  vi.advanceTimersByTime(400);
  view.added({ ...USB, id: 'usb:2' });
  vi.advanceTimersByTime(20_000);
  expect(told.events).toEqual(['+usb:1', '-usb:1', '+nfc:2', '+usb:2']);
  expect(vi.getTimerCount()).toBe(0);
});

test('a card that stays without its USB view is told after a while, unless nobody listens any more', () => {
  vi.useFakeTimers();
  const told = log();
  const view = new OneView(told.listener);
  view.added(USB);
  view.added(CARD_SIDE);
  view.removed('usb:1');
  expect(told.events).toEqual(['+usb:1', '-usb:1']);
  vi.advanceTimersByTime(3000);
  expect(told.events).toEqual(['+usb:1', '-usb:1', '+nfc:1']);

  const stopped = new OneView(told.listener);
  stopped.added(USB);
  stopped.added(CARD_SIDE);
  stopped.removed('usb:1');
  stopped.stop();
  expect(vi.getTimerCount()).toBe(0);
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
