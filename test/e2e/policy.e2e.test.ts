import { generateKeyPairSync } from 'node:crypto';

import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { promptFor } from '../support/ceremonies.ts';
import { callCreate, callGet } from '../support/page-call.ts';
import { readPopupView } from '../support/popup-view.ts';
import { type Stack, startStack } from '../support/stack.ts';

const PIN = '84173';
const MODEL = '2fc0579f-8113-47ea-b116-bb5a8db9202a';
const OTHER = 'ee882879-721c-4913-9775-3dfcce97072a';
const KEY = { aaguid: Buffer.from(MODEL.replaceAll('-', ''), 'hex').toString('base64url') };
const TOUCH_ONLY = { authenticatorSelection: { residentKey: 'required' as const, userVerification: 'discouraged' as const } };
const REFUSED = { ok: false, name: 'NotAllowedError' };

const only = (aaguid: string): object => ({ state: 'enabled', keyRestrictions: { isEnforced: true, enforcementType: 'allow', aaGuids: [aaguid] } });
const blocked = (aaguid: string): object => ({ state: 'enabled', keyRestrictions: { isEnforced: true, enforcementType: 'block', aaGuids: [aaguid] } });

/** As docs/POLICY.md has it; one site for each case. */
const POLICY = JSON.stringify({
  sites: [
    { rpIds: ['allowed.localhost'], fido2: only(MODEL) },
    { rpIds: ['other-model.localhost'], fido2: only(OTHER) },
    { rpIds: ['warned.localhost'], mode: 'warn', fido2: only(OTHER) },
    { rpIds: ['blocked.localhost'], fido2: blocked(MODEL) },
    { rpIds: ['attested.localhost'], fido2: { isAttestationEnforced: true } },
    { rpIds: ['broken.localhost'], fido2: { state: 'perhaps' } },
  ],
});

// The policy needs a mount namespace of the browser's own.
describe.skipIf(process.getuid?.() !== 0)('the policy of an administrator (needs root)', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({ browser: { managed: { policy: POLICY } } });
    const popup = await stack.browser.openPopup();
    // Its one mistake shows that it has arrived.
    await popup.getByText('policy: sites[5].fido2.state').waitFor();
    await popup.close();
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  async function pageOf(site: string): Promise<Page> {
    const page = await stack.browser.context.newPage();
    await page.goto(`http://${site}.localhost:${new URL(stack.tenant.origin).port}/lab/empty`);
    return page;
  }

  test('a model that is not allowed is refused before the key makes a credential', async () => {
    const key = await stack.plugKey(KEY);
    const page = await pageOf('other-model');
    const { call, prompt } = await promptFor(stack, () => callCreate(page, TOUCH_ONLY));
    expect(await call.outcome).toMatchObject(REFUSED);
    await prompt.waitForState('failed');
    expect(await prompt.text()).toContain('This key is not allowed here');
    expect(await prompt.text()).toContain('The policy of your organisation does not allow it.');
    expect(await stack.keys.state(key.id)).toMatchObject({ credentials: 0 });
    expect(await stack.keys.getCredentials(key.id)).toEqual([]);
  });

  test('a model that is allowed registers and signs in', async () => {
    const key = await stack.plugKey(KEY);
    const page = await pageOf('allowed');
    expect(await callCreate(page, TOUCH_ONLY).outcome).toMatchObject({ ok: true });
    expect(await callGet(page, { userVerification: 'discouraged' }).outcome).toMatchObject({ ok: true });
    expect(await stack.keys.state(key.id)).toMatchObject({ credentials: 1 });
  });

  test('in mode warn it goes to the site, and the popup tells', async () => {
    await stack.plugKey(KEY);
    expect(await callCreate(await pageOf('warned'), TOUCH_ONLY).outcome).toMatchObject({ ok: true });
    const popup = await stack.browser.openPopup();
    await expect.poll(async () => (await readPopupView(popup)).ceremonies[0]).toMatchObject({
      outcome: 'succeeded',
      verdict: 'refused',
      failedChecks: [{ id: 'policy.keyRestrictions' }],
    });
    // The details are in the popup that a person sees, too.
    await popup.getByRole('button', { name: 'Details: warned.localhost' }).first().click();
    await popup.getByText('policy.keyRestrictions').waitFor();
    expect(await popup.locator('.detail').innerText()).toContain(MODEL);
  });

  test('a sign-in with a blocked model is refused', async () => {
    const key = await stack.plugKey(KEY);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await stack.keys.addCredential(key.id, {
      credentialId: 'AQIDBAUGBwgJCgsMDQ4PEA',
      isResidentCredential: true,
      rpId: 'blocked.localhost',
      privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url'),
      userHandle: 'YWxpY2U',
      signCount: 7,
    });
    const page = await pageOf('blocked');
    const { call, prompt } = await promptFor(stack, () => callGet(page, { userVerification: 'discouraged' }));
    expect(await call.outcome).toMatchObject(REFUSED);
    await prompt.waitForState('failed');
    expect(await prompt.text()).toContain('This key is not allowed here');
    // It has signed nothing.
    expect(await stack.keys.getCredentials(key.id)).toMatchObject([{ signCount: 7 }]);
  });

  test('a rule that is not valid refuses', async () => {
    const key = await stack.plugKey(KEY);
    expect(await callCreate(await pageOf('broken'), TOUCH_ONLY).outcome).toMatchObject(REFUSED);
    expect(await stack.keys.state(key.id)).toMatchObject({ credentials: 0 });
  });

  test('what is refused only after the key answered can be removed from it in the prompt', async () => {
    const key = await stack.plugKey({ ...KEY, pin: PIN });
    const page = await pageOf('attested');
    const { call, prompt } = await promptFor(stack, () => callCreate(page));
    await prompt.enterPin(PIN);
    // Self attestation: no certificate says who made the key.
    expect(await call.outcome).toMatchObject(REFUSED);
    await prompt.waitForState('failed');
    expect(await stack.keys.state(key.id)).toMatchObject({ credentials: 1 });
    await prompt.page.getByRole('button', { name: 'Remove it from the key' }).click();
    await prompt.page.locator('#deletion-pin').fill(PIN);
    await prompt.page.locator('#deletion-pin').press('Enter');
    await prompt.page.getByText('It is no longer on the key.').waitFor();
    expect(await stack.keys.state(key.id)).toMatchObject({ credentials: 0 });
  });
});
