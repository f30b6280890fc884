import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { launchPlainChromium, type PlainChromium } from '../../support/plain-chromium.ts';
import { type Stack, startStack } from '../../support/stack.ts';
import { makeCalls, type Outcomes, SECTIONS } from './calls.ts';

/** Time for some 250 calls, each with a prompt. */
const ALL_CALLS = 240_000;

/** The same calls in the browser without Keystile, with its own virtual authenticator of the same abilities. */
async function nativeOutcomes(plain: PlainChromium, url: string): Promise<Outcomes> {
  const page = await plain.context.newPage();
  await page.goto(url);
  const devTools = await page.context().newCDPSession(page);
  await devTools.send('WebAuthn.enable');
  await devTools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'usb', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      hasPrf: true, hasLargeBlob: true, hasCredBlob: true, hasMinPinLength: true,
    },
  });
  return makeCalls(page);
}

async function mediatedOutcomes(stack: Stack): Promise<Outcomes> {
  await stack.keys.addAuthenticator({
    protocol: 'ctap2_1', transport: 'usb', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
    extensions: ['prf', 'largeBlob', 'credBlob', 'minPinLength'],
  });
  return makeCalls(await stack.openLab());
}

const CREATED = JSON.stringify(['public-key', 'cross-platform', {}, [['usb'], -7, 91]]);
const GOT = JSON.stringify(['public-key', 'cross-platform', {}, 9]);

/** What Chromium itself does to calls on their way to a proxy, and to answers on their way back. */
const OF_THE_PROXY: Partial<Outcomes> = {
  '10 extensions of create': {
    // Without a policy, its enforcement is not passed on.
    'policy enforced, none given': CREATED,
    'policy enforced, none given, discoverable': CREATED,
  },
  // Empty outputs are not passed on.
  '10 extensions of get': { prf: GOT, 'prf null': GOT },
};

/** Each lane with what an administrator sets for it; a setting needs a mount namespace of the browser's own. */
const LANES = [
  { lane: 'page', managed: undefined, differences: {} as Partial<Outcomes> },
  ...(process.getuid?.() === 0 ? [{ lane: 'proxy', managed: { interception: 'proxy' }, differences: OF_THE_PROXY }] : []),
] as const;

describe.each(LANES)('the $lane lane, call by call as the browser', ({ managed, differences }) => {
  let stack: Stack;
  let plain: PlainChromium;
  let mediated: Outcomes;
  let native: Outcomes;

  beforeAll(async () => {
    stack = await startStack(managed === undefined ? {} : { browser: { managed } });
    plain = await launchPlainChromium();
    if (managed !== undefined) await reachProxy(stack);
    native = await nativeOutcomes(plain, `${stack.tenant.origin}/lab/empty`);
    mediated = await mediatedOutcomes(stack);
  }, ALL_CALLS);
  afterAll(async () => {
    await plain.close();
    await stack.close();
  });

  test.each(SECTIONS)('§%s', (section) => {
    expect(Object.keys(native[section]).length).toBeGreaterThan(1);
    expect(mediated[section]).toEqual({ ...native[section], ...differences[section] });
  });
});

/** Policies arrive some seconds after the browser's start. */
async function reachProxy(stack: Stack): Promise<void> {
  const popup = await stack.browser.openPopup();
  await popup.locator('main[data-interception="attached"]').waitFor();
  await popup.close();
}
