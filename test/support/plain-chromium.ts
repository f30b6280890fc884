import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core';

import { defaultExecutable } from './keystile-browser.ts';

/** The same browser without Keystile: what a page sees there is what it must see with Keystile. */
export interface PlainChromium {
  readonly context: BrowserContext;
  /** A tab with a virtual authenticator of the browser's own, which answers at once. */
  openPage(url: string): Promise<Page>;
  close(): Promise<void>;
}

/** Starts it with a fresh profile. */
export async function launchPlainChromium(args: readonly string[] = []): Promise<PlainChromium> {
  const profile = await mkdtemp(path.join(tmpdir(), 'plain-profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: defaultExecutable(),
    headless: false,
    viewport: null,
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', ...args],
  });
  return {
    context,
    async openPage(url) {
      const page = await context.newPage();
      await page.goto(url);
      await addNativeAuthenticator(page);
      return page;
    },
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Gives a tab a virtual authenticator of the browser's own: its native WebAuthn answers at once, with its own AAGUID. */
export async function addNativeAuthenticator(page: Page): Promise<CDPSession> {
  const devTools = await page.context().newCDPSession(page);
  await devTools.send('WebAuthn.enable');
  await devTools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'usb', hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
  });
  return devTools;
}
