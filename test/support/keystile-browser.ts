import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { type BrowserContext, chromium, type Page } from 'playwright-core';

import { CHROMIUM_EXTENSION_ID } from '../../manifests/extension-identity.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** The built extension for Chromium. */
export const EXTENSION_FOLDER = path.join(root, 'dist/chromium');
const HOST_CLI = path.join(root, 'dist/host/cli.cjs');

/** Keeps a test browser from looking for anything beyond this machine. */
export const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How to start a browser with Keystile in it. */
export interface BrowserOptions {
  /** Program of a browser of the Chromium family. */
  readonly executable?: string;
  readonly headless?: boolean;
  /** `KEYSTILE_DEV_HID_UDP` of the host; without it only real keys are seen. */
  readonly devices?: string;
  /** False leaves the host unregistered. */
  readonly host?: boolean;
  /** Settings of an administrator for the extension (`storage.managed`); needs root, for a mount namespace of the browser's own. */
  readonly managed?: Readonly<Record<string, unknown>>;
  /** Folders of other extensions, loaded before or after ours. */
  readonly otherExtensions?: { readonly before?: readonly string[]; readonly after?: readonly string[] };
  /** More command-line arguments. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A running browser with the built extension and, unless asked otherwise, the registered host. */
export interface KeystileBrowser {
  readonly context: BrowserContext;
  readonly extensionId: string;
  readonly userDataDir: string;
  /** Opens the popup's page in a tab. */
  openPopup(): Promise<Page>;
  /** Registers the host in this browser's profile, as the user would. */
  installHost(): Promise<void>;
  close(): Promise<void>;
}

/** The browser to test with: the one named by KEYSTILE_CHROMIUM, or Debian's. */
export function defaultExecutable(): string {
  return process.env['KEYSTILE_CHROMIUM'] ?? '/usr/bin/chromium';
}

/** Runs `keystile ARGS` from the build and resolves with its output. Rejects with its error text when it fails. */
export function runKeystile(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [HOST_CLI, ...args], { env: { ...process.env, ...env } });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`keystile ${args.join(' ')} ended with ${String(code)}: ${errors}${output}`));
    });
  });
}

/** Google's and Microsoft's own builds ignore --load-extension. */
function isBranded(executable: string): boolean {
  return /chrome|edge/i.test(path.basename(executable)) && !/chromium/i.test(executable);
}

/**
 * Starts the browser with a fresh profile.
 *
 * @throws Error when the build is missing.
 */
export async function launchKeystile(options: BrowserOptions = {}): Promise<KeystileBrowser> {
  for (const needed of [EXTENSION_FOLDER, HOST_CLI]) {
    if (!existsSync(needed)) throw new Error(`${path.relative(root, needed)} is missing: run "npm run build" first.`);
  }
  const userDataDir = await mkdtemp(path.join(tmpdir(), 'keystile-profile-'));
  const program = options.executable ?? defaultExecutable();
  const executable = options.managed === undefined ? program : await managedProgram(program, userDataDir, options.managed);
  const installHost = async (): Promise<void> => {
    await runKeystile(['install', '--browser', 'chromium', '--user-data-dir', userDataDir, '--dev']);
  };
  if (options.host !== false) await installHost();

  const branded = isBranded(program);
  const { before = [], after = [] } = options.otherExtensions ?? {};
  const context = await chromium.launchPersistentContext(userDataDir, {
    executablePath: executable,
    headless: false,
    ignoreDefaultArgs: ['--disable-extensions'],
    viewport: null,
    env: {
      ...process.env,
      ...(options.devices === undefined ? {} : { KEYSTILE_DEV_HID_UDP: options.devices }),
      ...options.env,
    },
    args: [
      ...QUIET,
      ...(options.headless === false ? [] : ['--headless=new']),
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...(branded ? ['--enable-unsafe-extension-debugging'] : [`--load-extension=${[...before, EXTENSION_FOLDER, ...after].join(',')}`]),
      ...(options.args ?? []),
    ],
  });
  if (branded) await loadUnpacked(context);
  if (context.serviceWorkers().length === 0) await context.waitForEvent('serviceworker');

  return {
    context,
    extensionId: CHROMIUM_EXTENSION_ID,
    userDataDir,
    installHost,
    async openPopup() {
      const page = await context.newPage();
      await page.goto(`chrome-extension://${CHROMIUM_EXTENSION_ID}/ui/popup/index.html`);
      return page;
    },
    async close() {
      await context.close();
      await rm(userDataDir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/**
 * A program that starts the browser where `/etc/chromium` is a folder of the test's own, with its policies; other
 * browsers of this machine do not see them.
 */
async function managedProgram(program: string, folder: string, settings: Readonly<Record<string, unknown>>): Promise<string> {
  const policies = path.join(folder, 'etc', 'policies', 'managed');
  await mkdir(policies, { recursive: true });
  const policy = { '3rdparty': { extensions: { [CHROMIUM_EXTENSION_ID]: settings } } };
  await writeFile(path.join(policies, 'keystile.json'), JSON.stringify(policy));
  const wrapper = path.join(folder, 'managed-chromium');
  const mount = `mkdir -p /etc/chromium && mount --bind "${path.join(folder, 'etc')}" /etc/chromium`;
  await writeFile(wrapper, `#!/bin/sh\nexec unshare -m sh -c '${mount} && exec "$@"' sh "${program}" "$@"\n`, { mode: 0o755 });
  return wrapper;
}

async function loadUnpacked(context: BrowserContext): Promise<void> {
  const browser = context.browser();
  if (browser === null) throw new Error('The browser gives no DevTools connection to load the extension through.');
  const session = await browser.newBrowserCDPSession();
  // Not in playwright's protocol types yet.
  const send = session.send.bind(session) as (method: string, params: object) => Promise<unknown>;
  await send('Extensions.loadUnpacked', { path: EXTENSION_FOLDER });
}
