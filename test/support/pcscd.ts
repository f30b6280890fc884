import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

import { findPcscd } from './pcscd-packages.ts';

/** First port of vpcd; each further slot of the virtual reader takes the next. */
const FIRST_PORT = 35_963;
const SLOTS = 2;

/** A real PC/SC service with two virtual readers, in a network of its own. */
export interface Pcscd {
  /** The service's socket: what PCSCLITE_CSOCK_NAME must say before the PC/SC library is first used. */
  readonly socket: string;
  /** Sockets that lead to the readers' slots, for `vpcd` of the virtual key. */
  readonly readers: readonly { readonly path: string }[];
  /** Ends the service as a crash would. */
  stopService(): Promise<void>;
  startService(): Promise<void>;
  close(): Promise<void>;
}

/** Starts one. A text says why that cannot be done here; tests then skip with it. */
export async function startPcscd(): Promise<Pcscd | string> {
  const files = findPcscd();
  if (typeof files === 'string') return files;
  const folder = mkdtempSync(path.join(tmpdir(), 'keystile-pcscd-'));
  mkdirSync(path.join(folder, 'run'));
  const name = `0x${FIRST_PORT.toString(16)}`;
  writeFileSync(
    path.join(folder, 'reader.conf'),
    `FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:${name}\nLIBPATH ${files.driver}\nCHANNELID ${name}\n`,
  );
  const ports = Array.from({ length: SLOTS }, (_, index) => FIRST_PORT + index);
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
    readers: ports.map((_, index) => ({ path: path.join(folder, `reader-${index.toString()}.sock`) })),
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
