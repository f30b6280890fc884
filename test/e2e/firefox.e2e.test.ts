import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { clientDataOf } from '../support/ceremonies.ts';
import { type FirefoxTab, findFirefox } from '../support/firefox.ts';
import { giveFirefoxAuthenticator } from '../support/firefox-authenticator.ts';
import { holdPromptFrames, removeExtension, stopEventPage, untilKeptAlive } from '../support/firefox-background.ts';
import { nextFirefoxPrompt, openPrompts } from '../support/firefox-prompt.ts';
import { type FirefoxStack, startFirefoxStack } from '../support/firefox-stack.ts';
import { callCreate, callGet, type CreateOptions } from '../support/page-call.ts';

const PIN = 'corr3ct-h0rse';
const WITHOUT_PIN: CreateOptions = { authenticatorSelection: { residentKey: 'required', userVerification: 'discouraged' } };
/** The popup's switch for all sites; the one for the page's site is there once a page is. */
const PAUSE = 'button[aria-labelledby="pause-label"]';
/** Milliseconds in which a key would have been asked ten times over. */
const LONG_ENOUGH = 800;
/** For what waits until a host has started on a busy machine. */
const PATIENT = { timeout: 15_000 };

const isMissing = findFirefox() === undefined;
const why = isMissing ? ' (skipped: there is none; install firefox-esr or name one by KEYSTILE_FIREFOX)' : '';

describe.skipIf(isMissing)(`Firefox${why}`, () => {
  let stack: FirefoxStack;

  beforeAll(async () => {
    // Stops an idle event page soon.
    stack = await startFirefoxStack({ firefox: { preferences: { 'extensions.background.idle.timeout': 1000 } } });
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  test('a key without PIN gets one at registration, and signs in without user name', async () => {
    const key = await stack.plugKey();
    const page = await stack.openLab();
    const registration = callCreate(page.realm);
    const prompt = await nextFirefoxPrompt(stack.firefox);
    await prompt.waitForState('needsNewPin');
    expect(await prompt.text()).toContain('localhost');
    await prompt.setNewPin(PIN);
    expect(await registration.outcome).toMatchObject({
      ok: true,
      credential: { type: 'public-key', authenticatorAttachment: 'cross-platform' },
    });
    expect(await stack.keys.state(key.id)).toMatchObject({ pinSet: true, credentials: 1 });
    await prompt.closed();

    const signIn = callGet(page.realm);
    const second = await nextFirefoxPrompt(stack.firefox);
    await second.waitForState('needsPin');
    await second.enterPin(PIN);
    expect(await signIn.outcome).toMatchObject({
      ok: true,
      credential: { response: { userHandle: Buffer.from('alice').toString('base64url') } },
    });
    await second.closed();
    expect(await openPrompts(stack.firefox)).toEqual([]);
  });

  test('cancelled in the prompt, by closing it, and by the page', async () => {
    await stack.plugKey({ pin: PIN });
    const page = await stack.openLab();
    const cancelled = callGet(page.realm);
    const prompt = await nextFirefoxPrompt(stack.firefox);
    await prompt.waitForState('needsPin');
    await prompt.cancel();
    expect(await cancelled.outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    await prompt.closed();

    const closed = callGet(page.realm);
    await (await nextFirefoxPrompt(stack.firefox)).tab.close();
    expect(await closed.outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });

    const aborted = callGet(page.realm);
    const third = await nextFirefoxPrompt(stack.firefox);
    // Before its page has come, nothing would hold the event page, which stops soon here, and with it what the prompt is to say.
    await third.waitForState('needsPin');
    await aborted.abort();
    expect(await aborted.outcome).toMatchObject({ ok: false, name: 'AbortError' });
    await third.waitForState('failed');
    expect(await third.text()).toContain('The request was withdrawn');
  });

  test('the prompt comes first: no presence is asked for before it is painted', async () => {
    const key = await stack.plugKey({ touch: { mode: 'manual' } });
    const page = await stack.openLab();
    const paint = await holdPromptFrames(stack.firefox);
    const call = callCreate(page.realm, WITHOUT_PIN);
    const prompt = await nextFirefoxPrompt(stack.firefox);
    await stack.keys.waitFor(key.id, 'command:getInfo');
    await expect(stack.keys.waitFor(key.id, 'waitingForTouch', { timeoutMs: LONG_ENOUGH })).rejects.toMatchObject({ code: 'timeout' });
    const { log } = await stack.keys.state(key.id);
    expect(log.map(({ command }) => command).filter((command) => command !== 'getInfo')).toEqual([]);
    await paint();
    await stack.keys.waitFor(key.id, 'waitingForTouch');
    expect(await prompt.text()).toContain('localhost');
    await stack.keys.touch(key.id);
    expect(await call.outcome).toMatchObject({ ok: true });
    await prompt.closed();
  });

  test('the popup says that the host is ready, what happened, and pauses: then the browser serves', async () => {
    const native = await giveFirefoxAuthenticator(stack.firefox);
    const popup = await stack.firefox.openPopup();
    const shown = (): Promise<unknown> => popup.script('return document.body.innerText');
    await expect.poll(shown, PATIENT).toContain('Ready');
    expect(await shown()).toContain('Recent requests');
    await popup.click(PAUSE);
    await expect.poll(() => popup.script(`return document.querySelector('${PAUSE}').ariaChecked`)).toBe('true');
    const page = await stack.openLab();
    const outcome = await callCreate(page.realm).outcome;
    const [id] = await native.credentialIds();
    expect(id).toBeDefined();
    expect(outcome).toMatchObject({ ok: true, credential: { id } });
    await popup.click(PAUSE);
    await expect.poll(() => popup.script(`return document.querySelector('${PAUSE}').ariaChecked`)).toBe('false');
    await native.remove();
  });

  describe('frames', () => {
    const empty = (): string => `${stack.tenant.origin}/lab/empty`;

    /** A page of `host` with a frame of the tenant's empty page in it. */
    function framed(host: string, allow?: string): Promise<FirefoxTab> {
      const query = new URLSearchParams({ src: empty(), ...(allow === undefined ? {} : { allow }) });
      return stack.firefox.openTab(`http://${host}:${stack.tenant.port.toString()}/lab/frame?${query.toString()}`);
    }

    test('of the same origin are as good as the page; foreign ones may sign in where the page allows it', async () => {
      await stack.plugKey();
      const own = await framed('localhost');
      const registered = await callCreate(own.frame(0), WITHOUT_PIN).outcome;
      expect(clientDataOf(registered)).toMatchObject({ origin: stack.tenant.origin, crossOrigin: false });

      const foreign = await framed('framer.localhost', 'publickey-credentials-get *; publickey-credentials-create *');
      const signedIn = await callGet(foreign.frame(0), { userVerification: 'discouraged' }).outcome;
      expect(clientDataOf(signedIn)).toEqual({
        type: 'webauthn.get',
        challenge: 'CQkJCQkJCQkJCQkJCQkJCQ',
        origin: stack.tenant.origin,
        crossOrigin: true,
        topOrigin: `http://framer.localhost:${stack.tenant.port.toString()}`,
      });
    });

    test('of another origin are refused without permission, and may not register without a gesture', async () => {
      const key = await stack.plugKey();
      const refused = { ok: false, name: 'NotAllowedError' };
      const without = await framed('framer.localhost');
      expect(await callGet(without.frame(0)).outcome).toMatchObject(refused);
      expect(await callCreate(without.frame(0), WITHOUT_PIN).outcome).toMatchObject(refused);
      const allowed = await framed('framer.localhost', 'publickey-credentials-get *; publickey-credentials-create *');
      expect(await callCreate(allowed.frame(0), WITHOUT_PIN).outcome).toMatchObject(refused);
      expect(await openPrompts(stack.firefox)).toEqual([]);
      expect(await stack.keys.state(key.id)).toMatchObject({ credentials: 0 });
    });

    test('of an opaque origin are refused', async () => {
      const page = await stack.openLab();
      await page.realm.evaluate(
        (src) =>
          new Promise((resolve) => {
            const frame = document.createElement('iframe');
            frame.allow = 'publickey-credentials-get *; publickey-credentials-create *';
            frame.setAttribute('sandbox', 'allow-scripts');
            frame.src = src;
            frame.onload = () => resolve(true);
            document.body.append(frame);
          }),
        empty(),
      );
      expect(await page.frame(0).evaluate(() => self.origin)).toBe('null');
      expect(await callGet(page.frame(0)).outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
      expect(await callCreate(page.frame(0)).outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
      expect(await openPrompts(stack.firefox)).toEqual([]);
    });

    test('about:blank, srcdoc and javascript: are served, with objects of the frame’s own classes', async () => {
      const key = await stack.plugKey();
      const page = await stack.openLab();
      // Firefox 140 runs no script of an extension in about:blank before the task that made the frame has ended.
      const hasInitialScripts = Number.parseInt(stack.firefox.version, 10) > 140;
      const kinds = [...(hasInitialScripts ? ['about:blank'] : []), 'srcdoc', 'javascript:'];
      for (const kind of kinds) {
        expect(await createInFrame(page, kind), kind).toEqual({ genuine: true, ownMembers: 0, buffers: true });
      }
      expect(await stack.keys.state(key.id)).toMatchObject({ credentials: kinds.length });
    });

    /** Makes a frame of this kind and a credential in it: in one task, where there is nothing to load. */
    function createInFrame(page: FirefoxTab, kind: string): Promise<unknown> {
      return page.realm.evaluate(async (what) => {
        const frame = document.createElement('iframe');
        const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
        if (what === 'srcdoc') frame.srcdoc = '<!doctype html>';
        if (what === 'javascript:') frame.src = 'javascript:"<p>"';
        document.body.append(frame);
        if (what !== 'about:blank') await loaded;
        const view = frame.contentWindow as unknown as typeof globalThis;
        const credential = (await view.navigator.credentials.create({
          publicKey: {
            rp: { name: 'Lab' },
            user: { id: new TextEncoder().encode(what), name: what, displayName: what },
            challenge: new Uint8Array(16),
            pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
            authenticatorSelection: { residentKey: 'required', userVerification: 'discouraged' },
          },
        })) as PublicKeyCredential;
        return {
          genuine: credential instanceof view.PublicKeyCredential && credential.response instanceof view.AuthenticatorAttestationResponse,
          ownMembers: Reflect.ownKeys(credential).length,
          buffers: credential.rawId instanceof view.ArrayBuffer && credential.response.clientDataJSON instanceof view.ArrayBuffer,
        };
      }, kind);
    }
  });

  test('left by a link and come back to: the request is withdrawn, and the page does not wait for ever', async () => {
    // A page that the browser may keep, unlike the tenant's.
    const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const origin = `http://localhost:${(server.address() as AddressInfo).port.toString()}`;
      const page = await stack.firefox.openTab(`${origin}/one`);
      await page.realm.evaluate(() => {
        addEventListener('pageshow', ({ persisted }) => Object.assign(globalThis, { persisted }));
      });
      const call = callGet(page.realm);
      const prompt = await nextFirefoxPrompt(stack.firefox);
      await prompt.waitForState('waitingForDevice');
      await page.navigate(`${origin}/two`);
      await prompt.waitForState('failed');
      await page.script('history.back()');
      expect(await call.outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
      expect(await page.realm.evaluate(() => (globalThis as unknown as { persisted: boolean }).persisted)).toBe(true);
      await prompt.tab.close();

      const next = callGet(page.realm);
      await (await nextFirefoxPrompt(stack.firefox)).cancel();
      expect(await next.outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    } finally {
      server.close();
    }
  });

  test('the event page lives as long as a request, and its end ends the request', async () => {
    const key = await stack.plugKey({ touch: { mode: 'manual' } });
    const page = await stack.openLab();
    const patient = callCreate(page.realm, WITHOUT_PIN);
    await stack.keys.waitFor(key.id, 'waitingForTouch');
    expect(await untilKeptAlive(stack.firefox)).toBe('nativeapp');
    await stack.keys.touch(key.id);
    expect(await patient.outcome).toMatchObject({ ok: true });

    const lost = callGet(page.realm, { userVerification: 'discouraged' });
    const prompt = await nextFirefoxPrompt(stack.firefox);
    await stack.keys.waitFor(key.id, 'waitingForTouch');
    await stopEventPage(stack.firefox);
    expect(await lost.outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    await prompt.waitForState('lost');
    await prompt.tab.close();

    // The next request starts it again.
    const next = callGet(page.realm, { userVerification: 'discouraged' });
    await stack.keys.waitFor(key.id, 'waitingForTouch');
    await stack.keys.touch(key.id);
    expect(await next.outcome).toMatchObject({ ok: true });
  });
});

describe.skipIf(isMissing)(`Firefox without the host${why}`, () => {
  let stack: FirefoxStack;

  beforeAll(async () => {
    stack = await startFirefoxStack({ firefox: { host: false } });
  });
  afterAll(() => stack.close());

  test('native; the popup says what to install; then served; and native again when the extension is removed', async () => {
    const native = await giveFirefoxAuthenticator(stack.firefox);
    const page = await stack.openLab();
    const made = await callCreate(page.realm).outcome;
    const [id] = await native.credentialIds();
    expect(id).toBeDefined();
    expect(made).toMatchObject({ ok: true, credential: { id } });
    expect(await callGet(page.realm).outcome).toMatchObject({ ok: true, credential: { id } });
    expect(await openPrompts(stack.firefox)).toEqual([]);

    const popup = await stack.firefox.openPopup();
    const shown = (): Promise<unknown> => popup.script('return document.body.innerText');
    await expect.poll(shown, PATIENT).toContain('The Keystile host is not installed');
    expect(await shown()).toContain('keystile install');
    await stack.firefox.installHost();
    await popup.click('//button[.="Check again"]');
    await expect.poll(shown, PATIENT).toContain('Ready');

    await page.focus();
    const pending = callGet(page.realm);
    const prompt = await nextFirefoxPrompt(stack.firefox);
    await prompt.waitForState('waitingForDevice');
    await removeExtension(stack.firefox);
    expect(await pending.outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    await page.focus();
    expect(await callGet(page.realm).outcome).toMatchObject({ ok: true, credential: { id } });
  });
});
