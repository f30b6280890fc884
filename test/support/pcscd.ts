import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

import { findPcscd } from './pcscd-packages.ts';

/** First port of vpcd; each further slot of a virtual reader takes the next. */
const FIRST_PORT = 35_963;
/** Slots of one virtual reader; PC/SC shows each as a reader of its own. */
const SLOTS = 2;

/** A slot of a virtual reader. */
export interface PcscdReader {
  /** The socket that leads to it. */
  readonly path: string;
  /** As PC/SC shows it. */
  readonly name: string;
}

/** A real PC/SC service with virtual readers, in a network of its own. */
export interface Pcscd {
  /** The service's socket: what PCSCLITE_CSOCK_NAME must say before the PC/SC library is first used. */
  readonly socket: string;
  /** Sockets that lead to the readers' slots, for `vpcd` of the virtual key. */
  readonly readers: readonly PcscdReader[];
  /** Ends the service as a crash would. */
  stopService(): Promise<void>;
  startService(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts one. A text says why that cannot be done here; tests then skip with it.
 *
 * @param slots how many readers there are, an even number of at most 16.
 */
export async function startPcscd(slots = SLOTS): Promise<Pcscd | string> {
  const files = findPcscd();
  if (typeof files === 'string') return files;
  const folder = mkdtempSync(path.join(tmpdir(), 'keystile-pcscd-'));
  mkdirSync(path.join(folder, 'run'));
  const ports = Array.from({ length: slots }, (_, index) => FIRST_PORT + index);
  const devices = ports
    .filter((_, index) => index % SLOTS === 0)
    .map((port) => {
      // The driver keeps its slots in static variables: each virtual reader needs a driver of its own.
      const driver = path.join(folder, `vpcd-${port.toString()}.so`);
      copyFileSync(files.driver, driver);
      return describeDevice(port, driver);
    });
  writeFileSync(path.join(folder, 'reader.conf'), devices.join('\n'));
  const script = path.join(import.meta.dirname, 'pcscd-namespace.mjs');
  const child = spawn(
    'unshare',
    ['--net', '--mount', process.execPath, script, files.pcscd, folder, ports.join(',')],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = new Lines(child);
  const first = await lines.next((line) => line === 'started' || line.startsWith('failed') || line === 'stopped');
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const close = async (): Promise<void> => {
    child.stdin.end();
    await closed;
    rmSync(folder, { recursive: true, force: true });
  };
  if (first !== 'started') {
    await close();
    return `pcscd cannot run in a namespace of its own here: ${first}`;
  }
  return {
    socket: path.join(folder, 'run/pcscd.comm'),
    readers: ports.map((port, index) => ({
      path: path.join(folder, `reader-${index.toString()}.sock`),
      name: `${nameOf(port - (index % SLOTS))} 00 0${(index % SLOTS).toString()}`,
    })),
    async stopService() {
      child.stdin.write('stop\n');
      await lines.next((line) => line === 'stopped');
    },
    async startService() {
      child.stdin.write('start\n');
      await lines.next((line) => line === 'started');
    },
    close,
  };
}

function nameOf(port: number): string {
  return port === FIRST_PORT ? 'Virtual PCD' : `Virtual PCD ${port.toString()}`;
}

/** The entry of a virtual reader in pcscd's configuration. */
function describeDevice(port: number, driver: string): string {
  const id = `0x${port.toString(16)}`;
  return `FRIENDLYNAME "${nameOf(port)}"\nDEVICENAME /dev/null:${id}\nLIBPATH ${driver}\nCHANNELID ${id}\n`;
}

/** The lines that a process writes, each taken once. */
class Lines {
  readonly #waiting: ((line: string) => boolean)[] = [];
  readonly #unread: string[] = [];

  constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
    child.once('error', (error) => this.#take(`failed: ${error.message}`));
    child.once('exit', () => this.#take('failed: it ended'));
  }

  next(fits: (line: string) => boolean): Promise<string> {
    return new Promise((resolve) => {
      const take = (line: string): boolean => {
        if (!fits(line)) return false;
        resolve(line);
        return true;
      };
      const index = this.#unread.findIndex(take);
      if (index >= 0) this.#unread.splice(index, 1);
      else this.#waiting.push(take);
    });
  }

  #take(line: string): void {
    const index = this.#waiting.findIndex((take) => take(line));
    if (index >= 0) this.#waiting.splice(index, 1);
    else this.#unread.push(line);
  }
}
