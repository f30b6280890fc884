import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { HidWatcher, type ListedDevice } from '../../../../native-host/transport/usb/hid-watcher.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function device(id: string, access: ListedDevice['access'] = 'granted'): ListedDevice {
  return { id, path: id, productName: '', serialNumber: '', port: '', withoutCbor: false, access };
}

interface Watched {
  readonly events: string[];
  readonly watcher: HidWatcher;
  readonly show: (...devices: readonly ListedDevice[]) => Promise<void>;
}

function watch(): Watched {
  const events: string[] = [];
  let listing: readonly ListedDevice[] = [];
  const watcher = new HidWatcher(() => Promise.resolve(listing), {
    added: ({ id }) => events.push(`added ${id}`),
    removed: (id) => events.push(`removed ${id}`),
    denied: ({ id }) => events.push(`denied ${id}`),
  });
  const show = async (...devices: readonly ListedDevice[]): Promise<void> => {
    listing = devices;
    watcher.refresh();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { events, watcher, show };
}

test('arrivals and removals, each told once', async () => {
  const { events, show } = watch();
  await show(device('a'));
  await show(device('a'), device('b'));
  await show(device('b'));
  await show(device('b'));
  expect(events).toEqual(['added a', 'added b', 'removed a']);
});

test('a new device under an old path is another one', async () => {
  const { events, show } = watch();
  await show(device('usb:/dev/hidraw0:1'));
  await show(device('usb:/dev/hidraw0:2'));
  expect(events).toEqual(['added usb:/dev/hidraw0:1', 'removed usb:/dev/hidraw0:1', 'added usb:/dev/hidraw0:2']);
});

test('access that is granted a little later is no denial', async () => {
  const { events, show } = watch();
  await show(device('a', 'denied'));
  await show(device('a'));
  await vi.advanceTimersByTimeAsync(1000);
  expect(events).toEqual(['added a']);
});

test('a denial is told after a grace, and access granted later still counts', async () => {
  const { events, show } = watch();
  await show(device('a', 'denied'));
  expect(events).toEqual([]);
  await vi.advanceTimersByTimeAsync(300);
  expect(events).toEqual(['denied a']);
  await show(device('a', 'denied'));
  await show(device('a'));
  expect(events).toEqual(['denied a', 'added a']);
});

test('a denied device that goes is told of, one that was never told of is not', async () => {
  const { events, show } = watch();
  await show(device('a', 'denied'), device('b', 'denied'));
  await show(device('a', 'denied'));
  await vi.advanceTimersByTimeAsync(300);
  await show();
  expect(events).toEqual(['denied a', 'removed a']);
});

test('after the end nothing is told', async () => {
  const { events, watcher, show } = watch();
  await show(device('a'));
  watcher.stop();
  await show();
  expect(events).toEqual(['added a']);
});
