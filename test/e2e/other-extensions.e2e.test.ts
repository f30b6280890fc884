import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { type CallOutcome, callCreate, callGet } from '../support/page-call.ts';
import { addNativeAuthenticator } from '../support/plain-chromium.ts';
import { type Stack, startStack } from '../support/stack.ts';

/** Ways in which password managers take the page's calls. Each counts the calls that it sees, and passes them on. */
const OTHERS = {
  'wraps the functions of the prototype': `
    for (const name of ['create', 'get']) {
      const next = CredentialsContainer.prototype[name];
      CredentialsContainer.prototype[name] = function (...args) { seen(); return next.apply(this, args); };
    }`,
  'gives the container functions of its own': `
    for (const name of ['create', 'get']) {
      const next = navigator.credentials[name].bind(navigator.credentials);
      navigator.credentials[name] = (options) => { seen(); return next(options); };
    }`,
  'replaces the container, for good': `
    const { credentials } = navigator;
    const own = {};
    for (const name of ['create', 'get', 'store', 'preventSilentAccess']) own[name] = (...args) => { seen(); return credentials[name](...args); };
    Object.defineProperty(navigator, 'credentials', { value: own });`,
  'lets nobody replace its functions': `
    for (const name of ['create', 'get']) {
      const next = navigator.credentials[name].bind(navigator.credentials);
      const own = (options) => { seen(); return next(options); };
      Object.defineProperty(navigator.credentials, name, { get: () => own, set() { throw new Error('This is mine.'); } });
    }`,
  'freezes the prototype': `
    for (const name of ['create', 'get']) {
      const next = CredentialsContainer.prototype[name];
      const own = function (...args) { seen(); return next.apply(this, args); };
      Object.defineProperty(CredentialsContainer.prototype, name, { value: own, configurable: false, writable: false });
    }`,
} as const;

const COUNT = `let count = 0; const seen = () => { document.documentElement.dataset.seen = String(count += 1); };`;

/** Another extension at the same functions, loaded before and after ours: pages are served by either, or by the browser, and nothing breaks. */
describe.each(Object.keys(OTHERS) as (keyof typeof OTHERS)[])('an extension that %s', (way) => {
  describe.each(['before', 'after'] as const)('and is loaded %s ours', (order) => {
    let folder: string;
    let stack: Stack;
    let page: Page;

    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'other-extension-'));
      await writeExtension(folder, `{ ${COUNT} ${OTHERS[way]} }`);
      stack = await startStack({ browser: { otherExtensions: { [order]: [folder] } } });
    });
    beforeEach(async () => {
      await stack.plugKey();
      page = await stack.openLab();
      // What is left to the browser is answered at once.
      await addNativeAuthenticator(page);
    });
    afterEach(() => stack.reset());
    afterAll(async () => {
      await stack.close();
      await rm(folder, { recursive: true, force: true });
    });

    test('a key is registered and signs in, and both results are genuine', async () => {
      const created = await callCreate(page, { authenticatorSelection: { userVerification: 'discouraged' } }).outcome;
      const id = idOf(created);
      expect(idOf(await callGet(page, { userVerification: 'discouraged', allowCredentials: [{ type: 'public-key', id }] }).outcome)).toBe(id);
      // What the page gets is of its own classes, whoever made it.
      expect(await page.evaluate(async (credentialId) => {
        const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON({ challenge: 'AAAAAAAAAAAAAAAAAAAAAA', userVerification: 'discouraged', allowCredentials: [{ type: 'public-key', id: credentialId }] });
        const given = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
        return given instanceof PublicKeyCredential && given.response instanceof AuthenticatorAssertionResponse && Object.keys(given).length === 0;
      }, id)).toBe(true);
    });

    test('a call that is aborted rejects with the page’s reason, and one that converts to nothing with a TypeError', async () => {
      expect(await page.evaluate(async () => {
        const publicKey = { challenge: new Uint8Array(16), userVerification: 'discouraged' as const };
        const aborted = await navigator.credentials.get({ publicKey, signal: AbortSignal.abort('mine') }).catch((reason: unknown) => reason);
        const wrong = await navigator.credentials.get({ publicKey: { challenge: 'text' } as unknown as PublicKeyCredentialRequestOptions }).catch((error: unknown) => (error as Error).name);
        return [aborted, wrong];
      })).toEqual(['mine', 'TypeError']);
      // The other one is there: that call came to it as well.
      expect(Number(await page.evaluate(() => document.documentElement.dataset['seen']))).toBeGreaterThan(0);
    });
  });
});

function idOf(outcome: CallOutcome): string {
  if (!outcome.ok) throw new Error(`The call failed: ${outcome.name}: ${outcome.message}`);
  return outcome.credential.id;
}

async function writeExtension(folder: string, script: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'script.js'), script);
  const manifest = {
    manifest_version: 3,
    name: 'Other extension',
    version: '1',
    content_scripts: [{ matches: ['http://localhost/*'], js: ['script.js'], run_at: 'document_start', all_frames: true, world: 'MAIN' }],
  };
  await writeFile(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
}
