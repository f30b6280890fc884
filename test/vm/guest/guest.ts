import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { CeremonyFixture } from '../../native-host/ceremony/fixture.ts';
import { type HostProcess, startHostProcess } from '../../support/host-process.ts';
import { until } from '../../support/until.ts';
import type { VirtualKeyClient } from '../../virtual-key/client.ts';
import { startVirtualKey } from '../../virtual-key/start.ts';
import { GUEST_STAGE } from '../init-script.ts';

/** A user without any rights ("nobody"). */
export const NOBODY = 65_534;

const SLOTS = 3;
/** For what the kernel does by itself. */
const SOON = { within: 10_000, every: 10 };
const HIDRAW = '/sys/class/hidraw';

/** What a program left. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a program. */
export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly user?: number;
}

/** The guest, in which virtual keys are devices of the kernel: a host process and whatever else is to use them. */
export class Guest {
  readonly fixture: CeremonyFixture;
  readonly #hosts: HostProcess[] = [];

  private constructor(fixture: CeremonyFixture) {
    this.fixture = fixture;
  }

  static async start(): Promise<Guest> {
    const keys = await startVirtualKey({ uhid: SLOTS });
    await keys.client.attach();
    const host = await startHostProcess({ script: scriptOf('main') });
    await host.hello();
    return new Guest(new CeremonyFixture(host, keys));
  }

  get keys(): VirtualKeyClient {
    return this.fixture.keys.client;
  }

  /** Another host with the same keys. It ends at the next reset. */
  async startHost(user?: number): Promise<CeremonyFixture> {
    const host = await startHostProcess({ script: scriptOf('main'), ...(user === undefined ? {} : { user }) });
    this.#hosts.push(host);
    await host.hello();
    return new CeremonyFixture(host, this.fixture.keys);
  }

  /** Takes away all keys, and the hosts that were started beside the first. */
  async reset(): Promise<void> {
    await this.fixture.reset();
    await Promise.all(this.#hosts.splice(0).map((host) => host.stop()));
    await until(SOON, 'no device is left', () => Promise.resolve(readdirSync(HIDRAW).length === 0 ? true : undefined));
  }

  async stop(): Promise<void> {
    await this.reset();
    await this.fixture.stop();
  }

  /** The key's device file, as soon as there is one: its number is chance. */
  async deviceOf(key: string): Promise<string> {
    const { address } = await this.keys.state(key);
    const name = await until(SOON, `there is a device ${address}`, () =>
      Promise.resolve(readdirSync(HIDRAW).find((candidate) => uniqueOf(candidate) === address)),
    );
    return `/dev/${name}`;
  }

  /** Runs the `keystile` command. */
  keystile(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.run(process.execPath, [scriptOf('cli'), ...args], options);
  }

  /** Runs a program to its end. */
  async run(program: string, args: readonly string[], { input = '', user }: RunOptions = {}): Promise<Outcome> {
    const child = spawn(program, args, user === undefined ? {} : { uid: user, gid: user });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
    // A program that does not read to the end closes the pipe.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, ...output }));
    });
  }
}

function uniqueOf(name: string): string | undefined {
  try {
    return /^HID_UNIQ=(.*)$/m.exec(readFileSync(path.join(HIDRAW, name, 'device/uevent'), 'utf8'))?.[1];
  } catch {
    // It has just gone.
    return undefined;
  }
}

function scriptOf(name: 'main' | 'cli'): string {
  return path.join(GUEST_STAGE, `${name}.cjs`);
}
