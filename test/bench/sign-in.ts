import type { Page } from 'playwright-core';

import { type KeystileBrowser, launchKeystile } from '../support/keystile-browser.ts';
import { callCreate } from '../support/page-call.ts';
import { startTenant } from '../tenant/start.ts';
import { systemEnvironment } from '../virtual-key/authenticator/environment.ts';
import { startVirtualKey } from '../virtual-key/start.ts';
import { type Summary, summarise } from './statistics.ts';

/** The spans of a mediated `get()`, and the browser's own beside it. All in milliseconds. */
export interface SignInTimes {
  /** Page call -> the key gets the command that asks for presence; the prompt is visible by then. */
  readonly callToPresence: Summary;
  /** The key is touched -> the page's promise is resolved. */
  readonly touchToResolved: Summary;
  /** Both together without the time that the key waited for its touch. */
  readonly own: Summary;
  /** `get()` of the same page, served by the browser with its DevTools virtual authenticator. */
  readonly native: Summary;
  /** Parts of `callToPresence`, from separate runs: when the prompt's document began, and when it had painted. */
  readonly callToPromptDocument: Summary;
  readonly callToPromptPainted: Summary;
}

/** Milliseconds from presence asked to touch: long enough to look at the prompt in between, and easy to recognise. */
const TOUCH_DELAY = 137;
const RUNS = 40;
const BREAKDOWN_RUNS = 10;

/** The wall clock with the resolution of performance.now, comparable with a page's. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}

interface PageTimes {
  readonly called: number;
  readonly resolved: number;
}

/** One `get()` without allow list and user verification: the least that a key can be asked. */
async function getInPage(page: Page): Promise<PageTimes> {
  return page.evaluate(async () => {
    const called = performance.timeOrigin + performance.now();
    await navigator.credentials.get({
      publicKey: { challenge: new Uint8Array(32), userVerification: 'discouraged' },
    });
    return { called, resolved: performance.timeOrigin + performance.now() };
  });
}

/** Measures sign-ins in a real browser with the real host and a key that needs neither PIN nor time. */
export async function measureSignIn(dataFile: string): Promise<SignInTimes> {
  const system = systemEnvironment();
  let touchedAt = 0;
  const virtualKey = await startVirtualKey({
    udp: [0],
    environment: {
      ...system,
      now: clock,
      schedule: (delay, action) =>
        system.schedule(delay, () => {
          if (delay === TOUCH_DELAY) touchedAt = clock();
          action();
        }),
    },
  });
  const tenant = await startTenant({ dataFile });
  const browser = await launchKeystile({ devices: virtualKey.udpPorts.map((port) => `127.0.0.1:${port.toString()}`).join(',') });
  try {
    const { client } = virtualKey;
    const id = await client.addAuthenticator({ protocol: 'ctap2_1', transport: 'usb', hasResidentKey: true, keystile: {} });
    const page = await browser.context.newPage();
    await page.goto(`${tenant.origin}/lab/empty`);
    const { outcome } = callCreate(page, { authenticatorSelection: { residentKey: 'required', userVerification: 'discouraged' } });
    const created = await outcome;
    if (!created.ok) throw new Error(`The registration before the measurement failed: ${created.name}: ${created.message}`);
    await client.configure(id, { touch: { mode: 'delay', ms: TOUCH_DELAY } });

    const callToPresence: number[] = [];
    const touchToResolved: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const { called, resolved } = await getInPage(page);
      const { log } = await client.state(id);
      const asked = log.findLast(({ command }) => command === 'getAssertion')?.at ?? Number.NaN;
      callToPresence.push(asked - called);
      touchToResolved.push(resolved - touchedAt);
    }
    const own = callToPresence.map((span, run) => span + (touchToResolved[run] ?? Number.NaN));
    const prompts = await measurePrompt(page, browser);
    return {
      callToPresence: summarise(callToPresence),
      touchToResolved: summarise(touchToResolved),
      own: summarise(own),
      native: summarise(await measureNative(page, browser)),
      ...prompts,
    };
  } finally {
    await browser.close();
    await tenant.close();
    await virtualKey.close();
  }
}

/** Looks into the prompt while the key waits. */
async function measurePrompt(
  page: Page,
  browser: KeystileBrowser,
): Promise<Pick<SignInTimes, 'callToPromptDocument' | 'callToPromptPainted'>> {
  const documents: number[] = [];
  const painted: number[] = [];
  for (let run = 0; run < BREAKDOWN_RUNS; run += 1) {
    const opening = browser.context.waitForEvent('page');
    const call = getInPage(page);
    const prompt = await opening;
    const times = await prompt.evaluate(async () => {
      const painted = await new Promise<number>((resolve) => {
        const observer = new PerformanceObserver((list) => {
          const entry = list.getEntriesByName('first-contentful-paint')[0];
          if (entry !== undefined) resolve(entry.startTime);
        });
        observer.observe({ type: 'paint', buffered: true });
      });
      return { began: performance.timeOrigin, painted: performance.timeOrigin + painted };
    });
    const { called } = await call;
    documents.push(times.began - called);
    painted.push(times.painted - called);
  }
  return { callToPromptDocument: summarise(documents), callToPromptPainted: summarise(painted) };
}

/** The browser's own way in the same page: Keystile is paused, a DevTools virtual authenticator answers at once. */
async function measureNative(page: Page, browser: KeystileBrowser): Promise<number[]> {
  const popup = await browser.openPopup();
  await popup.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const port = chrome.runtime.connect({ name: 'keystile-popup' });
        port.onMessage.addListener(() => resolve());
        port.postMessage({ v: 1, id: 'pause', method: 'popup.setPaused', params: { paused: true } });
      }),
  );
  await popup.close();
  await page.bringToFront();
  const session = await browser.context.newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'usb', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  const { outcome } = callCreate(page, { authenticatorSelection: { residentKey: 'required', userVerification: 'discouraged' } });
  const created = await outcome;
  if (!created.ok) throw new Error(`The browser's own registration failed: ${created.name}: ${created.message}`);
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { called, resolved } = await getInPage(page);
    times.push(resolved - called);
  }
  return times;
}
