import type { Page } from 'playwright-core';

import type { CeremonySummary } from '../../shared/wire/ui.ts';
import type { KeystileBrowser } from '../support/keystile-browser.ts';
import { readPopupView } from '../support/popup-view.ts';
import { nextPrompt } from '../support/prompt-driver.ts';
import type { TenantEvent, TenantEventOf } from '../tenant/events.ts';
import type { Tenant } from '../tenant/start.ts';
import type { StepLog } from './steps.ts';

/** What the scenario needs of its surroundings. */
export interface ScenarioParts {
  readonly log: StepLog;
  readonly tenant: Tenant;
  readonly browser: KeystileBrowser;
  readonly userName: string;
  readonly accessCode: string;
}

/** The PIN that the scenario gives to a new virtual key. */
const PIN = '271828';

/**
 * The main job as a person does it: first sign-in with an access code, registration under Security info with a new
 * PIN, sign-out, sign-in without user name. After each ceremony it asks the extension's verifier and the tenant's own.
 */
export async function performScenario({ log, tenant, browser, userName, accessCode }: ScenarioParts): Promise<void> {
  const page = await browser.context.newPage();
  const popup = await browser.openPopup();
  await page.bringToFront();

  await log.step('first sign-in with access code', async () => {
    await page.goto(`${tenant.origin}/sign-in/code`);
    await page.fill('#user-name', userName);
    await page.fill('#access-code', accessCode);
    await page.click('#sign-in-code');
    await page.waitForSelector('#link-security-info');
    return userName;
  });

  await log.step('register', () => register(page, browser));
  await log.step('verified-by-extension', () => verifiedByExtension(popup, 'registration'));
  await log.step('verified-by-tenant', () => {
    const event = lastEvent(tenant, 'registered');
    return Promise.resolve(`attestation ${event.fmt}, user verified: ${String(event.userVerified)}, AAGUID ${event.aaguid}`);
  });

  await log.step('name the key', async () => {
    await page.fill('#key-name', 'My blue key');
    await page.click('#save-name');
    await page.waitForSelector('#methods');
    return (await page.locator('#methods .key-name').allInnerTexts()).join(', ');
  });

  await log.step('sign out', async () => {
    await page.click('#sign-out');
    await page.goto(`${tenant.origin}/sign-in`);
    return page.title();
  });

  await log.step('sign-in', () => signIn(page, browser));
  await log.step('sign-in verified-by-extension', () => verifiedByExtension(popup, 'authentication'));
  await log.step('sign-in verified-by-tenant', () => {
    const event = lastEvent(tenant, 'signed-in');
    return Promise.resolve(`${event.userName} by ${event.method}, user verified: ${String(event.userVerified)}`);
  });
}

async function register(page: Page, browser: KeystileBrowser): Promise<string> {
  await page.click('#link-security-info');
  await page.click('#add-method');
  await page.click('#choose-security-key');
  await page.click('#choose-usb');
  const opening = nextPrompt(browser.context);
  await page.click('#create-key');
  const prompt = await opening;
  await prompt.waitForState('needsNewPin');
  await prompt.setNewPin(PIN);
  await page.waitForSelector('#key-name');
  await prompt.closed();
  return 'a PIN was set on the key, the key was touched';
}

async function signIn(page: Page, browser: KeystileBrowser): Promise<string> {
  const opening = nextPrompt(browser.context);
  await page.click('#sign-in-key');
  const prompt = await opening;
  await prompt.waitForState('needsPin');
  await prompt.enterPin(PIN);
  await page.waitForSelector('#sign-out');
  await prompt.closed();
  return 'without user name; PIN entered, the key was touched';
}

async function verifiedByExtension(popup: Page, kind: CeremonySummary['kind']): Promise<string> {
  const [newest] = (await readPopupView(popup)).ceremonies;
  if (newest?.kind !== kind || newest.outcome !== 'succeeded' || newest.verdict !== 'accepted') {
    throw new Error(`The extension did not accept the ${kind}: ${JSON.stringify(newest)}`);
  }
  return `verdict ${newest.verdict} for ${newest.rpId}, ${newest.duration.toFixed(0)} ms in all`;
}

function lastEvent<Type extends TenantEvent['type']>(tenant: Tenant, type: Type): TenantEventOf<Type> {
  const event = tenant.events.list().findLast((entry): entry is TenantEventOf<Type> => entry.type === type);
  if (event === undefined) throw new Error(`The tenant has not concluded "${type}": ${JSON.stringify(tenant.events.list())}`);
  return event;
}
