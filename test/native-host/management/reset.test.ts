import { afterEach, beforeEach, expect, test } from 'vitest';

import { findKeys } from '../../../native-host/management/key-finder.ts';
import { describeEvent } from '../../../native-host/management/cli/describe-events.ts';
import { resetKey } from '../../../native-host/management/reset.ts';
import { compareKeys } from '../../../native-host/management/same-key.ts';
import type { ManagementError } from '../../../native-host/management/errors.ts';
import type { DeviceDescriptor } from '../../../native-host/transport/device.ts';
import type { Result } from '../../../shared/bytes/result.ts';
import { type ManagementBench, must, reasonOf, ScriptedUser, startBench } from './fixture.ts';

let bench: ManagementBench;

beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

async function descriptor(): Promise<DeviceDescriptor> {
  const { keys } = await findKeys(bench.access, bench.stop.signal, bench.idOf(0));
  const [found] = keys;
  if (found === undefined) throw new Error('There is no key.');
  return found;
}

async function reset(user: ScriptedUser): Promise<Result<undefined, ManagementError>> {
  return resetKey({ access: bench.access, user, signal: bench.stop.signal }, await descriptor());
}

/** A user who removes and inserts the key as told. */
function obedient(key: string): ScriptedUser {
  const user = new ScriptedUser();
  user.onEvent = ({ type }) => {
    if (type === 'removeKey') void bench.virtualKey.client.unplug(key);
    if (type === 'insertKey') void bench.virtualKey.client.plug(key);
  };
  return user;
}

test('guides through remove, insert and touch, and erases the key', async () => {
  const key = await bench.plugIn();
  await bench.register('example.org', 'ada');
  await bench.virtualKey.client.configure(key, { pin: '1234', touch: { mode: 'manual' } });
  const user = obedient(key);
  const done = reset(user);
  await bench.virtualKey.client.waitFor(key, 'command:reset');
  await bench.virtualKey.client.waitFor(key, 'waitingForTouch');
  await bench.virtualKey.client.touch(key);
  must(await done);
  expect(user.told).toEqual(['removeKey', 'insertKey', 'touchToReset']);
  expect(user.losses).toMatchObject([{ type: 'reset' }]);
  expect(await bench.virtualKey.client.state(key)).toMatchObject({ pinSet: false, credentials: 0 });
});

test('asks nothing before the reset that would cost a key its reset', async () => {
  const key = await bench.plugIn({ pin: '1234', resetFirst: true });
  must(await reset(obedient(key)));
  expect((await bench.virtualKey.client.state(key)).pinSet).toBe(false);
});

test('does nothing that was not confirmed', async () => {
  const key = await bench.plugIn({ pin: '1234' });
  const user = new ScriptedUser();
  user.confirms = false;
  expect(reasonOf(await reset(user))).toBe('notConfirmed');
  expect((await bench.virtualKey.client.state(key)).pinSet).toBe(true);
});

test('a key that has its window behind it says so, and keeps everything', async () => {
  const key = await bench.plugIn({ pin: '1234', resetWindow: 0, workTime: 5 });
  expect(reasonOf(await reset(obedient(key)))).toBe('resetTooLate');
  expect((await bench.virtualKey.client.state(key)).pinSet).toBe(true);
});

test('a key of another model in its place is left alone', async () => {
  const key = await bench.plugIn({ pin: '1234' });
  const user = obedient(key);
  const { onEvent } = user;
  user.onEvent = (event) => {
    if (event.type !== 'insertKey') onEvent(event);
    else void bench.virtualKey.client.configure(key, { aaguid: 'AAAAAAAAAAAAAAAAAAAAAA' }).then(() => bench.virtualKey.client.plug(key));
  };
  expect(reasonOf(await reset(user))).toBe('wrongKey');
  expect((await bench.virtualKey.client.state(key)).log.map(({ command }) => command)).not.toContain('reset');
});

test.each([
  ['a PIN where there was none', {}, { pin: '1234' }],
  ['another setting', { pin: '1234' }, { alwaysUv: true }],
  ['another minimum PIN length', { pin: '1234' }, { minPinLength: 6 }],
] as const)('a key of the same model with %s is left alone', async (_name, first, second) => {
  const key = await bench.plugIn(first);
  const user = obedient(key);
  const { onEvent } = user;
  user.onEvent = (event) => {
    if (event.type !== 'insertKey') onEvent(event);
    else void bench.virtualKey.client.configure(key, second).then(() => bench.virtualKey.client.plug(key));
  };
  expect(reasonOf(await reset(user))).toBe('wrongKey');
  expect((await bench.virtualKey.client.state(key)).log.map(({ command }) => command)).not.toContain('reset');
});

test('a key that is known by its looks only: the person is told before the touch', async () => {
  const key = await bench.plugIn({ pin: '1234' });
  const user = obedient(key);
  must(await reset(user));
  const last = user.events.at(-1);
  expect(last).toEqual({ type: 'touchToReset', longTouch: false, likeness: 'looks' });
  expect(last === undefined ? '' : describeEvent(last)).toContain('only if it is the one');
});

test.each([
  [{ serialNumber: 'A' }, { serialNumber: 'A', port: '1-1' }, { ok: true, value: 'serialNumber' }],
  [{ serialNumber: 'A' }, { serialNumber: 'B' }, { ok: false }],
  [{ serialNumber: 'A' }, {}, { ok: false }],
  [{}, { serialNumber: 'B' }, { ok: false }],
  [{ port: '1-2' }, { port: '1-2' }, { ok: true, value: 'port' }],
  [{ port: '1-2' }, { port: '1-3' }, { ok: false }],
  [{}, {}, { ok: true, value: 'looks' }],
])('%j came back as %j', (before, now, expected) => {
  const portrait = { model: '00', state: '' };
  expect(compareKeys({ ...portrait, hardware: before }, { ...portrait, hardware: now })).toMatchObject(expected);
});

test('ends with Ctrl-C while it waits for the key', async () => {
  const key = await bench.plugIn({ pin: '1234' });
  const user = new ScriptedUser();
  user.onEvent = () => bench.stop.abort();
  expect(reasonOf(await reset(user))).toBe('cancelled');
  expect((await bench.virtualKey.client.state(key)).pinSet).toBe(true);
});

test('a key that was removed while the question stood is only to be inserted', async () => {
  const key = await bench.plugIn({ pin: '1234' });
  const user = obedient(key);
  const removed = new Promise<void>((resolve) => {
    bench.access.watch({ added: () => undefined, removed: () => resolve(), denied: () => undefined });
  });
  const slow = Object.assign(user, {
    confirm: async (): Promise<boolean> => {
      await bench.virtualKey.client.unplug(key);
      await removed;
      return true;
    },
  });
  must(await reset(slow));
  expect(user.told).toEqual(['insertKey', 'touchToReset']);
});

test('a key that wants a long touch: the person is told to hold the finger there', async () => {
  const key = await bench.plugIn({ longTouchForReset: true, transportsForReset: ['usb'] }, 'ctap2_2');
  const user = obedient(key);
  must(await reset(user));
  const last = user.events.at(-1);
  if (last?.type !== 'touchToReset') throw new Error('The touch was not announced.');
  expect(last.longTouch).toBe(true);
  expect(describeEvent(last)).toContain('hold the finger there');
});

test('a key that takes a reset over NFC only is not even taken out', async () => {
  await bench.plugIn({ transportsForReset: ['nfc'] }, 'ctap2_2');
  const user = new ScriptedUser();
  const refused = await reset(user);
  expect(reasonOf(refused)).toBe('notSupported');
  expect(refused).toMatchObject({ error: { message: 'This key takes a reset only over: nfc.' } });
  expect(user.told).toEqual([]);
});
