import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { type FixtureSite, openFixtureSite } from '../extension/ui/fixtures/fixture-site.ts';
import type { PopupFixture } from '../extension/ui/fixtures/popup-fixture.ts';

/** The popup as a person uses it, in real Chromium; the fixture stands for the background. */

let site: FixtureSite;
beforeAll(async () => {
  site = await openFixtureSite();
});
afterAll(() => site.close());

async function open(state: string): Promise<Page> {
  const { page } = await site.open({
    page: 'popup',
    state,
    context: { permissions: ['clipboard-read', 'clipboard-write'] },
  });
  await page.locator('main section').first().waitFor();
  return page;
}

function requests(page: Page): Promise<PopupFixture['requests']> {
  return page.evaluate(() => (globalThis as unknown as { fixture: PopupFixture }).fixture.requests);
}

it.each([
  ['notInstalled', 'keystile install'],
  ['notAllowed', 'keystile install'],
  ['incompatible', 'keystile install'],
  ['failedToStart', 'keystile doctor'],
  ['crashed', 'keystile doctor'],
  ['blockedByPolicy', 'org.keystile.host'],
])('tells what to do about %s, and copies it', async (state, remedy) => {
  const page = await open(state);
  expect(await page.locator('.copy-text code').innerText()).toBe(remedy);
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(remedy);
});

it('names the version of a host that does not fit', async () => {
  const page = await open('incompatible');
  expect(await page.locator('.host').innerText()).toContain('0.0.9');
});

it('shows its version, the host and what it can reach', async () => {
  const page = await open('ready-partly');
  const text = await page.locator('main').innerText();
  expect(text).toContain('Version 0.1.0');
  expect(text).toContain('USB: available');
  expect(text).toContain('NFC: not available');
  expect(text).toContain('The PC/SC service does not run.');
  expect(text).toContain('Development mode');
});

it('pauses and goes on by a switch that the keyboard reaches', async () => {
  const page = await open('ready');
  const pause = page.getByRole('switch', { name: 'Pause on all sites' });
  expect(await pause.getAttribute('aria-checked')).toBe('false');
  await pause.focus();
  await page.keyboard.press('Space');
  expect((await requests(page)).at(-1)).toEqual({ method: 'popup.setPaused', params: { paused: true } });

  const paused = await open('paused');
  const goOn = paused.getByRole('switch', { name: 'Pause on all sites' });
  expect(await goOn.getAttribute('aria-checked')).toBe('true');
  await goOn.click();
  expect((await requests(paused)).at(-1)).toEqual({ method: 'popup.setPaused', params: { paused: false } });
});

it('leaves the site in the tab to the browser, and takes it back, by a switch that the keyboard reaches', async () => {
  const page = await open('site');
  const use = page.getByRole('switch', { name: 'Use Keystile on this site' });
  expect(await use.getAttribute('aria-checked')).toBe('true');
  await use.focus();
  await page.keyboard.press('Space');
  const params = { host: 'login.contoso.example', isUsed: false };
  expect((await requests(page)).at(-1)).toEqual({ method: 'popup.setSiteUsed', params });

  const excluded = await open('site-excluded');
  expect(await excluded.locator('.this-site').innerText()).toContain('The site is excluded.');
  await excluded.getByRole('switch', { name: 'Use Keystile on this site' }).click();
  expect((await requests(excluded)).at(-1)).toEqual({ method: 'popup.setSiteUsed', params: { ...params, isUsed: true } });
});

it.each([
  ['site-managed', 'Use Keystile on this site', 'Decided by your administrator.'],
  ['site-private', 'Use Keystile on this site', 'Cannot be changed in a private window'],
  ['site-profile-managed', 'Make this site offer security keys', 'Decided by your administrator.'],
])('%s: the switch says why it cannot be turned, and sends nothing', async (state, name, reason) => {
  const page = await open(state);
  const locked = page.getByRole('switch', { name });
  expect(await locked.getAttribute('aria-disabled')).toBe('true');
  const described = await locked.evaluate((element) =>
    (element.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' '),
  );
  expect(described).toContain(reason);
  await locked.focus();
  await page.keyboard.press('Space');
  expect((await requests(page)).map(({ method }) => method)).toEqual(['popup.attach']);
});

it('says all that a profile changes before it is turned on', async () => {
  const page = await open('site-profile');
  const text = await page.locator('.profile').innerText();
  expect(text).toContain('$Config.fIsFidoSupported = true');
  expect(text).toContain('told that the browser is Chrome');
  expect(text).toContain('login.microsoftonline.com, login.microsoft.com, login.live.com');
  const profile = page.getByRole('switch', { name: 'Make this site offer security keys' });
  expect(await profile.getAttribute('aria-checked')).toBe('false');
  await profile.click();
  expect((await requests(page)).at(-1)).toEqual({ method: 'popup.setSiteProfile', params: { id: 'microsoft', isOn: true } });
});

it('shows no site where the tab has none', async () => {
  const page = await open('ready');
  expect(await page.locator('.this-site').count()).toBe(0);
});

it('checks the host again, and says that it does', async () => {
  const page = await open('notInstalled');
  const again = page.getByRole('button', { name: 'Check again' });
  await again.click();
  expect((await requests(page)).at(-1)?.method).toBe('popup.checkHost');
  expect(await page.locator('.host').innerText()).toContain('Looking for the Keystile host');
  expect(await again.isDisabled()).toBe(true);
  await page.evaluate(() => (globalThis as unknown as { fixture: PopupFixture }).fixture.answerCheck());
  await page.getByText('The Keystile host is not installed').waitFor();
  expect(await again.isEnabled()).toBe(true);
});

it('lists what happened, and clears the list', async () => {
  const page = await open('history');
  const items = page.locator('.recent > ul > li');
  expect(await items.count()).toBe(5);
  expect(await items.nth(0).innerText()).toMatch(/login\.contoso\.example[^]*Succeeded[^]*Sign-in[^]*now[^]*2\.3 sec[^]*Answer checked/);
  expect(await items.nth(2).innerText()).toMatch(/Failed[^]*Registration[^]*2 hours ago[^]*5 min[^]*The time ran out/);
  expect(await items.nth(3).innerText()).toMatch(/Left to the browser[^]*Keystile was paused/);
  expect(await items.nth(4).innerText()).toContain('A text of another version.');

  const refused = items.nth(1);
  expect(await refused.innerText()).not.toContain('credential.signature');
  await refused.getByText('Failed checks').click();
  expect(await refused.innerText()).toContain('credential.signature');

  await page.getByRole('button', { name: 'Clear list' }).click();
  expect((await requests(page)).at(-1)?.method).toBe('popup.clearCeremonies');
});

it('shows the details of a ceremony, by keyboard, and comes back to where it was', async () => {
  const page = await open('history');
  const opener = page.getByRole('button', { name: 'Details: login.contoso.example' }).nth(1);
  await opener.focus();
  await page.keyboard.press('Enter');
  const heading = page.getByRole('heading', { level: 2, name: 'login.contoso.example' });
  await expect.poll(() => heading.evaluate((element) => element === document.activeElement)).toBe(true);
  expect((await requests(page)).at(-1)).toEqual({ method: 'popup.ceremonyDetail', params: { id: 'b' } });
  const text = await page.locator('.detail').innerText();
  expect(text).toMatch(/failed\s+[^\n]*credential\.signature It is not valid\. WebAuthn L3 §7\.2 step 21/);
  expect(text).toMatch(/UP: user present\s+set/);
  expect(text).toMatch(/BS: copied\s+set/);
  expect(text).toContain('packed by certificate (leads to a trusted root)');
  expect(text).toContain('2fc0579f-8113-47ea-b116-bb5a8db9202a');
  expect(text).toContain('"origin":"https://login.contoso.example"');
  // What the page sent is text.
  expect(text).toContain('<img src=x');
  expect(await page.locator('.detail img').count()).toBe(0);
  await page.getByRole('button', { name: 'Back to the list' }).focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => opener.evaluate((element) => element === document.activeElement)).toBe(true);
});

it('copies a ceremony for keystile verify', async () => {
  const page = await open('history');
  // The fixture's address is no secure context, so it has no clipboard.
  await page.evaluate(() => {
    Object.defineProperty(navigator, 'clipboard', {
      value: { writeText: (text: string) => ((globalThis as unknown as { copied: string }).copied = text, Promise.resolve()) },
    });
  });
  await page.getByRole('button', { name: 'Details: login.contoso.example' }).first().click();
  await page.getByRole('button', { name: 'Copy as JSON' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const copied = JSON.parse(await page.evaluate(() => (globalThis as unknown as { copied: string }).copied)) as object;
  expect(copied).toMatchObject({ kind: 'authentication', response: { id: 'AQID' }, report: { verdict: 'accepted' }, timeline: expect.any(Array) as unknown[] });
});

it('says so when details are no longer kept', async () => {
  const page = await open('history');
  await page.getByRole('button', { name: 'Details: accounts.' }).click();
  await page.getByText('The details are no longer kept.').waitFor();
});

it('forgets credentials by the keyboard, which goes on from the next one', async () => {
  const page = await open('ready');
  await page.getByText('Known credentials').click();
  const forget = page.getByRole('button', { name: /^Forget / });
  await forget.first().focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => forget.count()).toBe(1);
  expect(await forget.first().evaluate((element) => element === document.activeElement)).toBe(true);
  await page.keyboard.press('Enter');
  await page.getByText('None yet.').waitFor();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Known credentials');
});

it('tells what came of an import', async () => {
  const page = await open('ready');
  await page.getByText('Known credentials').click();
  const field = page.getByLabel('Paste an export');
  await field.fill('{"registered": [{}, {}], "learned": []}');
  await page.getByRole('button', { name: 'Take up' }).click();
  await page.getByText('Not taken up: 1. They are known already').waitFor();
  await field.fill('no export');
  await page.getByRole('button', { name: 'Take up' }).click();
  await page.getByText('This is no export of credentials.').waitFor();
});

it('says so when the background is gone', async () => {
  const page = await open('ready');
  await page.evaluate(() => (globalThis as unknown as { fixture: PopupFixture }).fixture.disconnect());
  expect(await page.getByRole('alert').innerText()).toContain('does not answer');
});
