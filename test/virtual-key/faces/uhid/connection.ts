import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';

import type { Bytes } from '../../../../shared/bytes/bytes.ts';
import { EventSplitter } from './events.ts';

const DEVICE = '/dev/uhid';

/**
 * One opened `/dev/uhid`, good for one device after the other.
 *
 * Reading it blocks, and Node knows no way to poll a character device: a read of its own would hold a thread of the pool,
 * and the whole process at its end, until the kernel has something to tell. So a `cat` reads, on the same opened file,
 * into a pipe; it can be ended at any time.
 */
export class UhidConnection {
  readonly #file: number;
  readonly #reader: ChildProcess;
  #isClosed = false;

  /** Throws when the device cannot be opened; only root may, and only with the kernel module `uhid`. */
  constructor(onEvent: (event: Bytes) => void) {
    this.#file = openSync(DEVICE, 'r+');
    this.#reader = spawn('cat', { stdio: [this.#file, 'pipe', 'inherit'] });
    const splitter = new EventSplitter();
    this.#reader.stdout?.on('data', (chunk: Uint8Array) => {
      for (const event of splitter.push(chunk)) if (!this.#isClosed) onEvent(event);
    });
  }

  /** Hands the kernel one event; it does not wait for anything. Throws what the kernel refuses. */
  write(event: Bytes): void {
    writeSync(this.#file, event);
  }

  /** Gives the device back: what was made by it is gone. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const ended = new Promise<void>((resolve) => this.#reader.once('close', () => resolve()));
    this.#reader.kill('SIGKILL');
    await ended;
    closeSync(this.#file);
  }
}
