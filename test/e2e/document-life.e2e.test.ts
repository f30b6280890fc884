import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { type StackParts, startParts } from '../support/stack.ts';
import { serveTellingPages, type TellingPages } from '../support/telling-pages.ts';
import { launchUndriven, type UndrivenChromium } from '../support/undriven-chromium.ts';

const REGISTRATION = `
  const register = () => navigator.credentials.create({ publicKey: {
    rp: { name: 'Lab' }, user: { id: new Uint8Array(8), name: 'alice', displayName: 'Alice' }, challenge: new Uint8Array(16), timeout: 60000,
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }], authenticatorSelection: { userVerification: 'discouraged' },
  } }).then(() => 'ok', (error) => error.name);`;

const PAGES = {
  '/start': `
    <script type="speculationrules">{ "prerender": [{ "urls": ["/prerendered"], "eagerness": "immediate" }] }</script>
    <script>until('the page is entered').then(() => location.assign('/prerendered'));</script>`,
  '/prerendered': `<script>${REGISTRATION}
    document.addEventListener('prerenderingchange', () => tell('entered'));
    register().then((outcome) => tell('outcome: ' + outcome));
    tell('called, prerendering: ' + document.prerendering);
  </script>`,
  '/left': `<script>${REGISTRATION}
    register().then((outcome) => tell('first outcome: ' + outcome));
    until('the page is left').then(() => location.assign('/elsewhere'));
    addEventListener('pageshow', ({ persisted }) => {
      if (!persisted) return;
      tell('back, as it was left');
      until('the key is ready').then(register).then((outcome) => tell('second outcome: ' + outcome));
    });
  </script>`,
  '/elsewhere': `<script>until('it comes back').then(() => history.back());</script>`,
};

/** Documents that are not in view: made before they are wanted, or kept after they were left. */
describe('life of a document', () => {
  let pages: TellingPages;
  let parts: StackParts;
  let browser: UndrivenChromium;

  beforeEach(async () => {
    pages = await serveTellingPages(PAGES);
    parts = await startParts({ slots: 1 });
  });
  afterEach(async () => {
    await browser.close();
    await parts.close();
    pages.close();
  });

  test('a call of a prerendered page waits until the user enters the page', async () => {
    await parts.plugKey();
    browser = await launchUndriven(`${pages.origin}/start`, parts.devices);
    expect(await pages.hear('called')).toBe('called, prerendering: true');
    pages.release('the page is entered');
    await pages.hear('outcome');
    expect(pages.told.slice(1)).toEqual(['entered', 'outcome: ok']);
  });

  test('a page that is left and comes back as it was: its call has ended, the next one is served', async () => {
    const key = await parts.plugKey({ touch: { mode: 'manual' } });
    browser = await launchUndriven(`${pages.origin}/left`, parts.devices);
    await parts.keys.waitFor(key.id, 'waitingForTouch', { timeoutMs: 30_000 });
    pages.release('the page is left');
    pages.release('it comes back');
    await pages.hear('back, as it was left');
    expect(await pages.hear('first outcome')).toBe('first outcome: NotAllowedError');
    await parts.keys.configure(key.id, { touch: { mode: 'instant' } });
    pages.release('the key is ready');
    expect(await pages.hear('second outcome')).toBe('second outcome: ok');
  });
});
