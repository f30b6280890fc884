import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { FIREFOX_ADDON_ID } from '../../manifests/extension-identity.ts';
import { runKeystile } from './keystile-browser.ts';
import { connectMarionette, type Marionette, MarionetteError } from './marionette.ts';
import type { Realm } from './page-call.ts';
import { type Deadline, until } from './until.ts';

const EXTENSION_FOLDER = path.resolve(import.meta.dirname, '../../dist/firefox');

/** Milliseconds for the browser to start on a busy machine. */
const START_DEADLINE: Deadline = { within: 45_000, every: 50 };

/** Keeps a test browser from looking for anything beyond this machine, and from asking its user anything. */
const PREFERENCES: Readonly<Record<string, boolean | number | string>> = {
  'marionette.port': 0,
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.safebrowsing.provider.mozilla.updateURL': '',
  'browser.sessionstore.resume_from_crash': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.enabled': false,
  // Only virtual authenticators: the browser's own functions must never wait for a real key.
  'security.webauth.webauthn_enable_softtoken': true,
  'security.webauth.webauthn_enable_usbtoken': false,
};

/** Opens a tab in the window that has tabs, and shows it. */
const OPEN_TAB = `
  const [url, done] = arguments;
  const view = [...Services.wm.getEnumerator('navigator:browser')].find(({ toolbar }) => toolbar.visible);
  const triggeringPrincipal = Services.scriptSecurityManager.getSystemPrincipal();
  view.gBrowser.selectedTab = view.gBrowser.addTab(url, { triggeringPrincipal });
  view.focus();
  done();`;

/** How to start Firefox with Keystile in it. */
export interface FirefoxOptions {
  /** `KEYSTILE_DEV_HID_UDP` of the host; without it only real keys are seen. */
  readonly devices?: string;
  /** False leaves the host unregistered. */
  readonly host?: boolean;
  readonly preferences?: Readonly<Record<string, boolean | number | string>>;
  /** Certificates of the test's own servers are good. */
  readonly acceptInsecureCerts?: boolean;
}

/** A tab, or the page of a window without tabs. */
export interface FirefoxTab {
  readonly handle: string;
  /** The page's own realm, where the test's function runs as a script of the page. Not for pages of the extension. */
  readonly realm: Realm;
  /** The realm of a frame: the page's frame at that place, then that frame's own, and so on. */
  frame(...indices: readonly number[]): Realm;
  navigate(url: string): Promise<void>;
  /** Shows the tab and makes its window the active one: the browser's own WebAuthn functions want that. */
  focus(): Promise<void>;
  url(): Promise<string>;
  /** Runs a function body beside the page, not in its realm; `arguments` are the values. */
  script(body: string, ...values: readonly unknown[]): Promise<unknown>;
  /** Types into the element that the selector finds, as keys pressed. WebDriver's codes stand for special keys. */
  type(selector: string, text: string): Promise<void>;
  /** Clicks into the middle of the element that the selector, or XPath (`//...`), finds. */
  click(selector: string): Promise<void>;
  close(): Promise<void>;
}

/** A running Firefox with the built extension as a temporary add-on and, unless asked otherwise, the registered host. */
export interface KeystileFirefox {
  readonly marionette: Marionette;
  readonly version: string;
  openTab(url: string): Promise<FirefoxTab>;
  /** Every tab and window that is open, in no order. */
  tabs(): Promise<readonly FirefoxTab[]>;
  /** Opens the popup's page in a tab. */
  openPopup(): Promise<FirefoxTab>;
  /** Runs a function body as part of the browser itself; its last argument is a function to be called with the result. */
  chrome(body: string, ...values: readonly unknown[]): Promise<unknown>;
  /** Registers the host in this browser's home folder, as the user would. */
  installHost(): Promise<void>;
  close(): Promise<void>;
}

/** The Firefox to test with: the one named by KEYSTILE_FIREFOX, or Debian's; undefined where there is none. */
export function findFirefox(): string | undefined {
  const places = [process.env['KEYSTILE_FIREFOX'], '/usr/bin/firefox-esr', '/usr/bin/firefox'];
  return places.find((file) => file !== undefined && existsSync(file));
}

/**
 * Starts Firefox without a window, with a fresh profile and home folder.
 *
 * @throws Error when Firefox or the build is missing.
 */
export async function launchFirefox(options: FirefoxOptions = {}): Promise<KeystileFirefox> {
  const executable = findFirefox();
  if (executable === undefined) throw new Error('There is no Firefox: install firefox-esr or set KEYSTILE_FIREFOX.');
  if (!existsSync(EXTENSION_FOLDER)) throw new Error('dist/firefox is missing: run "npm run build" first.');
  const home = await mkdtemp(path.join(tmpdir(), 'keystile-firefox-'));
  const profile = path.join(home, 'profile');
  await mkdir(profile);
  const preferences = Object.entries({ ...PREFERENCES, ...options.preferences });
  const lines = preferences.map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`);
  await writeFile(path.join(profile, 'user.js'), lines.join(''));
  const installHost = async (): Promise<void> => {
    await runKeystile(['install', '--browser', 'firefox', '--user-data-dir', home, '--dev']);
  };
  if (options.host !== false) await installHost();

  const child = spawn(executable, ['-headless', '-marionette', '-no-remote', '-remote-allow-system-access', '-profile', profile], {
    env: {
      ...process.env,
      HOME: home,
      MOZ_CRASHREPORTER_DISABLE: '1',
      ...(options.devices === undefined ? {} : { KEYSTILE_DEV_HID_UDP: options.devices }),
    },
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('exit', () => resolve());
  });
  const cleanUp = async (): Promise<void> => {
    await ended;
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    const portFile = path.join(profile, 'MarionetteActivePort');
    const port = await until(START_DEADLINE, 'Firefox tells its port', async () => {
      if (child.exitCode !== null) throw new Error(`Firefox ended with ${child.exitCode.toString()}.`);
      return Number(await readFile(portFile, 'utf8').catch(() => '')) || undefined;
    });
    const marionette = await connectMarionette(port);
    const { capabilities } = (await marionette.send('WebDriver:NewSession', { acceptInsecureCerts: options.acceptInsecureCerts === true })) as {
      capabilities: { browserVersion: string };
    };
    await marionette.send('Addon:Install', { path: EXTENSION_FOLDER, temporary: true });
    return {
      ...driveFirefox(marionette),
      version: capabilities.browserVersion,
      installHost,
      async close() {
        await marionette.send('Marionette:Quit', { flags: ['eForceQuit'] });
        marionette.close();
        await cleanUp();
      },
    };
  } catch (error) {
    child.kill('SIGKILL');
    await cleanUp();
    throw error;
  }
}

/** Tabs over a connection that knows only one current tab: one action after the other. */
function driveFirefox(marionette: Marionette): Omit<KeystileFirefox, 'version' | 'installHost' | 'close'> {
  let queue: Promise<unknown> = Promise.resolve();
  let calls = 0;

  function inTurn<Value>(action: () => Promise<Value>): Promise<Value> {
    const result = queue.then(action);
    queue = result.catch(() => undefined);
    return result;
  }

  function within<Value>(handle: string, frames: readonly number[], action: () => Promise<Value>): Promise<Value> {
    return inTurn(async () => {
      await marionette.send('WebDriver:SwitchToWindow', { handle, focus: false });
      for (const id of frames) await marionette.send('WebDriver:SwitchToFrame', { id });
      return action();
    });
  }

  async function perform(command: string, parameters?: object): Promise<void> {
    await marionette.send(command, parameters);
  }

  const execute = (script: string, args: readonly unknown[]): Promise<unknown> =>
    marionette.send('WebDriver:ExecuteScript', { script, args, sandbox: 'keystile', newSandbox: false });

  function realmOf(handle: string, frames: readonly number[]): Realm {
    return {
      // Starts a script element, which runs as the page's own, and looks for what it leaves behind.
      async evaluate(pageFunction: unknown, argument?: unknown): Promise<never> {
        const key = `keystileResult${(calls += 1).toString()}`;
        const value = argument === undefined ? '' : JSON.stringify(argument);
        const source = typeof pageFunction === 'function' ? `(${String(pageFunction)})(${value})` : String(pageFunction);
        const script = `Promise.resolve().then(() => ${source}).then(
          (value) => { globalThis.${key} = JSON.stringify({ value }); },
          (error) => { globalThis.${key} = JSON.stringify({ error: String(error) }); },
        );`;
        await within(handle, frames, () =>
          execute(
            `const script = document.createElement('script');
             script.textContent = arguments[0];
             document.documentElement.append(script);
             script.remove();`,
            [script],
          ),
        );
        const result = await until({ within: 240_000, every: 25 }, 'the page answers', async () => {
          const left = await within(handle, frames, () => execute('return (window.wrappedJSObject ?? window)[arguments[0]]', [key]));
          return typeof left === 'string' ? left : undefined;
        });
        const settled = JSON.parse(result) as { value?: unknown; error?: string };
        if (settled.error !== undefined) throw new Error(settled.error);
        return settled.value as never;
      },
    };
  }

  function tabOf(handle: string): FirefoxTab {
    const find = async (selector: string): Promise<string> => {
      const using = selector.startsWith('//') ? 'xpath' : 'css selector';
      const element = await marionette.send('WebDriver:FindElement', { using, value: selector });
      const [id] = Object.values(element as Record<string, string>);
      if (id === undefined) throw new Error(`${selector} has no reference.`);
      return id;
    };
    return {
      handle,
      realm: realmOf(handle, []),
      frame: (...indices) => realmOf(handle, indices),
      navigate: (url) => within(handle, [], () => perform('WebDriver:Navigate', { url })),
      focus: () => inTurn(() => perform('WebDriver:SwitchToWindow', { handle, focus: true })),
      url: () => within(handle, [], async () => (await marionette.send('WebDriver:GetCurrentURL')) as string),
      script: (body, ...values) => within(handle, [], () => execute(body, values)),
      type: (selector, text) =>
        within(handle, [], async () => perform('WebDriver:ElementSendKeys', { id: await find(selector), text })),
      click: (selector) =>
        within(handle, [], async () => perform('WebDriver:ElementClick', { id: await find(selector) })),
      close: () => within(handle, [], () => perform('WebDriver:CloseWindow')),
    };
  }

  async function handles(): Promise<readonly string[]> {
    return (await marionette.send('WebDriver:GetWindowHandles')) as string[];
  }

  async function asBrowser(body: string, values: readonly unknown[]): Promise<unknown> {
    // From a window that is there: the current one may be closed.
    const [handle] = await handles();
    await marionette.send('WebDriver:SwitchToWindow', { handle, focus: false });
    await marionette.send('Marionette:SetContext', { value: 'chrome' });
    try {
      return await marionette.send('WebDriver:ExecuteAsyncScript', { script: body, args: values, sandbox: 'system' });
    } finally {
      await marionette.send('Marionette:SetContext', { value: 'content' });
    }
  }

  const chrome = (body: string, ...values: readonly unknown[]): Promise<unknown> => inTurn(() => asBrowser(body, values));

  // Not by WebDriver's command, whose empty first page now and then outlives the navigation that follows at once.
  async function openTab(url: string): Promise<FirefoxTab> {
    const tab = await inTurn(async () => {
      const known = await handles();
      await asBrowser(OPEN_TAB, [url]);
      const [handle] = (await handles()).filter((each) => !known.includes(each));
      if (handle === undefined) throw new Error('The tab has no handle.');
      return tabOf(handle);
    });
    await until({ within: 20_000, every: 25 }, `${url} loads`, async () => {
      try {
        return (await tab.script(`return document.readyState === 'complete' && document.URL === arguments[0]`, url)) === true ? true : undefined;
      } catch (error) {
        // Its process changes while it loads.
        if (error instanceof MarionetteError) return undefined;
        throw error;
      }
    });
    return tab;
  }

  return {
    marionette,
    openTab,
    chrome,
    async tabs() {
      return (await inTurn(handles)).map(tabOf);
    },
    async openPopup() {
      const host = await chrome('arguments[1](WebExtensionPolicy.getByID(arguments[0]).mozExtensionHostname)', FIREFOX_ADDON_ID);
      return openTab(`moz-extension://${String(host)}/ui/popup/index.html`);
    },
  };
}

/** True for what a window answers that is gone, or is just going. */
export function isGone(error: unknown): boolean {
  return error instanceof MarionetteError && /^(no such window|stale element reference)$/.test(error.code);
}
