import { type FirefoxOptions, type FirefoxTab, type KeystileFirefox, launchFirefox } from './firefox.ts';
import { type PartsOptions, startParts, type StackParts } from './stack.ts';

/** Everything of an end-to-end test in Firefox. */
export interface FirefoxStack extends Omit<StackParts, 'devices'> {
  readonly firefox: KeystileFirefox;
  /** Takes all keys away, closes all tabs and prompts but one blank tab: the next test starts clean. */
  reset(): Promise<void>;
  /** A tab on an empty page of the tenant (`/lab/empty`), for scripts of the test's own. */
  openLab(): Promise<FirefoxTab>;
}

/** Starts all parts. Rejects, with nothing left running, when one does not start. */
export async function startFirefoxStack(
  options: PartsOptions & { readonly firefox?: Omit<FirefoxOptions, 'devices'> } = {},
): Promise<FirefoxStack> {
  const parts = await startParts(options);
  const { tenant, keys, devices, plugKey } = parts;
  try {
    const firefox = await launchFirefox({ ...options.firefox, devices });
    return {
      tenant,
      keys,
      firefox,
      plugKey,
      async reset() {
        await keys.detach();
        const blank = await firefox.openTab('about:blank');
        for (const tab of await firefox.tabs()) if (tab.handle !== blank.handle) await tab.close();
      },
      openLab: () => firefox.openTab(`${tenant.origin}/lab/empty`),
      async close() {
        await firefox.close();
        await parts.close();
      },
    };
  } catch (error) {
    await parts.close();
    throw error;
  }
}
