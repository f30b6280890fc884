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

describe('the page lane, call by call as the browser', () => {
  let stack: Stack;
  let plain: PlainChromium;
  let mediated: Outcomes;
  let native: Outcomes;

  beforeAll(async () => {
    stack = await startStack();
    plain = await launchPlainChromium();
    native = await nativeOutcomes(plain, `${stack.tenant.origin}/lab/empty`);
    mediated = await mediatedOutcomes(stack);
  }, ALL_CALLS);
  afterAll(async () => {
    await plain.close();
    await stack.close();
  });

  test.each(SECTIONS)('§%s', (section) => {
    expect(Object.keys(native[section]).length).toBeGreaterThan(1);
    expect(mediated[section]).toEqual(native[section]);
  });
});
