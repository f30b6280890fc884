import { EventEmitter } from 'node:events';
import { tmpdir } from 'node:os';

import { describe, expect, test } from 'vitest';

import { getInfo } from '../../../../native-host/ctap2/get-info.ts';
import type { Device } from '../../../../native-host/transport/device.ts';
import type { HidDeviceInfo } from '../../../../native-host/transport/usb/fido-devices.ts';
import { type DeviceAccess, type HidSystem, nativeHidSystem, parseLinuxPort } from '../../../../native-host/transport/usb/hid-system.ts';
import { type HidHandle, type HidLibrary, NodeHidTransport } from '../../../../native-host/transport/usb/node-hid.ts';
import { CtaphidCommand } from '../../../../native-host/transport/usb/ctaphid/packet.ts';
import { ScriptedKey } from '../../support/scripted-key.ts';
import { okResponse } from '../../support/scripted-device.ts';
import { WatchLog, callOptions } from '../../support/udp-keys.ts';

const KEY: HidDeviceInfo = { path: '/dev/hidraw7', vendorId: 0x1050, productId: 0x0407, product: 'Key', usagePage: 0xf1d0, usage: 1 };
const INFO = okResponse(new Map<number, string[] | Uint8Array<ArrayBuffer>>([[1, ['FIDO_2_1']], [3, new Uint8Array(16)]]));

/** node-hid's handle over a scripted key. */
class Handle extends EventEmitter implements HidHandle {
  readonly key: ScriptedKey;
  readonly written: number[] = [];

  constructor(key: ScriptedKey) {
    super();
    this.key = key;
    key.listen({ report: (report) => this.emit('data', Buffer.from(report)), closed: () => this.emit('error', new Error('gone')) });
  }

  async write(report: number[] | Buffer): Promise<number> {
    this.written.push(report.length);
    expect(report[0]).toBe(0);
    await this.key.write(Uint8Array.from(report.slice(1)));
    return report.length;
  }

  async close(): Promise<void> {
    await this.key.close();
  }
}

interface Rig {
  readonly transport: NodeHidTransport;
  readonly key: ScriptedKey;
  readonly opened: Handle[];
}

function rig(more: Partial<HidSystem> = {}, library: Partial<HidLibrary> = {}, devices = [KEY]): Rig {
  const key = new ScriptedKey();
  key.onMessage = ({ command }) => {
    if (command === CtaphidCommand.cbor) key.send(CtaphidCommand.cbor, INFO);
  };
  const opened: Handle[] = [];
  const hid: HidLibrary = {
    devicesAsync: () => Promise.resolve(devices),
    HIDAsync: {
      open: () => {
        const handle = new Handle(key);
        opened.push(handle);
        return Promise.resolve(handle);
      },
    },
    ...library,
  };
  const system: HidSystem = {
    platform: 'linux',
    folder: tmpdir(),
    isFidoClosed: () => Promise.resolve(false),
    access: () => Promise.resolve<DeviceAccess>('granted'),
    generation: () => Promise.resolve('1'),
    port: () => Promise.resolve(''),
    reportDescriptor: () => Promise.resolve(undefined),
    onChange: () => () => undefined,
    ...more,
  };
  return { transport: new NodeHidTransport({ load: () => Promise.resolve(hid), system }), key, opened };
}

async function open({ transport }: Rig): Promise<Device> {
  const opened = await transport.open('usb:/dev/hidraw7:1', new AbortController().signal);
  if (!opened.ok) throw new Error(opened.error.detail);
  return opened.value;
}

test('names of the keys that may be opened', async () => {
  const names = async (more: Partial<HidSystem>): Promise<readonly string[]> => {
    const { transport } = rig(more);
    expect(transport.usableKeys).toEqual([]);
    await transport.look();
    return transport.usableKeys;
  };
  expect(await names({})).toEqual([KEY.product]);
  expect(await names({ access: () => Promise.resolve<DeviceAccess>('denied') })).toEqual([]);
  expect(await names({ isFidoClosed: () => Promise.resolve(true) })).toEqual([]);
});

describe('on this machine', () => {
  test('the library loads, and listing does not throw', async () => {
    const transport = new NodeHidTransport();
    const status = await transport.status();
    if (process.platform === 'linux') expect(status).toEqual({ available: true });
    const log = new WatchLog();
    transport.watch(log.listener)();
    expect(log.events).toEqual([]);
    const opened = await transport.open('usb:/dev/hidraw999:1', new AbortController().signal);
    expect(opened).toMatchObject({ error: { problem: 'disconnected', transport: 'usb' } });
  });

  test.runIf(process.platform === 'linux')('a device that is not there', async () => {
    const system = nativeHidSystem();
    expect(await system.access('/dev/hidraw999')).toBe('absent');
    expect(await system.generation('/dev/hidraw999')).toBe('');
    expect(await system.reportDescriptor('/dev/hidraw999')).toBeUndefined();
    expect(await system.access('/dev/null')).toBe('granted');
    expect(await system.isFidoClosed()).toBe(false);
  });

  test('opening what is no HID device fails as a value, and the lock is given back', async () => {
    const devices = [{ ...KEY, path: '/dev/null' }];
    const transport = new NodeHidTransport({
      load: async () => ({ ...(await import('node-hid')), devicesAsync: () => Promise.resolve(devices) }),
      system: { ...nativeHidSystem('linux'), generation: () => Promise.resolve('1') },
    });
    for (let count = 0; count < 2; count += 1) {
      const opened = await transport.open('usb:/dev/null:1', new AbortController().signal);
      expect(opened).toMatchObject({ ok: false, error: { kind: 'transport', transport: 'usb' } });
    }
  });
});

describe('status', () => {
  test.each([
    ['linux', 'libudev1'],
    ['win32', 'install Keystile again'],
  ] as const)('a missing library on %s names the remedy', async (platform, remedy) => {
    const load = (): Promise<HidLibrary> => Promise.reject(new Error('libudev.so.1: cannot open shared object file'));
    const transport = new NodeHidTransport({ load, system: { ...nativeHidSystem('darwin'), platform } });
    expect(await transport.status()).toMatchObject({
      available: false,
      problem: 'unavailable',
      detail: expect.stringContaining(remedy) as string,
    });
    const log = new WatchLog();
    transport.watch(log.listener)();
    expect(await transport.open('usb:x', new AbortController().signal)).toMatchObject({ error: { problem: 'disconnected' } });
  });

  test('Windows that has closed FIDO HID is no absence of keys', async () => {
    const { transport } = rig({ platform: 'win32', isFidoClosed: () => Promise.resolve(true) }, {}, []);
    expect(await transport.status()).toMatchObject({ available: false, problem: 'accessDenied' });
  });
});

describe('keys', () => {
  test('are listed, opened, used and given back', async () => {
    const setup = rig();
    const log = new WatchLog();
    const stop = setup.transport.watch(log.listener);
    expect(await log.count(1)).toEqual(['added usb:/dev/hidraw7:1']);
    stop();
    const device = await open(setup);
    expect(device.descriptor).toEqual({ id: 'usb:/dev/hidraw7:1', transport: 'usb', productName: 'Key' });
    expect(await getInfo(device, callOptions())).toMatchObject({ ok: true });
    expect(setup.opened[0]?.written).toEqual([65, 65]);
    await device.close();
    expect(setup.key.isClosed).toBe(true);
    await (await open(setup)).close();
  });

  test('a change in the system is a reason to look again', async () => {
    const devices: HidDeviceInfo[] = [];
    let changed: () => void = () => undefined;
    const { transport } = rig(
      {
        onChange: (listener) => {
          changed = listener;
          return () => undefined;
        },
      },
      {},
      devices,
    );
    const log = new WatchLog();
    const stop = transport.watch(log.listener);
    devices.push(KEY);
    changed();
    await log.count(1);
    devices.pop();
    changed();
    expect(await log.count(2)).toEqual(['added usb:/dev/hidraw7:1', 'removed usb:/dev/hidraw7:1']);
    stop();
  });

  test('the report size comes from the descriptor', async () => {
    const descriptor = Uint8Array.of(0x75, 8, 0x95, 32, 0x81, 2, 0x95, 32, 0x91, 2);
    const setup = rig({ reportDescriptor: () => Promise.resolve(descriptor) });
    const device = await open(setup);
    expect(setup.opened[0]?.written).toEqual([33]);
    await device.close();
  });

  test('a key that is pulled out ends the exchange', async () => {
    const setup = rig();
    const device = await open(setup);
    setup.key.onMessage = () => setup.key.unplug();
    setup.opened[0]?.key.listen({ report: () => undefined, closed: () => setup.opened[0]?.emit('error', new Error('gone')) });
    expect(await getInfo(device, callOptions())).toMatchObject({ error: { kind: 'transport', problem: 'disconnected' } });
    await device.gone;
    await device.close();
  });

  test('a write that fails means the same', async () => {
    const setup = rig();
    const device = await open(setup);
    const [handle] = setup.opened;
    if (handle !== undefined) handle.write = () => Promise.reject(new Error('cannot write'));
    expect(await getInfo(device, callOptions())).toMatchObject({ error: { problem: 'disconnected' } });
    await device.gone;
    await device.close();
  });

  test('two openings at once: the second is told that the key is in use', async () => {
    const setup = rig();
    const device = await open(setup);
    const again = await setup.transport.open('usb:/dev/hidraw7:1', new AbortController().signal);
    expect(again).toMatchObject({ ok: false, error: { problem: 'busy' } });
    await device.close();
  });

  test.each([
    ['denied', 'accessDenied'],
    ['absent', 'disconnected'],
    ['granted', 'busy'],
  ] as const)('opening that fails with access %s is %s', async (access, problem) => {
    const failing = { HIDAsync: { open: () => Promise.reject(new Error('cannot open device')) } };
    const { transport } = rig({ access: () => Promise.resolve(access) }, failing);
    const opened = await transport.open('usb:/dev/hidraw7:1', new AbortController().signal);
    expect(opened).toMatchObject({ ok: false, error: { problem, transport: 'usb' } });
  });

  test('Windows that has closed FIDO HID: the key is there, may not be opened, and that is no busy key', async () => {
    const setup = rig({ platform: 'win32', isFidoClosed: () => Promise.resolve(true) });
    const log = new WatchLog();
    const stop = setup.transport.watch(log.listener);
    expect(await log.count(1)).toEqual(['denied usb:/dev/hidraw7:1']);
    const closed = { problem: 'accessDenied', detail: expect.stringContaining('administrators') as string };
    expect(log.denied[0]).toMatchObject(closed);
    const opened = await setup.transport.open('usb:/dev/hidraw7:1', new AbortController().signal);
    expect(opened).toMatchObject({ ok: false, error: closed });
    expect(setup.opened).toEqual([]);
    stop();
  });

  test('what tells a key from others of its model is told', async () => {
    const { transport } = rig({ port: () => Promise.resolve('1-2') }, {}, [{ ...KEY, serialNumber: ' 0815 ' }]);
    const added: unknown[] = [];
    const stop = await new Promise<() => void>((resolve) => {
      const end = transport.watch({
        added: (descriptor) => {
          added.push(descriptor);
          resolve(end);
        },
        removed: () => undefined,
        denied: () => undefined,
      });
    });
    stop();
    expect(added).toMatchObject([{ hardware: { serialNumber: '0815', port: '1-2' } }]);
  });

  test.each([
    ['/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2.4/1-2.4:1.0/0003:1050:0407.0005', '1-2.4'],
    ['/sys/devices/pci0000:00/0000:00:14.0/usb3/3-1/3-1:1.1/0003:1050:0407.000A', '3-1'],
    ['/sys/devices/virtual/misc/uhid/0003:1050:0407.0005', ''],
  ])('the port of %s is "%s"', (node, port) => {
    expect(parseLinuxPort(node)).toBe(port);
  });

  test('denied access is told with the remedy', async () => {
    const { transport } = rig({ access: () => Promise.resolve('denied') });
    const log = new WatchLog();
    const stop = transport.watch(log.listener);
    expect(await log.count(1)).toEqual(['denied usb:/dev/hidraw7:1']);
    expect(log.denied[0]).toMatchObject({ problem: 'accessDenied', detail: expect.stringContaining('udev') as string });
    stop();
  });
});
