import { type Bytes, concatBytes } from '../../../shared/bytes/bytes.ts';
import { success, type Result } from '../../../shared/bytes/result.ts';
import {
  type Device,
  type DeviceDescriptor,
  type DeviceListener,
  type Transport,
  type TransportError,
  TransportKind,
  TransportProblem,
  type TransportStatus,
} from '../device.ts';
import { transportFailure } from '../errors.ts';
import { HidChannel } from '../hid/hid-channel.ts';
import type { ReportListener, ReportPipe } from '../hid/report-pipe.ts';
import { DEFAULT_REPORT_SIZE, MAX_REPORT_SIZE, MIN_REPORT_SIZE } from './ctaphid/packet.ts';
import { type DeviceLock, acquireDeviceLock } from './device-lock.ts';
import { type FidoDevice, type HidDeviceInfo, selectFidoDevices } from './fido-devices.ts';
import { type HidSystem, nativeHidSystem } from './hid-system.ts';
import { HidWatcher, type ListedDevice } from './hid-watcher.ts';
import { parseReportSizes } from './report-descriptor.ts';

/** An opened device of node-hid. */
export interface HidHandle {
  on(event: 'data', listener: (report: Uint8Array) => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  write(report: number[] | Buffer): Promise<number>;
  close(): Promise<void>;
}

/** The part of node-hid that is used. */
export interface HidLibrary {
  devicesAsync(): Promise<readonly HidDeviceInfo[]>;
  readonly HIDAsync: { open(path: string): Promise<HidHandle> };
}

/** Replacements for what the transport finds by itself. */
export interface NodeHidOptions {
  readonly load?: () => Promise<HidLibrary>;
  readonly system?: HidSystem;
}

/** Milliseconds to wait for another process of this program to give a key back. */
const LOCK_TIMEOUT = 2000;
/** hidapi takes a report ID in front of every output report: 0 where the device has none. */
const REPORT_ID = Uint8Array.of(0);

const DETAIL_CLOSED =
  'Windows lets only administrators\' programs open FIDO keys over USB (since Windows 10 version 1903). Use the browser\'s own sign-in for USB keys.';
const DETAIL_LINUX_LIBRARIES =
  'The USB library cannot be loaded: libudev and libusb are needed (Debian, Ubuntu: libudev1 libusb-1.0-0; Fedora: systemd-libs libusb1; Arch: systemd-libs libusb).';
const DETAIL_LIBRARY = 'The USB library cannot be loaded; install Keystile again.';

/** USB keys through node-hid, which is loaded at its first use. */
export class NodeHidTransport implements Transport {
  readonly kind = TransportKind.usb;
  readonly #load: () => Promise<HidLibrary>;
  readonly #system: HidSystem;
  readonly #listed = new Map<string, ListedDevice>();
  #isClosed: Promise<boolean> | undefined;

  constructor({ load = () => import('node-hid'), system = nativeHidSystem() }: NodeHidOptions = {}) {
    this.#load = load;
    this.#system = system;
  }

  /** See `Transport.status`: `unavailable` without the libraries, `accessDenied` where Windows has closed FIDO HID. */
  async status(): Promise<TransportStatus> {
    const devices = await this.#devices();
    if (!devices.ok) return { available: false, problem: devices.error.problem, detail: devices.error.detail };
    if (await this.#isFidoClosed()) {
      return { available: false, problem: TransportProblem.accessDenied, detail: DETAIL_CLOSED };
    }
    return { available: true };
  }

  /** Names of the keys that may be opened, as last seen. */
  get usableKeys(): readonly string[] {
    return [...this.#listed.values()].filter(({ access }) => access === 'granted').map(({ productName }) => productName);
  }

  /** Looks at what is plugged in. */
  async look(): Promise<void> {
    await this.#list();
  }

  /** See `Transport.watch`. */
  watch(listener: DeviceListener): () => void {
    const watcher = new HidWatcher(() => this.#list(), {
      added: (device) => listener.added(describe(device)),
      removed: (id) => listener.removed(id),
      denied: (device) =>
        listener.denied(describe(device), usbError(TransportProblem.accessDenied, this.#deniedDetail(device))),
    });
    const stop = this.#system.onChange(() => watcher.refresh());
    watcher.refresh();
    return () => {
      stop();
      watcher.stop();
    };
  }

  /** See `Transport.open`. Waits for a short time while another process of this program has the key. */
  async open(id: string, signal: AbortSignal): Promise<Result<Device, TransportError>> {
    if (!this.#listed.has(id)) await this.#list();
    const device = this.#listed.get(id);
    if (device === undefined) return fail(TransportProblem.disconnected, 'There is no such key.');
    if (device.access === 'denied' && (await this.#isFidoClosed())) return fail(TransportProblem.accessDenied, DETAIL_CLOSED);
    const { platform, folder } = this.#system;
    const lock = await acquireDeviceLock(device.path, { platform, folder, timeout: LOCK_TIMEOUT, signal });
    if (lock === undefined) {
      return signal.aborted
        ? fail(TransportProblem.cancelled, 'The caller ended the opening.')
        : fail(TransportProblem.busy, 'Another process of Keystile uses the key.');
    }
    const pipe = await this.#openPipe(device, lock);
    if (!pipe.ok) return pipe;
    return HidChannel.open(pipe.value, { descriptor: describe(device), signal, withoutCbor: device.withoutCbor });
  }

  async #openPipe(device: ListedDevice, lock: DeviceLock): Promise<Result<ReportPipe, TransportError>> {
    try {
      const { HIDAsync } = await this.#load();
      const handle = await HIDAsync.open(device.path);
      return success(new HandlePipe(handle, await this.#reportSize(device.path), lock));
    } catch (error) {
      await lock.release();
      return this.#openFailure(device, error);
    }
  }

  /** hidapi gives a text without a code: what the system says about the path tells more. */
  async #openFailure(device: ListedDevice, error: unknown): Promise<Result<never, TransportError>> {
    const access = await this.#system.access(device.path);
    if (access === 'denied') return fail(TransportProblem.accessDenied, this.#deniedDetail(device));
    const text = error instanceof Error ? error.message : String(error);
    if (access === 'absent') return fail(TransportProblem.disconnected, text);
    return fail(TransportProblem.busy, `The key cannot be opened; another program may be using it. ${text}`);
  }

  async #reportSize(path: string): Promise<number> {
    const descriptor = await this.#system.reportDescriptor(path);
    const size = descriptor === undefined ? undefined : parseReportSizes(descriptor).output;
    return size !== undefined && size >= MIN_REPORT_SIZE && size <= MAX_REPORT_SIZE ? size : DEFAULT_REPORT_SIZE;
  }

  async #list(): Promise<readonly ListedDevice[]> {
    const devices = await this.#devices();
    const isClosed = await this.#isFidoClosed();
    const listed = devices.ok
      ? await Promise.all(selectFidoDevices(devices.value).map((device) => this.#inspect(device, isClosed)))
      : [];
    this.#listed.clear();
    for (const device of listed) this.#listed.set(device.id, device);
    return listed;
  }

  async #inspect(device: FidoDevice, isClosed: boolean): Promise<ListedDevice> {
    const { path } = device;
    const system = this.#system;
    const [granted, number, port] = await Promise.all([system.access(path), system.generation(path), system.port(path)]);
    const id = number === '' ? `usb:${path}` : `usb:${path}:${number}`;
    // Windows lists what it lets nobody open.
    return { ...device, id, port, access: isClosed ? 'denied' : granted };
  }

  /** Does not change while the process runs. */
  #isFidoClosed(): Promise<boolean> {
    this.#isClosed ??= this.#system.isFidoClosed();
    return this.#isClosed;
  }

  #deniedDetail({ path }: ListedDevice): string {
    if (this.#system.platform === 'win32') return DETAIL_CLOSED;
    return `${path} may not be opened: no udev rule gives this user access to it. "keystile doctor" shows the rule and where to put it.`;
  }

  async #devices(): Promise<Result<readonly HidDeviceInfo[], TransportError>> {
    try {
      const library = await this.#load();
      return success(await library.devicesAsync());
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const remedy = this.#system.platform === 'linux' ? DETAIL_LINUX_LIBRARIES : DETAIL_LIBRARY;
      return fail(TransportProblem.unavailable, `${remedy} ${text}`);
    }
  }
}

/** An opened key of node-hid as a pipe; the lock goes with it. */
class HandlePipe implements ReportPipe {
  readonly reportSize: number;
  readonly #handle: HidHandle;
  readonly #lock: DeviceLock;
  #listener: ReportListener | undefined;
  #closed: Promise<void> | undefined;

  constructor(handle: HidHandle, reportSize: number, lock: DeviceLock) {
    this.#handle = handle;
    this.reportSize = reportSize;
    this.#lock = lock;
  }

  listen(listener: ReportListener): void {
    this.#listener = listener;
    this.#handle.on('error', () => this.#lost());
    this.#handle.on('data', (report) => this.#listener?.report(report));
  }

  async write(report: Bytes): Promise<Result<undefined, TransportError>> {
    try {
      await this.#handle.write(Buffer.from(concatBytes(REPORT_ID, report).buffer));
      return success(undefined);
    } catch (error) {
      // Writing to a device that is there does not fail.
      this.#lost();
      return fail(TransportProblem.disconnected, error instanceof Error ? error.message : String(error));
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#listener = undefined;
    try {
      await this.#handle.close();
    } catch {
      // The device is gone already, and its handle with it.
    }
    await this.#lock.release();
  }

  #lost(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.closed();
  }
}

function describe({ id, productName, serialNumber, port }: ListedDevice): DeviceDescriptor {
  const hardware = { ...(serialNumber === '' ? {} : { serialNumber }), ...(port === '' ? {} : { port }) };
  const isKnown = serialNumber !== '' || port !== '';
  return { id, transport: TransportKind.usb, productName, ...(isKnown ? { hardware } : {}) };
}

function usbError(problem: TransportProblem, detail: string): TransportError {
  return { kind: 'transport', problem, transport: TransportKind.usb, detail };
}

function fail(problem: TransportProblem, detail: string): Result<never, TransportError> {
  return transportFailure(TransportKind.usb, problem, detail);
}
