import { type FirefoxTab, isGone, type KeystileFirefox } from './firefox.ts';
import type { PromptDriver } from './prompt-driver.ts';
import { type Deadline, until } from './until.ts';

/** The event page and the host may have to start first, on a machine that is busy with other things. */
const DEADLINE: Deadline = { within: 40_000, every: 25 };
/** WebDriver's code of the Enter key. */
const ENTER = '\uE007';

/** The prompt window in Firefox. */
export type FirefoxPromptDriver = Omit<PromptDriver, 'page'> & { readonly tab: FirefoxTab };

/** The prompt windows that are open. */
export async function openPrompts(firefox: KeystileFirefox): Promise<readonly FirefoxTab[]> {
  const prompts: FirefoxTab[] = [];
  for (const tab of await firefox.tabs()) {
    const url = await unlessGone(tab.url());
    if (url?.includes('/ui/prompt/') === true) prompts.push(tab);
  }
  return prompts;
}

/** Waits for the one prompt window. */
export async function nextFirefoxPrompt(firefox: KeystileFirefox): Promise<FirefoxPromptDriver> {
  const tab = await until(DEADLINE, 'a prompt opens', async () => (await openPrompts(firefox))[0]);
  const press = async (selector: string): Promise<void> => {
    // The last press may close the window before it is done.
    await unlessGone(tab.click(selector));
  };
  return {
    tab,
    async waitForState(state) {
      await until(DEADLINE, `the prompt shows ${state}`, async () => {
        const shown = await tab.script(`return document.querySelector('main')?.dataset.state`);
        return shown === state ? true : undefined;
      });
    },
    text: async () => String(await tab.script(`return document.querySelector('main').innerText`)),
    async enterPin(pin) {
      await tab.type('#pin', pin);
      await unlessGone(tab.type('#pin', ENTER));
    },
    async setNewPin(pin) {
      await tab.type('#new-pin', pin);
      await tab.type('#repeated-pin', pin);
      await unlessGone(tab.type('#repeated-pin', ENTER));
    },
    async chooseAccount(name) {
      await tab.script(
        `for (const label of document.querySelectorAll('label')) if (label.textContent.includes(arguments[0])) label.click();`,
        name,
      );
      await press('button[type=submit]');
    },
    cancel: () => press('//button[.="Cancel"]'),
    useBrowser: () => press('//button[.="Use the browser instead"]'),
    async closed() {
      await until(DEADLINE, 'the prompt closes', async () => {
        const open = await firefox.tabs();
        return open.some(({ handle }) => handle === tab.handle) ? undefined : true;
      });
    },
  };
}

async function unlessGone<Value>(action: Promise<Value>): Promise<Value | undefined> {
  try {
    return await action;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
