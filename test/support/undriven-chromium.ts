import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { CHROMIUM_EXTENSION_ID } from '../../manifests/extension-identity.ts';
import { defaultExecutable, EXTENSION_FOLDER, QUIET, runKeystile } from './keystile-browser.ts';
import { type Deadline, until } from './until.ts';

/** Milliseconds for the browser to start on a busy machine. */
const START_DEADLINE: Deadline = { within: 45_000, every: 50 };

/**
 * A Chromium whose pages nobody looks into: playwright keeps pages from being prerendered, and out of the back-forward
 * cache. The pages tell a server of the test what happens.
 */
export interface UndrivenChromium {
  close(): Promise<void>;
}

/**
 * Starts it with a fresh profile, the built extension and the registered host, and opens an address once the extension runs.
 *
 * @param devices `KEYSTILE_DEV_HID_UDP` of the host.
 */
export async function launchUndriven(url: string, devices: string): Promise<UndrivenChromium> {
  const profile = await mkdtemp(path.join(tmpdir(), 'undriven-profile-'));
  await runKeystile(['install', '--browser', 'chromium', '--user-data-dir', profile, '--dev']);
  const browser = spawn(
    defaultExecutable(),
    [
      ...QUIET, '--headless=new', `--user-data-dir=${profile}`, '--remote-debugging-port=0', `--load-extension=${EXTENSION_FOLDER}`,
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      'about:blank',
    ],
    // A group of its own: Debian's program is a script that starts the browser.
    { stdio: 'ignore', detached: true, env: { ...process.env, KEYSTILE_DEV_HID_UDP: devices } },
  );
  const ended = once(browser, 'exit');
  const close = async (): Promise<void> => {
    if (browser.pid !== undefined && browser.exitCode === null) process.kill(-browser.pid, 'SIGTERM');
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const devTools = await until(START_DEADLINE, 'the browser tells its port', () => devToolsAddress(profile));
    await until(START_DEADLINE, 'the extension runs', () => findExtension(devTools));
    await fetch(`${devTools}/json/new?${url}`, { method: 'PUT' });
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function devToolsAddress(profile: string): Promise<string | undefined> {
  const [port] = (await readFile(path.join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '')).split('\n');
  return port === undefined || port === '' ? undefined : `http://127.0.0.1:${port}`;
}

async function findExtension(devTools: string): Promise<true | undefined> {
  const targets = (await (await fetch(`${devTools}/json/list`)).json()) as readonly { readonly url: string }[];
  return targets.some(({ url }) => url.startsWith(`chrome-extension://${CHROMIUM_EXTENSION_ID}/`)) ? true : undefined;
}
