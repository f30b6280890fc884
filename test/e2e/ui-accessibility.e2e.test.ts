import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LOCALES } from '../extension/ui/fixtures/fixture-messages.ts';
import { type FixturePage, type FixtureSite, openFixtureSite } from '../extension/ui/fixtures/fixture-site.ts';
import type { PopupFixture } from '../extension/ui/fixtures/popup-fixture.ts';
import type { PromptFixture } from '../extension/ui/fixtures/prompt-fixture.ts';
import { POPUP_STATES, PROMPT_STATES } from '../extension/ui/fixtures/states.ts';

/** Every state of both pages, in real Chromium with the fixtures as their background. */

const PAGES = { prompt: PROMPT_STATES, popup: POPUP_STATES } as const satisfies Record<FixturePage, unknown>;

let site: FixtureSite;
beforeAll(async () => {
  site = await openFixtureSite();
});
afterAll(() => site.close());

/** Shows a view in the open page and waits until its rendering is through. */
async function show(page: Page, name: FixturePage, state: string): Promise<void> {
  await page.evaluate(
    (view) => (globalThis as unknown as { fixture: PromptFixture & PopupFixture }).fixture.show(view as never),
    PAGES[name][state],
  );
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
}

async function violations(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { axe: injected } = globalThis as unknown as { axe: typeof axe };
    const { violations: found } = await injected.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`));
  });
}

describe.each(['prompt', 'popup'] as const)('%s', (name) => {
  const states = Object.keys(PAGES[name]);
  const [first = ''] = states;

  it.each(['light', 'dark'] as const)('has nothing that axe objects to in any state, %s', async (colorScheme) => {
    const { page, output } = await site.open({ page: name, state: first, context: { colorScheme } });
    await page.evaluate(axe.source);
    for (const state of states) {
      await show(page, name, state);
      await page.evaluate(() => {
        for (const details of document.querySelectorAll('details')) details.open = true;
      });
      expect(await violations(page), state).toEqual([]);
    }
    expect(output).toEqual([]);
    await page.context().close();
  });

  it.each(Object.keys(LOCALES))('has every text of every state in %s', async (language) => {
    const { page, output } = await site.open({ page: name, state: first, language });
    expect(await page.locator('html').getAttribute('lang')).toBe(language);
    for (const state of states) {
      await show(page, name, state);
      const html = await page.locator('html').innerHTML();
      expect(html, state).not.toMatch(/MISSING|\$\w+\$|undefined|\[object/);
      expect(await page.getByRole('main').count(), state).toBe(1);
      expect(await page.getByRole('heading', { level: 1 }).count(), state).toBe(1);
      expect((await page.getByRole('heading', { level: 1 }).innerText()).trim(), state).not.toBe('');
    }
    expect(output).toEqual([]);
    await page.context().close();
  });

  it.each([
    ['the narrowest window', 360],
    // 460 pixels at twice the size.
    ['200 % zoom', 230],
  ])('needs no sideways scrolling in %s', async (_, width) => {
    for (const language of ['de', 'fr']) {
      const { page } = await site.open({ page: name, state: first, language, context: { viewport: { width, height: 600 } } });
      for (const state of states) {
        await show(page, name, state);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(overflow, `${language} ${state}`).toBeLessThanOrEqual(0);
      }
      await page.context().close();
    }
  });

  it('moves nothing for those who do not want motion, and keeps its controls in forced colours', async () => {
    const { page } = await site.open({ page: name, state: first, context: { forcedColors: 'active' } });
    for (const state of states) {
      await show(page, name, state);
      expect(await page.evaluate(() => document.getAnimations().length), state).toBe(0);
      const borderless = await page.evaluate(() =>
        [...document.querySelectorAll('button')].filter((button) => getComputedStyle(button).borderTopStyle === 'none').length,
      );
      expect(borderless, state).toBe(0);
    }
    await page.context().close();
  });
});

describe('the details of a ceremony in the popup', () => {
  /** Opens the details of the ceremony with this id, with every part unfolded. */
  async function open(id: string, options: Omit<Parameters<FixtureSite['open']>[0], 'page' | 'state'> = {}): Promise<Page> {
    const { page } = await site.open({ page: 'popup', state: 'history', ...options });
    await page.locator(`#open-${id}`).click();
    await page.locator('.detail:not([aria-busy=true])').waitFor();
    return page;
  }

  it.each(['light', 'dark'] as const)('have nothing that axe objects to, %s', async (colorScheme) => {
    for (const id of ['a', 'b', 'c', 'e']) {
      const page = await open(id, { context: { colorScheme } });
      await page.evaluate(axe.source);
      expect(await violations(page), id).toEqual([]);
      await page.context().close();
    }
  });

  it.each(Object.keys(LOCALES))('have every text in %s', async (language) => {
    for (const id of ['a', 'b', 'c', 'e']) {
      const page = await open(id, { language });
      expect(await page.locator('html').innerHTML(), id).not.toMatch(/MISSING|\$\w+\$|undefined|\[object/);
      await page.context().close();
    }
  });

  it.each([360, 230])('need no sideways scrolling at %i pixels', async (width) => {
    for (const id of ['a', 'b']) {
      const page = await open(id, { language: 'de', context: { viewport: { width, height: 600 } } });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), id).toBeLessThanOrEqual(0);
      await page.context().close();
    }
  });
});
