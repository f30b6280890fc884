import { findFirefox, launchFirefox } from '../../support/firefox.ts';
import { giveFirefoxAuthenticator } from '../../support/firefox-authenticator.ts';
import { type FirefoxPromptDriver, nextFirefoxPrompt } from '../../support/firefox-prompt.ts';
import { until } from '../../support/until.ts';
import type { Lane, PromptTimes } from './lane.ts';

/** Firefox; its own authenticator is WebDriver's, over the same connection as everything else. */
export const FIREFOX_LANE: Lane = {
  name: 'Firefox',
  async open(devices, pageUrl) {
    if (findFirefox() === undefined) return 'there is no Firefox: install firefox-esr, or name one by KEYSTILE_FIREFOX';
    // Else the clock of a page has steps of a millisecond.
    const firefox = await launchFirefox({ devices, preferences: { 'privacy.reduceTimerPrecision': false } });
    const tab = await firefox.openTab(pageUrl);
    let last: FirefoxPromptDriver | undefined;
    return {
      page: tab.realm,
      async readPrompt() {
        await last?.closed();
        const prompt = await nextFirefoxPrompt(firefox);
        last = prompt;
        return until({ within: 10_000, every: 25 }, 'the prompt paints', async () => {
          const times = await prompt.tab.script(`
            const [entry] = performance.getEntriesByName('first-contentful-paint');
            return entry && { began: performance.timeOrigin, painted: performance.timeOrigin + entry.startTime };`);
          return (times as PromptTimes | null) ?? undefined;
        });
      },
      async goNative() {
        const popup = await firefox.openPopup();
        await popup.click('button[aria-labelledby="pause-label"]');
        await until({ within: 10_000, every: 25 }, 'Keystile is paused', async () => {
          const isPaused = await popup.script(`return document.querySelector('button[aria-labelledby="pause-label"]').ariaChecked === 'true'`);
          return isPaused === true ? true : undefined;
        });
        await popup.close();
        await tab.focus();
        await giveFirefoxAuthenticator(firefox);
      },
      close: () => firefox.close(),
    };
  },
};
