import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { findFirefox } from '../../support/firefox.ts';
import { giveFirefoxAuthenticator } from '../../support/firefox-authenticator.ts';
import { removeExtension } from '../../support/firefox-background.ts';
import { type FirefoxStack, startFirefoxStack } from '../../support/firefox-stack.ts';
import { makeCalls, type Outcomes, SECTIONS } from './calls.ts';

/** Firefox's own authenticator has next to no extensions: those are compared in Chromium. */
const COMPARED = SECTIONS.filter((section) => !section.startsWith('10 '));

/** Time for some hundred calls, each with a prompt. */
const ALL_CALLS = 240_000;

const NOT_DISCOVERABLE = JSON.stringify(['public-key', 'cross-platform', { credProps: { rk: false } }, [['usb'], -7, 91]]);

/** Where Keystile in Firefox is as Keystile in Chromium, and Firefox itself is not. */
const DIFFERENCES: Partial<Outcomes> = {
  // Two mistakes at once: Chromium looks at the algorithms first.
  '5.1.3 create': { 'no algorithm, and user.id too long': 'DOMException NotSupportedError' },
  '5.4 options of create': {
    // Firefox tells nothing of a credential that is not discoverable.
    'residentKey discouraged': NOT_DISCOVERABLE,
    'residentKey unheard-of': NOT_DISCOVERABLE,
    'residentKey null': NOT_DISCOVERABLE,
    // Chromium's bound for lists.
    '65 excluded': 'DOMException RangeError',
  },
  // Firefox's own bound is 20, with another error.
  '5.5 options of get': { '64 allowed': JSON.stringify(['public-key', 'cross-platform', {}, 9]), '65 allowed': 'DOMException RangeError' },
};

const isMissing = findFirefox() === undefined;
const why = isMissing ? ' (skipped: there is none; install firefox-esr or name one by KEYSTILE_FIREFOX)' : '';

describe.skipIf(isMissing)(`Firefox, call by call as without Keystile${why}`, () => {
  let stack: FirefoxStack;
  let mediated: Outcomes;
  let native: Outcomes;

  beforeAll(async () => {
    stack = await startFirefoxStack();
    await stack.keys.addAuthenticator({
      protocol: 'ctap2_1', transport: 'usb', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      extensions: ['prf', 'largeBlob', 'credBlob', 'minPinLength'],
    });
    mediated = await makeCalls((await stack.openLab()).realm, COMPARED);
    await removeExtension(stack.firefox);
    await giveFirefoxAuthenticator(stack.firefox);
    const tab = await stack.openLab();
    await tab.focus();
    native = await makeCalls(tab.realm, COMPARED);
  }, ALL_CALLS);
  afterAll(() => stack.close());

  test.each(COMPARED)('§%s', (section) => {
    expect(Object.keys(native[section]).length).toBeGreaterThan(1);
    expect(mediated[section]).toEqual({ ...native[section], ...DIFFERENCES[section] });
  });
});
