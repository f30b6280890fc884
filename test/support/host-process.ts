import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

import { CHROMIUM_EXTENSION_ID } from '../../manifests/extension-identity.ts';
import { createFrameDecoder, encodeFrame } from '../../native-host/stdio/frame.ts';
import { PROTOCOL_VERSION } from '../../shared/wire/envelope.ts';
import { nativeHop, type NativeHop } from '../../shared/wire/native.ts';
import { createRequester, type Requester } from '../../shared/wire/requester.ts';

/** How to start a host. */
export interface HostProcessOptions {
  /** `host:port,...` of virtual keys; given, the host runs with `--dev`. */
  readonly keys?: string;
  /** Command line instead of the one that Chromium would give. */
  readonly args?: readonly string[];
  /** A built host instead of a fresh bundle of the sources. */
  readonly script?: string;
  /** Variables of its environment, beside this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Number of the user, and of the group, that it runs as; this process has to be root for that. */
  readonly user?: number;
}

/** A host that runs as its own process, and the asking side of the hop to it. */
export interface HostProcess {
  readonly pid: number;
  readonly requester: Requester<NativeHop>;
  /** Everything that came from the host, decoded from JSON, in order. */
  readonly messages: readonly unknown[];
  /** Everything that the host wrote to standard error. */
  readonly stderr: () => string;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Says hello; throws when the host refuses. */
  hello(): Promise<void>;
  /** Writes bytes as they are. */
  write(bytes: Uint8Array): void;
  /** Resolves with the first message, from the past or to come, that fits. */
  message(fits: (message: unknown) => boolean): Promise<unknown>;
  /** Closes the host's standard input and waits for its end. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL, as a crash would. */
  kill(): Promise<void>;
}

/** Starts the native host as a browser would. The caller stops it. */
export async function startHostProcess(options: HostProcessOptions = {}): Promise<HostProcess> {
  // The bundler is loaded by those only who need it.
  const script = options.script ?? (await (await import('./host-bundle.ts')).bundleHost());
  const args = options.args ?? [
    ...(options.keys === undefined ? [] : ['--dev']),
    `chrome-extension://${CHROMIUM_EXTENSION_ID}/`,
  ];
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(
    process.execPath,
    ['--enable-source-maps', script, ...args],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
      env: { ...process.env, ...(options.keys === undefined ? {} : { KEYSTILE_DEV_HID_UDP: options.keys }), ...options.env },
    },
  );
  await once(child, 'spawn');
  return attach(child);
}

function attach(child: ChildProcessByStdio<Writable, Readable, Readable>): HostProcess {
  const messages: unknown[] = [];
  const waiting = new Set<{ fits: (message: unknown) => boolean; resolve: (message: unknown) => void }>();
  const decoder = createFrameDecoder();
  let errors = '';

  function write(bytes: Uint8Array): void {
    child.stdin.write(bytes);
  }

  const requester = createRequester(nativeHop, {
    newId: () => randomBytes(16).toString('base64url'),
    send(message) {
      const frame = encodeFrame(message);
      if (!frame.ok) throw new Error('The message does not fit a frame.');
      write(frame.value);
    },
  });

  child.stdout.on('data', (chunk: Uint8Array) => {
    for (const frame of decoder.push(chunk)) {
      if (frame.kind !== 'message') throw new Error(`The host wrote a frame that is ${frame.kind}.`);
      messages.push(frame.value);
      requester.receive(frame.value);
      for (const entry of waiting) {
        if (!entry.fits(frame.value)) continue;
        waiting.delete(entry);
        entry.resolve(frame.value);
      }
    }
  });
  child.stderr.on('data', (chunk: Uint8Array) => {
    errors += Buffer.from(chunk).toString();
  });
  // A host that ended closes the pipe; what is written then goes nowhere, as with a browser.
  child.stdin.on('error', () => undefined);
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => {
      requester.disconnected();
      resolve({ code, signal });
    });
  });

  return {
    pid: child.pid ?? 0,
    requester,
    messages,
    stderr: () => errors,
    exited,
    write,
    async hello() {
      const answer = await requester.request('host.hello', {
        protocol: PROTOCOL_VERSION,
        client: { version: '0.0.0-test' },
      });
      if (!answer.ok) throw new Error(`The host refused the hello: ${JSON.stringify(answer.error)}\n${errors}`);
    },
    message(fits) {
      const found = messages.find(fits);
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve) => waiting.add({ fits, resolve }));
    },
    async stop() {
      child.stdin.end();
      await exited;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
