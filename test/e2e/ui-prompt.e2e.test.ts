import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type FixtureSite, type OpenedFixture, openFixtureSite } from '../extension/ui/fixtures/fixture-site.ts';
import type { PromptFixture } from '../extension/ui/fixtures/prompt-fixture.ts';
import { FAILED_CHECKS, PROMPT_STATES } from '../extension/ui/fixtures/states.ts';

/** The prompt as a person uses it, in real Chromium, by keyboard; the fixture stands for the background. */

const PIN = 'Kx7-Zebra-91';

let site: FixtureSite;
beforeAll(async () => {
  site = await openFixtureSite();
});
afterAll(() => site.close());

const open = (state: string, id?: string): Promise<OpenedFixture> =>
  site.open({ page: 'prompt', state, ...(id !== undefined && { id }) });

function requests(page: Page): Promise<PromptFixture['requests']> {
  return page.evaluate(() => (globalThis as unknown as { fixture: PromptFixture }).fixture.requests);
}

async function methods(page: Page): Promise<string[]> {
  return (await requests(page)).map(({ method }) => method);
}

function closed(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as unknown as { fixture: PromptFixture }).fixture.closed);
}

async function show(page: Page, state: string): Promise<void> {
  await page.evaluate(
    (view) => view && (globalThis as unknown as { fixture: PromptFixture }).fixture.show(view),
    PROMPT_STATES[state],
  );
}

/** Longer than a page takes from a view to the message that it is visible. */
async function twoFrames(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let frames = 0; frames < 2; frames += 1) {
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    }
  });
}

/** Id of the focused element. */
function focused(page: Page): Promise<string | undefined> {
  return page.evaluate(() => document.activeElement?.id);
}

describe('the site', () => {
  it('is named in full, with the registrable domain standing out, before the background hears of it', async () => {
    const { page } = await open('waiting');
    await expect.poll(() => methods(page)).toContain('prompt.visible');
    const then = await page.evaluate(() => (globalThis as unknown as { fixture: PromptFixture }).fixture.siteWhenVisible);
    expect(then).toBe('contoso.example');
    expect(await page.locator('.site').innerText()).toBe('contoso.example');
    expect(await page.locator('.origin').innerText()).toBe('https://login.contoso.example');
    expect(await page.title()).toContain('contoso.example');
  });

  it('is called by its known name beside the origin, never instead of it', async () => {
    const { page } = await open('waiting-known');
    expect(await page.locator('.site').innerText()).toBe('microsoftonline.com');
    expect(await page.locator('.origin').innerText()).toBe('https://login.microsoftonline.com');
    expect(await page.locator('.site-name').innerText()).toBe('Microsoft Entra ID');
    expect(await page.locator('dt', { hasText: 'Known as' }).count()).toBe(1);
  });

  it('is reported visible exactly once, however many views follow', async () => {
    const { page } = await open('waiting');
    await expect.poll(() => methods(page)).toContain('prompt.visible');
    for (const state of ['touch', 'pin', 'processing', 'waiting']) await show(page, state);
    await twoFrames(page);
    expect((await methods(page)).filter((method) => method === 'prompt.visible')).toHaveLength(1);
  });

  it('is not reported visible before there is a view', async () => {
    const { page } = await open('');
    await twoFrames(page);
    expect(await methods(page)).toEqual(['prompt.attach']);
    await show(page, 'waiting');
    await expect.poll(() => methods(page)).toEqual(['prompt.attach', 'prompt.visible']);
  });

  it('is shown with the embedding page when a frame asks', async () => {
    const { page } = await open('waiting-frame');
    expect(await page.locator('.origin').allInnerTexts()).toEqual([
      'https://login.contoso.example',
      'https://shop.fabrikam.example:8443',
    ]);
    expect(await page.locator('.origin strong').allInnerTexts()).toEqual(['contoso.example', 'fabrikam.example']);
  });

  it('cannot dress up as another by its name or by the account that it states', async () => {
    const { page } = await open('waiting-long');
    expect(await page.locator('.site').innerText()).toBe('attacker.example');
    const card = await page.locator('.request').boundingBox();
    expect(card?.height).toBeLessThan(300);
    expect(await page.locator('main').innerText()).toContain('in the site’s words');
  });
});

describe('the PIN', () => {
  it('is typed, submitted by Enter and gone from the page', async () => {
    const { page, output } = await open('pin');
    expect(await focused(page)).toBe('pin');
    await page.keyboard.type(PIN);
    expect(await page.locator('#pin').inputValue()).toBe(PIN);
    await page.keyboard.press('Enter');
    expect(await requests(page)).toContainEqual({ method: 'prompt.submitPin', params: { pin: PIN } });
    await show(page, 'pin-wrong');
    expect(await page.locator('#pin').inputValue()).toBe('');
    expect(await focused(page)).toBe('pin');
    expect(await page.getByRole('alert').innerText()).toBe('That PIN was not right.');
    expect(output).toEqual([]);
  });

  it.each(['hidden', 'shown'])('never stands in an attribute, the address or a storage (%s)', async (mode) => {
    const { page, output } = await open('pin');
    await page.keyboard.type(PIN);
    if (mode === 'shown') await page.getByRole('button', { name: 'Show PIN' }).click();
    expect(await page.locator('html').evaluate((html) => html.outerHTML)).not.toContain(PIN);
    await page.locator('#pin').press('Enter');
    expect(await page.locator('html').evaluate((html) => html.outerHTML)).not.toContain(PIN);
    expect(page.url()).not.toContain(PIN);
    expect(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, history.state]))).not.toContain(PIN);
    expect(output).toEqual([]);
  });

  it('is wiped from its field when the step or the page ends', async () => {
    const { page } = await open('pin');
    const field = await page.locator('#pin').elementHandle();
    const value = (): Promise<string | undefined> =>
      page.evaluate((input) => (input as HTMLInputElement | null)?.value, field);
    await page.keyboard.type(PIN);
    await show(page, 'reinsert');
    await page.locator('[data-state=needsReinsert]').waitFor();
    expect(await value()).toBe('');

    await show(page, 'pin');
    await page.locator('#pin').fill(PIN);
    await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pagehide')));
    expect(await page.locator('#pin').inputValue()).toBe('');
  });

  it('can be shown and hidden without losing it, and says which', async () => {
    const { page } = await open('pin');
    await page.keyboard.type(PIN);
    const toggle = page.getByRole('button', { name: 'Show PIN' });
    expect([await page.locator('#pin').getAttribute('type'), await toggle.getAttribute('aria-pressed')]).toEqual(['password', 'false']);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    expect([await page.locator('#pin').getAttribute('type'), await toggle.getAttribute('aria-pressed')]).toEqual(['text', 'true']);
    expect(await page.locator('#pin').inputValue()).toBe(PIN);
    await page.keyboard.press('Space');
    expect(await page.locator('#pin').getAttribute('type')).toBe('password');
  });

  it('has a real label, and its description tells the tries left', async () => {
    const { page } = await open('pin-few');
    const field = page.getByLabel('PIN', { exact: true });
    expect(await field.getAttribute('autocomplete')).toBe('off');
    expect(await field.getAttribute('maxlength')).toBeNull();
    const described = (await field.getAttribute('aria-describedby'))?.split(' ') ?? [];
    const texts = await Promise.all(described.map((id) => page.locator(`#${id}`).innerText()));
    expect(texts.join(' ')).toContain('Tries left: 3');
    expect(texts.join(' ')).toContain('reset');
  });

  it('comes with a warning before the last try', async () => {
    const { page } = await open('pin-last');
    expect(await page.locator('#pin-retries').innerText()).toContain('This is the last try');
  });

  it('costs no try when it cannot be right', async () => {
    const { page } = await open('pin');
    for (const [pin, text] of [
      ['', 'Enter the PIN first'],
      ['123', 'at least'],
      ['1'.repeat(64), 'No try was used'],
    ] as const) {
      await page.locator('#pin').fill(pin);
      await page.locator('#pin').press('Enter');
      expect(await page.getByRole('alert').innerText()).toContain(text);
      expect(await page.locator('#pin').getAttribute('aria-invalid')).toBe('true');
    }
    expect(await methods(page)).not.toContain('prompt.submitPin');
  });

  it('may be pasted', async () => {
    const { page } = await site.open({
      page: 'prompt',
      state: 'pin',
      context: { permissions: ['clipboard-read', 'clipboard-write'] },
    });
    await page.locator('#pin').waitFor();
    await page.evaluate((pin) => navigator.clipboard.writeText(pin), PIN);
    await page.locator('#pin').press('Control+V');
    expect(await page.locator('#pin').inputValue()).toBe(PIN);
  });
});

describe('a new PIN', () => {
  async function fill(page: Page, first: string, second: string): Promise<void> {
    await page.locator('#new-pin').fill(first);
    await page.locator('#repeated-pin').fill(second);
    await page.keyboard.press('Enter');
  }

  it('is entered twice', async () => {
    const { page } = await open('new-pin');
    expect(await focused(page)).toBe('new-pin');
    await fill(page, PIN, `${PIN}x`);
    expect(await page.getByRole('alert').innerText()).toBe('The two PINs are not the same.');
    expect(await focused(page)).toBe('repeated-pin');
    await page.keyboard.type(PIN);
    await page.keyboard.press('Enter');
    expect(await requests(page)).toContainEqual({ method: 'prompt.submitNewPin', params: { pin: PIN } });
  });

  it('keeps the rules of the key', async () => {
    const { page } = await open('new-pin');
    for (const [pin, text] of [
      ['12345', '6'],
      ['é'.repeat(32), 'too long'],
    ] as const) {
      await fill(page, pin, pin);
      expect(await page.getByRole('alert').innerText()).toContain(text);
    }
    expect(await methods(page)).not.toContain('prompt.submitNewPin');
  });

  it('may be refused by the key, which is said', async () => {
    const { page } = await open('new-pin-policy');
    expect(await page.getByRole('alert').innerText()).toContain('did not take this PIN');
  });
});

describe('the accounts', () => {
  it('are chosen with the arrow keys and Enter', async () => {
    const { page } = await open('accounts');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await requests(page)).toContainEqual({ method: 'prompt.selectCredential', params: { index: 1 } });
  });

  it('are told apart even without names', async () => {
    const { page } = await open('accounts');
    expect(await page.getByRole('radio').count()).toBe(3);
    await page.getByRole('radio', { name: 'Account 3' }).check();
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(await requests(page)).toContainEqual({ method: 'prompt.selectCredential', params: { index: 2 } });
  });
});

describe('a card that lay on the reader before', () => {
  it.each(['present-before', 'selecting-device-card'])('is used after a click on its button (%s)', async (state) => {
    const { page } = await open(state);
    const button = page.getByRole('button', { name: 'Use the key on the reader' });
    await button.waitFor();
    // Who types while the window opens must not press it.
    await page.keyboard.press('Enter');
    await page.keyboard.press('Space');
    expect(await methods(page)).not.toContain('prompt.useCard');
    await button.click();
    expect(await requests(page)).toContainEqual({ method: 'prompt.useCard', params: { readerName: 'ACS ACR1252 Dual Reader' } });
  });

  it('can be reached by the keyboard', async () => {
    const { page } = await open('present-before');
    const button = page.getByRole('button', { name: 'Use the key on the reader' });
    await button.waitFor();
    await page.keyboard.press('Tab');
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    expect(await methods(page)).toContain('prompt.useCard');
  });
});

describe('the ways out', () => {
  it.each(['waiting', 'pin', 'touch', 'accounts'])('cancels by Escape from %s', async (state) => {
    const { page } = await open(state);
    await page.locator('h1').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => closed(page)).toBe(1);
    expect(await methods(page)).toContain('prompt.cancel');
  });

  it('reaches every control by Tab, in the order in which they are read', async () => {
    const { page } = await open('pin');
    await page.locator('#pin').waitFor();
    const order: (string | undefined)[] = [];
    for (let presses = 0; presses < 4; presses += 1) {
      await page.keyboard.press('Tab');
      order.push(await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? undefined));
    }
    expect(order).toEqual(['Show PIN', 'Use the browser instead', 'Cancel', 'Continue']);
  });

  it('gives the request to the browser where that is possible, and offers it nowhere else', async () => {
    const { page } = await open('waiting');
    await page.getByRole('button', { name: 'Use the browser instead' }).click();
    await expect.poll(() => closed(page)).toBe(1);
    expect(await methods(page)).toContain('prompt.useBrowser');
    const registration = await open('new-pin');
    await registration.page.locator('#new-pin').waitFor();
    expect(await registration.page.getByRole('button', { name: 'Use the browser instead' }).count()).toBe(0);
  });

  it('moves the focus to the heading of a step without a field', async () => {
    const { page } = await open('pin');
    await show(page, 'touch');
    await page.locator('[data-state=needsPresence]').waitFor();
    expect(await focused(page)).toBe('title');
  });

  it('leaves a PIN that is being typed alone when the same step comes again', async () => {
    const { page } = await open('pin');
    await page.keyboard.type('12');
    await show(page, 'pin');
    await page.keyboard.type('34');
    expect(await page.locator('#pin').inputValue()).toBe('1234');
  });

  it('says what failed in an answer, in words and by id', async () => {
    const { page } = await open('failed-refused');
    const text = await page.getByRole('alert').innerText();
    for (const { id, detail } of FAILED_CHECKS) {
      expect(text).toContain(id);
      expect(text).toContain(detail);
    }
    expect(text).toContain('The signature does not match the credential.');
    await page.getByRole('button', { name: 'Close' }).click();
    expect(await closed(page)).toBe(1);
    expect(await methods(page)).not.toContain('prompt.cancel');
  });

  it('says nothing of a credential on the key where the key keeps none', async () => {
    const { page } = await open('failed-refused-registration');
    expect(await page.locator('main').innerText()).not.toContain('keystile keys credentials delete');
    expect(await page.getByRole('button').allInnerTexts()).toEqual(['Close']);
  });

  it('leads the keyboard through the removal of a credential, and tells only what is new', async () => {
    const { page } = await open('failed-deletion-offered');
    expect(await focused(page)).toBe('title');
    const remove = page.getByRole('button', { name: 'Remove it from the key' });
    const deletions = async (): Promise<unknown[]> => (await requests(page)).filter(({ method }) => method === 'prompt.deleteCredential').map(({ params }) => params);
    await remove.focus();
    await page.keyboard.press('Enter');
    for (const state of ['noKey', 'severalKeys', 'pinAuthBlocked', 'pinNotSet', 'failed']) {
      await show(page, 'failed-deletion-working');
      expect(await focused(page), state).toBe('deletion-title');
      await show(page, `failed-deletion-${state}`);
      await page.keyboard.press('Enter');
    }
    await show(page, 'failed-deletion-working');
    await show(page, 'failed-deletion-needsPin');
    await page.keyboard.type(`${PIN}\n`);
    expect(await deletions()).toEqual([{}, {}, {}, {}, {}, {}, { pin: PIN }]);
    await show(page, 'failed-deletion-working');
    await show(page, 'failed-deletion-deleted');
    expect(await page.getByRole('status').filter({ hasText: 'It is no longer on the key.' }).count()).toBe(1);
    // An alert is read out as a whole whenever a part of it changes.
    expect(await page.getByRole('alert').filter({ hasText: 'no longer on the key' }).count()).toBe(0);
  });

  it('does not take the keyboard away from where it is', async () => {
    const { page } = await open('failed-deletion-working');
    await page.getByRole('button', { name: 'Close' }).focus();
    await show(page, 'failed-deletion-noKey');
    await page.getByRole('button', { name: 'Remove it from the key' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Close');
  });

  it('says so when the background is gone, and closes', async () => {
    const { page } = await open('touch');
    await page.evaluate(() => (globalThis as unknown as { fixture: PromptFixture }).fixture.disconnect());
    await page.locator('[data-state=lost]').waitFor();
    expect(await page.locator('h1').innerText()).toBe('Keystile no longer answers');
    await page.getByRole('button', { name: 'Close' }).click();
    expect(await closed(page)).toBe(1);
  });

  it('says so when its ceremony is over already', async () => {
    const { page } = await open('', 'gone');
    await page.locator('[data-state=over]').waitFor();
  });
});
