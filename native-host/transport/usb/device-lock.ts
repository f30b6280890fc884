import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { type Server, connect, createServer } from 'node:net';
import { join } from 'node:path';

import { isAborted, pause } from '../signals.ts';

/** Exclusive use of one device among processes of this program. */
export interface DeviceLock {
  /** Idempotent. */
  release(): Promise<void>;
}

/** Where and for how long to try. */
export interface DeviceLockOptions {
  readonly platform: NodeJS.Platform;
  /** A folder of this user's, for sockets that need a place in the file system. */
  readonly folder: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

const FIRST_PAUSE = 10;
const MAX_PAUSE = 200;

/**
 * Takes a device for this process, waiting while another one has it.
 *
 * The lock is a listening local socket and not a file: only one process can listen under a name, and the system takes
 * the name back when the process ends, however it ends. Linux has names outside the file system for that and Windows its
 * pipes; elsewhere a socket file may be left behind, which then answers nobody and is removed.
 *
 * @returns `undefined` when the device was still taken after `timeout`, or `signal` aborted.
 */
export async function acquireDeviceLock(device: string, options: DeviceLockOptions): Promise<DeviceLock | undefined> {
  const { signal, timeout } = options;
  const address = lockAddress(device, options);
  const deadline = performance.now() + timeout;
  let wait = FIRST_PAUSE;
  for (;;) {
    if (isAborted([signal])) return undefined;
    const server = await listen(address);
    if (server !== undefined) return lockOf(server);
    if (address.isFile && !(await isAnswered(address.path))) {
      await rm(address.path, { force: true });
    } else {
      if (performance.now() >= deadline) return undefined;
      await pause(wait, [signal]);
      wait = Math.min(wait * 2, MAX_PAUSE);
    }
  }
}

interface LockAddress {
  readonly path: string;
  readonly isFile: boolean;
}

function lockAddress(device: string, { platform, folder }: DeviceLockOptions): LockAddress {
  // Names are short in the file system (104 bytes on macOS) and device paths are not.
  const name = `keystile-hid-${createHash('sha256').update(device).digest('hex').slice(0, 16)}`;
  if (platform === 'linux') return { path: `\0${name}`, isFile: false };
  if (platform === 'win32') return { path: `\\\\.\\pipe\\${name}`, isFile: false };
  return { path: join(folder, name), isFile: true };
}

/** `undefined` when somebody listens there, or nobody can. */
function listen({ path }: LockAddress): Promise<Server | undefined> {
  return new Promise((resolve) => {
    // Whoever connects only wants to know whether this process lives.
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', () => resolve(undefined));
    server.listen({ path }, () => resolve(server));
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function lockOf(server: Server): DeviceLock {
  let released: Promise<void> | undefined;
  return {
    release: () => {
      released ??= new Promise((resolve) => server.close(() => resolve()));
      return released;
    },
  };
}
