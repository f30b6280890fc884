import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { promptFor } from '../support/ceremonies.ts';
import { makeCertificate, type TestCertificate } from '../support/certificate.ts';
import { type Gates, type GatedSite, readGates, SIGN_IN_PATH, startGatedSite } from '../support/gated-site.ts';
import { callCreate } from '../support/page-call.ts';
import { stopWorker } from '../support/short-timeouts.ts';
import { type Stack, startStack } from '../support/stack.ts';

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36';
const EDGE = `${CHROME} Edg/150.0.0.0`;
const HOSTS = ['login.microsoftonline.com', 'login.microsoft.com', 'login.live.com'];
const HIDDEN: Gates = { flag: false, userAgent: EDGE, seenByServer: EDGE, keyPage: 'refused' };
const OFFERED: Gates = { flag: true, userAgent: CHROME, seenByServer: CHROME, keyPage: 'offered' };
/** Chromium delivers an administrator's settings, or that there are none, some seconds after its start. */
const DELIVERY = { timeout: 30_000 };
const PROFILE = 'Make this site offer security keys';

let certificate: TestCertificate;
let site: GatedSite;
beforeAll(async () => {
  certificate = await makeCertificate();
  site = await startGatedSite(certificate);
});
afterAll(() => site.close());

/** A browser of another product, in which every name is the gated site. */
function start(managed?: Readonly<Record<string, unknown>>): Promise<Stack> {
  const address = `127.0.0.1:${site.port.toString()}`;
  const args = [...certificate.browserArgsWith({ '*.com': address, '*.example': address }), `--user-agent=${EDGE}`];
  return startStack({ browser: { args, ...(managed === undefined ? {} : { managed }) } });
}

async function open(stack: Stack, host: string): Promise<Page> {
  const page = await stack.browser.context.newPage();
  await page.goto(`https://${host}${SIGN_IN_PATH}`);
  return page;
}

/** The popup, as if opened over the page: in a tab behind it. */
async function popupOver(stack: Stack, page: Page): Promise<Page> {
  const popup = await stack.browser.openPopup();
  await page.bringToFront();
  await popup.reload();
  await popup.locator('.this-site').waitFor(DELIVERY);
  return popup;
}

describe('a sign-in page that hides security keys', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await start();
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  async function turn(page: Page, on: boolean): Promise<void> {
    const popup = await popupOver(stack, page);
    const control = popup.getByRole('switch', { name: PROFILE });
    expect(await control.getAttribute('aria-checked')).toBe(String(!on));
    await control.dispatchEvent('click');
    await expect.poll(() => control.getAttribute('aria-checked')).toBe(String(on));
    await popup.close();
  }

  /** The profile acts from some moment on that nothing tells. */
  async function gatesOf(host: string, expected: Gates): Promise<Page> {
    const page = await open(stack, host);
    await expect
      .poll(async () => {
        await page.reload();
        return page.evaluate(readGates);
      })
      .toEqual(expected);
    return page;
  }

  test('hides them while its profile is off, offers them while it is on, and hides them again', async () => {
    const page = await gatesOf('login.microsoftonline.com', HIDDEN);
    await turn(page, true);
    for (const host of HOSTS) await (await gatesOf(host, OFFERED)).close();

    // A worker that starts anew finds all as it was.
    await stopWorker(stack.browser);
    await (await gatesOf('login.live.com', OFFERED)).close();

    for (const host of ['sub.login.microsoftonline.com', 'microsoftonline.com', 'login.example']) {
      await (await gatesOf(host, HIDDEN)).close();
    }
    await turn(page, false);
    for (const host of HOSTS) await (await gatesOf(host, HIDDEN)).close();
  });

  test('registers a key then; the prompt calls the site by its name, beside its origin', async () => {
    const key = await stack.plugKey({ touch: { mode: 'manual' } });
    const first = await open(stack, 'login.microsoft.com');
    await turn(first, true);
    const page = await gatesOf('login.microsoft.com', OFFERED);
    const { call, prompt } = await promptFor(stack, () => callCreate(page, { authenticatorSelection: { userVerification: 'discouraged' } }));
    await prompt.waitForState('needsPresence');
    const card = await prompt.page.locator('.request').innerText();
    expect(card).toContain('https://login.microsoft.com');
    expect(card).toContain('Microsoft Entra ID');
    await stack.keys.touch(key.id);
    expect(await call.outcome).toMatchObject({ ok: true });
    await turn(page, false);
  });

  test('cannot turn its profile on itself', async () => {
    const page = await open(stack, 'login.live.com');
    await page.evaluate(async () => {
      const request = { v: 1, id: 'x', method: 'popup.setSiteProfile', params: { id: 'microsoft', isOn: true } };
      const { port1, port2 } = new MessageChannel();
      postMessage(request, '*', [port2]);
      port1.postMessage(request);
      postMessage(request, '*');
      const runtime = (globalThis as { chrome?: { runtime?: { connect?: unknown } } }).chrome?.runtime;
      if (runtime?.connect !== undefined) throw new Error('The page can connect to extensions.');
      await navigator.credentials.get({ publicKey: { challenge: new Uint8Array(16), rpId: 'other.example' } }).catch(() => undefined);
    });
    await page.reload();
    expect(await page.evaluate(readGates)).toEqual(HIDDEN);
  });

  test('is left to the browser by the switch in the popup, which then says so', async () => {
    const page = await open(stack, 'login.example');
    const popup = await popupOver(stack, page);
    const use = popup.getByRole('switch', { name: 'Use Keystile on this site' });
    await use.dispatchEvent('click');
    await expect.poll(() => use.getAttribute('aria-checked')).toBe('false');
    await page.evaluate(() => {
      const controller = new AbortController();
      void navigator.credentials.get({ publicKey: { challenge: new Uint8Array(16) }, signal: controller.signal }).catch(() => undefined);
      setTimeout(() => controller.abort(), 500);
    });
    await popup.getByText('Its last request was left to the browser').waitFor();
    expect(await popup.locator('.last-left').innerText()).toContain('The site is excluded.');
    await use.dispatchEvent('click');
    await expect.poll(() => use.getAttribute('aria-checked')).toBe('true');
  });
});

describe('a sign-in page that hides security keys, with the administrator’s profile', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await start({ siteProfiles: ['microsoft'], excludedSites: ['login.live.com'], siteNames: [{ domain: 'sso.example', name: 'Contoso sign-in' }] });
  });
  afterAll(() => stack.close());

  test('offers them, and the popup says who has decided', async () => {
    const page = await open(stack, 'login.live.com');
    const popup = await popupOver(stack, page);
    await expect.poll(() => popup.getByRole('switch', { name: PROFILE }).getAttribute('aria-checked'), DELIVERY).toBe('true');
    await page.reload();
    expect(await page.evaluate(readGates)).toEqual(OFFERED);
    for (const name of [PROFILE, 'Use Keystile on this site']) {
      expect(await popup.getByRole('switch', { name }).getAttribute('aria-disabled'), name).toBe('true');
    }
    expect(await popup.locator('.this-site').innerText()).toContain('Decided by your administrator.');
  });

  test('names a site of the organisation in the prompt', async () => {
    const page = await open(stack, 'sso.example');
    const { call, prompt } = await promptFor(stack, () => callCreate(page));
    await prompt.waitForState('waitingForDevice');
    expect(await prompt.page.locator('.site-name').innerText()).toBe('Contoso sign-in');
    expect(await prompt.page.locator('.origin').innerText()).toBe('https://sso.example');
    await prompt.cancel();
    expect(await call.outcome).toMatchObject({ ok: false });
  });
});
