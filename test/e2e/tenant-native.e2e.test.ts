import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTenant, type Tenant } from '../tenant/start.ts';

// The tenant with the browser's own WebAuthn and its DevTools virtual authenticator: whatever fails against Keystile
// and not here is not the tenant's fault.

const CHROMIUM = process.env['KEYSTILE_CHROMIUM'] ?? '/usr/bin/chromium';
const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let folder: string;
let tenant: Tenant;
let context: BrowserContext;
let page: Page;
let devTools: CDPSession;
let authenticatorId: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tenant-e2e-'));
  tenant = await startTenant({ dataFile: path.join(folder, 'data.json'), users: [{ name: 'alice', code: 'FIRST-SIGN-IN' }] });
  context = await chromium.launchPersistentContext(path.join(folder, 'profile'), {
    executablePath: CHROMIUM,
    headless: false,
    args: FLAGS,
    ignoreDefaultArgs: ['--disable-extensions'],
  });
  page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(15_000);
  devTools = await context.newCDPSession(page);
  await devTools.send('WebAuthn.enable');
  ({ authenticatorId } = await devTools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'usb', hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
  }));
});

afterEach(async () => {
  await context.close();
  await tenant.close();
  await rm(folder, { recursive: true, force: true });
});

test('access code, add key, name it, sign out, sign in without and with user name, delete', async () => {
  await signInWithCode();
  await addKey('usb');
  const registered = tenant.events.list().find(({ type }) => type === 'registered');
  expect(registered).toMatchObject({ userName: 'alice', fmt: 'packed', userVerified: true, transports: ['usb'] });
  await page.getByLabel('A name that tells this key').fill('Blue key');
  await page.getByRole('button', { name: 'Save' }).click();
  await expectResult('registered');
  const item = page.locator('#methods > li');
  expect(await item.getByRole('heading').textContent()).toBe('Blue key');
  expect(await item.locator('[data-field=aaguid]').textContent()).toMatch(/^[0-9a-f-]{36}$/);
  expect(await item.locator('[data-field=model]').textContent()).toBe('Unknown model');
  expect(await item.locator('[data-field=device]').textContent()).toBe('USB device');
  expect(await item.locator('[data-field=created]').textContent()).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d UTC$/);

  await signOut();
  await page.getByRole('button', { name: 'Sign in with a security key' }).click();
  await expectResult('signed-in');
  expect(await page.locator('#result').textContent()).toBe('Signed in as alice with a security key.');

  await signOut();
  await page.getByRole('link', { name: 'Sign in with user name first' }).click();
  await page.getByLabel('User name').fill('alice');
  await page.getByRole('button', { name: 'Next: use your security key' }).click();
  await expectResult('signed-in');

  await page.locator('#link-security-info').click();
  await page.getByRole('link', { name: 'Delete Blue key' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await expectResult('deleted');
  expect(await page.locator('#no-methods').isVisible()).toBe(true);
  expect(tenant.events.list().map(({ type }) => type)).toEqual([
    'signed-in', 'registered', 'signed-out', 'signed-in', 'signed-out', 'signed-in', 'deleted',
  ]);

  await signOut();
  await page.getByRole('button', { name: 'Sign in with a security key' }).click();
  await expectResult('unknown-credential');
});

test('the same key twice: the browser refuses, the page says so and stays usable', async () => {
  await signInWithCode();
  await addKey('nfc');
  await page.goto(`${tenant.origin}/security-info/add/security-key/usb`);
  await page.locator('#create-key').click();
  await expectResult('error');
  expect(await page.locator('#result').getAttribute('data-error')).toBe('InvalidStateError');
  expect(await page.locator('#result').textContent()).toContain('registered already');
  expect(await page.locator('#create-key').isEnabled()).toBe(true);
});

test('cancel while the key waits for a touch, then again with success', async () => {
  await signInWithCode();
  await devTools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: false });
  await page.goto(`${tenant.origin}/security-info/add/security-key/usb`);
  await page.locator('#create-key').click();
  await expectResult('waiting');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expectResult('error');
  expect(await page.locator('#result').getAttribute('data-error')).toBe('AbortError');
  await devTools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: true });
  await page.locator('#create-key').click();
  await expectResult('verified');

  await signOut();
  await devTools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: false });
  await page.locator('#sign-in-key').click();
  await expectResult('waiting');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expectResult('error');
  await devTools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: true });
  await page.locator('#sign-in-key').click();
  await expectResult('signed-in');
});

test('the pages have no accessibility fault that axe finds, light and dark', async () => {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const faults: string[] = [];
  const check = async (path: string): Promise<void> => {
    if (path !== '') await page.goto(tenant.origin + path);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const ids = await page.evaluate<string[]>(`${axe}; axe.run().then(({ violations }) => violations.map(({ id }) => id))`);
      faults.push(...ids.map((id) => `${page.url()} ${colorScheme}: ${id}`));
    }
  };
  for (const path of ['/sign-in', '/sign-in/user-name', '/sign-in/code', '/nowhere']) await check(path);
  await signInWithCode();
  await addKey('usb');
  await check('');
  for (const path of ['/account', '/security-info', '/security-info/add', '/security-info/add/security-key', '/security-info/add/security-key/usb']) {
    await check(path);
  }
  await page.goto(`${tenant.origin}/security-info`);
  await page.getByRole('link', { name: /^Delete/ }).click();
  await check('');
  expect(faults).toEqual([]);
});

async function signInWithCode(): Promise<void> {
  await page.goto(tenant.origin);
  await page.getByRole('link', { name: 'Use a temporary access code instead' }).click();
  await page.getByLabel('User name').fill('alice');
  await page.getByLabel('Temporary access code').fill('FIRST-SIGN-IN');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expectResult('signed-in');
}

async function addKey(device: 'usb' | 'nfc'): Promise<void> {
  await page.locator('#link-security-info').click();
  await page.getByRole('link', { name: 'Add method' }).click();
  await page.getByRole('link', { name: 'Security key' }).click();
  await page.getByRole('link', { name: device === 'usb' ? 'USB device' : 'NFC device' }).click();
  await page.getByRole('button', { name: 'Next' }).click();
  await expectResult('verified');
}

async function signOut(): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expectResult('signed-out');
}

/** Waits until the page shows this result. */
async function expectResult(result: string): Promise<void> {
  try {
    await page.locator(`#result[data-result="${result}"]`).waitFor({ state: 'attached' });
  } catch (error) {
    throw new Error(`The page shows "${(await page.locator('#result').getAttribute('data-result')) ?? 'nothing'}" and not "${result}".`, {
      cause: error,
    });
  }
}
