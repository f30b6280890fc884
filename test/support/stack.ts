import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Page } from 'playwright-core';

import { type Tenant, type TenantOptions, startTenant } from '../tenant/start.ts';
import type { Knobs, VirtualKeyClient } from '../virtual-key/client.ts';
import { startVirtualKey } from '../virtual-key/start.ts';
import { type BrowserOptions, type KeystileBrowser, launchKeystile } from './keystile-browser.ts';

/** A virtual key in one of the stack's slots. */
export interface StackKey {
  readonly id: string;
  readonly port: number;
}

/** The other side of an end-to-end test, whatever the browser: tenant and virtual keys. */
export interface StackParts {
  readonly tenant: Tenant;
  readonly keys: VirtualKeyClient;
  /** `KEYSTILE_DEV_HID_UDP` of the host. */
  readonly devices: string;
  /** Plugs a security key in: no built-in user verification, discoverable credentials, PIN as in `knobs` (none by default). */
  readonly plugKey: (knobs?: Knobs) => Promise<StackKey>;
  close(): Promise<void>;
}

/** Everything of an end-to-end test: tenant, virtual keys, real browser with the built extension and the real host. */
export interface Stack extends Omit<StackParts, 'devices'> {
  readonly browser: KeystileBrowser;
  /** Takes all keys away, closes all tabs and prompts but one blank tab: the next test starts clean. */
  reset(): Promise<void>;
  /** A tab on an empty page of the tenant (`/lab/empty`), for scripts of the test's own. */
  openLab(): Promise<Page>;
}

/** How to start the parts. */
export interface PartsOptions {
  readonly tenant?: Omit<TenantOptions, 'dataFile'>;
  /** How many keys can be plugged in at once; two by default. */
  readonly slots?: number;
}

/** How to start a stack. */
export interface StackOptions extends PartsOptions {
  readonly browser?: Omit<BrowserOptions, 'devices'>;
}

/** Starts tenant and virtual keys. Rejects, with nothing left running, when one does not start. */
export async function startParts(options: PartsOptions = {}): Promise<StackParts> {
  const cleanups: (() => Promise<void>)[] = [];
  const cleanUp = async (): Promise<void> => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  };
  try {
    const folder = await mkdtemp(path.join(tmpdir(), 'keystile-stack-'));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const tenant = await startTenant({ ...options.tenant, dataFile: path.join(folder, 'tenant.json') });
    cleanups.push(() => tenant.close());
    const virtualKey = await startVirtualKey({ udp: Array.from({ length: options.slots ?? 2 }, () => 0) });
    cleanups.push(() => virtualKey.close());
    const { client: keys } = virtualKey;
    return {
      tenant,
      keys,
      devices: virtualKey.udpPorts.map((port) => `127.0.0.1:${port.toString()}`).join(','),
      async plugKey(knobs = {}) {
        const id = await keys.addAuthenticator({ protocol: 'ctap2_1', transport: 'usb', hasResidentKey: true, keystile: knobs });
        const { address } = await keys.state(id);
        return { id, port: Number(address.split(':')[1]) };
      },
      close: cleanUp,
    };
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

/** Starts all parts. Rejects, with nothing left running, when one does not start. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const parts = await startParts(options);
  const { tenant, keys, devices, plugKey } = parts;
  try {
    const browser = await launchKeystile({ ...options.browser, devices });
    return {
      tenant,
      keys,
      browser,
      plugKey,
      async reset() {
        await keys.detach();
        const blank = await browser.context.newPage();
        for (const page of browser.context.pages()) if (page !== blank) await page.close();
      },
      async openLab() {
        const page = await browser.context.newPage();
        await page.goto(`${tenant.origin}/lab/empty`);
        return page;
      },
      async close() {
        await browser.close();
        await parts.close();
      },
    };
  } catch (error) {
    await parts.close();
    throw error;
  }
}
