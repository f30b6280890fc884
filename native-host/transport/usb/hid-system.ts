import { constants, type FSWatcher, watch } from 'node:fs';
import { access, readFile, readdir, realpath, stat } from 'node:fs/promises';
import { release, tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** Whether this user may open a device. */
export type DeviceAccess = 'granted' | 'denied' | 'absent';

/** What the transport needs of the operating system beside node-hid. */
export interface HidSystem {
  readonly platform: NodeJS.Platform;
  /** A folder of this user's for short-lived files. */
  readonly folder: string;
  /** FIDO HID is closed to this process (Windows 10 1903 and later, without administrator rights). */
  isFidoClosed(): Promise<boolean>;
  access(path: string): Promise<DeviceAccess>;
  /** Tells devices apart that come one after the other under the same path; empty where the system cannot. */
  generation(path: string): Promise<string>;
  /** Names the port that a device is plugged into, the same after unplugging; empty where the system cannot. */
  port(path: string): Promise<string>;
  /** The raw report descriptor, where the system shows it. */
  reportDescriptor(path: string): Promise<Uint8Array | undefined>;
  /** Calls `listener` whenever devices may have come or gone, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/** Windows 10 version 1903. */
const FIDO_CLOSED_SINCE_BUILD = 18_362;

const LINUX_DEVICES = '/dev';
const HIDRAW = /^hidraw\d+$/;
/** Milliseconds: the kernel tells of changes, and this is for those that it does not tell of. */
const BACKUP_INTERVAL = 5000;
/** Milliseconds between looks where nothing tells of changes. A listing takes a worker thread some milliseconds. */
const POLL_INTERVAL = 1000;

/** The system that this process runs on. */
export function nativeHidSystem(platform: NodeJS.Platform = process.platform): HidSystem {
  const common = { platform, folder: tmpdir(), isFidoClosed: () => Promise.resolve(false) };
  const opaque = {
    access: () => Promise.resolve<DeviceAccess>('granted'),
    generation: () => Promise.resolve(''),
    // Windows' paths name the port, macOS' a number that is new each time.
    port: (path: string) => Promise.resolve(platform === 'win32' ? path : ''),
    reportDescriptor: () => Promise.resolve(undefined),
    onChange: (listener: () => void) => every(POLL_INTERVAL, listener),
  };
  if (platform === 'linux') return { ...common, ...linux };
  if (platform === 'win32') return { ...common, ...opaque, isFidoClosed: isFidoClosedOnWindows };
  return { ...common, ...opaque };
}

const linux = {
  async access(path: string): Promise<DeviceAccess> {
    try {
      await access(path, constants.R_OK | constants.W_OK);
      return 'granted';
    } catch (error) {
      return isCode(error, 'EACCES') || isCode(error, 'EPERM') ? 'denied' : 'absent';
    }
  },
  async generation(path: string): Promise<string> {
    try {
      // The node is made anew each time a device is plugged in.
      const { ino } = await stat(path);
      return ino.toString();
    } catch {
      // It has just gone; the next listing will show that.
      return '';
    }
  },
  async port(path: string): Promise<string> {
    try {
      const node = await realpath(join('/sys/class/hidraw', basename(path), 'device'));
      return parseLinuxPort(node);
    } catch {
      // Without sysfs nobody knows.
      return '';
    }
  },
  async reportDescriptor(path: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(join('/sys/class/hidraw', basename(path), 'device/report_descriptor'));
    } catch {
      // Without sysfs (some containers) the usual report size has to do.
      return undefined;
    }
  },
  onChange(listener: () => void): () => void {
    const watcher = watchFolder(LINUX_DEVICES, (name) => {
      if (name === null || HIDRAW.test(name)) listener();
    });
    const stop = every(watcher === undefined ? POLL_INTERVAL : BACKUP_INTERVAL, listener);
    return () => {
      watcher?.close();
      stop();
    };
  },
};

/**
 * Picks the port out of a HID device's place in sysfs: `.../usb1/1-2/1-2.4/1-2.4:1.0/0003:1050:0407.0005` is on port
 * `1-2.4`, of which `1-2` is a hub. Empty for what is on no USB port.
 */
export function parseLinuxPort(node: string): string {
  return /\/usb\d+\/(?:[^/]+\/)*(\d+-[\d.]+):[\d.]+\/[^/]+$/.exec(node)?.[1] ?? '';
}

async function isFidoClosedOnWindows(): Promise<boolean> {
  const build = Number(release().split('.')[2] ?? '0');
  if (!(build >= FIDO_CLOSED_SINCE_BUILD)) return false;
  try {
    // Only a process with administrator rights may list this folder.
    await readdir(join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'config', 'systemprofile'));
    return false;
  } catch {
    return true;
  }
}

function watchFolder(folder: string, changed: (name: string | null) => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, (_event, name) => changed(name));
    // The folder itself does not go away; should watching it fail later, the interval goes on.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    // The user's limit of watches is used up: the interval has to do.
    return undefined;
  }
}

function every(milliseconds: number, listener: () => void): () => void {
  const timer = setInterval(listener, milliseconds);
  return () => clearInterval(timer);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
