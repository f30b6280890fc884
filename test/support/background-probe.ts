import type { KeystileBrowser } from './keystile-browser.ts';

/** What the background worker saw since the probe was set. The probe lives in the worker and dies with it. */
export interface BackgroundProbe {
  /** How many frames have connected, or `'another worker'` when the probed one has ended. */
  connections(): Promise<number | 'another worker'>;
}

type Probed = typeof globalThis & { keystileProbe?: { id: number; connections: number } };

let probes = 0;

/** Sets a probe into the running worker. */
export async function probeBackground({ context }: KeystileBrowser): Promise<BackgroundProbe> {
  const worker = async () => context.serviceWorkers().at(-1) ?? (await context.waitForEvent('serviceworker'));
  const id = (probes += 1);
  await (await worker()).evaluate((probe) => {
    const state = { id: probe, connections: 0 };
    (globalThis as Probed).keystileProbe = state;
    chrome.runtime.onConnect.addListener(() => {
      state.connections += 1;
    });
  }, id);
  return {
    async connections() {
      return (await worker()).evaluate((probe) => {
        const { keystileProbe } = globalThis as Probed;
        return keystileProbe?.id === probe ? keystileProbe.connections : 'another worker';
      }, id);
    },
  };
}
