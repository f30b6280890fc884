import type { BrowserContext, Page } from 'playwright-core';

/** The prompt window as a person uses it: by what it shows and by its labelled controls. */
export interface PromptDriver {
  readonly page: Page;
  /** Waits until the prompt shows this state (a `CeremonyState`, or `failed`). */
  waitForState(state: string): Promise<void>;
  /** All text that is visible now. */
  text(): Promise<string>;
  enterPin(pin: string): Promise<void>;
  setNewPin(pin: string): Promise<void>;
  /** Chooses the account with this name and goes on. */
  chooseAccount(name: string): Promise<void>;
  cancel(): Promise<void>;
  useBrowser(): Promise<void>;
  /** Resolves when the window is closed. */
  closed(): Promise<void>;
}

function isPrompt(page: Page): boolean {
  return page.url().includes('/ui/prompt/');
}

/** What is done last in the prompt may close it before playwright has heard that it is done. */
async function untilClosed(page: Page, action: Promise<void>): Promise<void> {
  await action.catch((error: unknown) => {
    if (!page.isClosed()) throw error;
  });
}

/** Waits for the prompt window. Call before the page's request, so that it is not missed. */
export async function nextPrompt(context: BrowserContext): Promise<PromptDriver> {
  const page = await context.waitForEvent('page', { predicate: isPrompt });
  return drivePrompt(page);
}

/** Drives a prompt window that is open. */
export function drivePrompt(page: Page): PromptDriver {
  return {
    page,
    async waitForState(state) {
      await page.locator(`main[data-state="${state}"]`).waitFor();
    },
    text: () => page.locator('main').innerText(),
    async enterPin(pin) {
      await page.locator('#pin').fill(pin);
      await untilClosed(page, page.locator('#pin').press('Enter'));
    },
    async setNewPin(pin) {
      await page.locator('#new-pin').fill(pin);
      await page.locator('#repeated-pin').fill(pin);
      await untilClosed(page, page.locator('#repeated-pin').press('Enter'));
    },
    async chooseAccount(name) {
      await page.getByRole('radio', { name }).check();
      await untilClosed(page, page.locator('button[type=submit]').click());
    },
    async cancel() {
      await untilClosed(page, page.getByRole('button', { name: 'Cancel' }).click());
    },
    async useBrowser() {
      await untilClosed(page, page.getByRole('button', { name: 'Use the browser instead' }).click());
    },
    async closed() {
      if (!page.isClosed()) await page.waitForEvent('close');
    },
  };
}
