import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { HANDSHAKE_EVENT, RELAY_READY_EVENT } from '../../shared/wire/page.ts';
import { type BackgroundProbe, probeBackground } from '../support/background-probe.ts';
import { clientDataOf } from '../support/ceremonies.ts';
import { callCreate } from '../support/page-call.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { createInTamperedRealm, TAMPER_GROUPS } from '../support/tampered-realm.ts';

/** A key that only wants to be touched, and is at once: the prompt needs nobody. */
const TOUCH_ONLY = { authenticatorSelection: { userVerification: 'discouraged' as const } };

/**
 * A page may do to its own realm what it likes: it gets at most its own call wrong. Every test ends by looking at what
 * must not have been touched: another tab's ceremony, and the worker that serves all.
 */
describe('a hostile page', () => {
  let stack: Stack;
  let bystander: Page;
  let page: Page;
  let probe: BackgroundProbe;

  beforeAll(async () => {
    stack = await startStack();
  });
  beforeEach(async () => {
    await stack.plugKey();
    bystander = await stack.openLab();
    page = await stack.openLab();
    probe = await probeBackground(stack.browser);
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  async function expectOthersUnharmed(): Promise<void> {
    await bystander.bringToFront();
    const outcome = await callCreate(bystander, TOUCH_ONLY).outcome;
    expect(outcome).toMatchObject({ ok: true });
    expect(clientDataOf(outcome)).toEqual({
      type: 'webauthn.create',
      challenge: 'BwcHBwcHBwcHBwcHBwcHBw',
      origin: stack.tenant.origin,
      crossOrigin: false,
    });
    expect(await probe.connections()).not.toBe('another worker');
    await expect.poll(() => stack.browser.context.pages().filter((tab) => tab.url().includes('/ui/prompt/')).length).toBe(0);
  }

  test('says who it is in its options: nobody listens', async () => {
    const lies = { origin: 'https://evil.example', topOrigin: 'https://evil.example', crossOrigin: true, sender: { origin: 'https://evil.example' } };
    const registered = await callCreate(page, {
      ...TOUCH_ONLY,
      ...lies,
      rp: { name: 'Lab', ...lies },
      frame: { visible: true, allowedByPolicy: true },
      extensions: { ...lies },
    } as object).outcome;
    expect(clientDataOf(registered)).toEqual({
      type: 'webauthn.create',
      challenge: 'BwcHBwcHBwcHBwcHBwcHBw',
      origin: stack.tenant.origin,
      crossOrigin: false,
    });
    await expectOthersUnharmed();
  });

  test('forges the handshake, posts garbage: nobody takes its ports or answers', async () => {
    const seen = await page.evaluate(
      async ([handshake, ready]) => {
        const offered: string[] = [];
        addEventListener(handshake, () => offered.push('handshake'));
        dispatchEvent(new Event(ready));
        document.dispatchEvent(new Event(ready, { bubbles: true }));
        const before = offered.length;

        const channel = new MessageChannel();
        const answers: unknown[] = [];
        channel.port1.onmessage = ({ data }) => answers.push(data);
        const event = new MessageEvent(handshake, { cancelable: true, ports: [channel.port2] });
        const isTaken = !dispatchEvent(event);
        const call = { v: 1, id: 'AAAAAAAAAAAAAAAAAAAAAA', method: 'get', params: { options: { challenge: 'AAAA' } } };
        const own = new MessageChannel();
        own.port1.onmessage = ({ data }) => answers.push(data);
        channel.port1.postMessage(call, [own.port2]);
        for (const garbage of [call, 0, null, 'keystile-relay', { v: 1 }, [], { ...call, id: {} }, new Map(), { cancel: true, v: 1, id: 'A' }]) {
          const other = new MessageChannel();
          other.port1.onmessage = ({ data }) => answers.push(data);
          window.postMessage(garbage, '*', [other.port2]);
          dispatchEvent(new MessageEvent('message', { data: garbage }));
        }
        // Two turns over a channel of the page's own: whatever was on its way has arrived.
        for (let turn = 0; turn < 2; turn += 1) {
          await new Promise((resolve) => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = resolve;
            port2.postMessage(0);
          });
        }
        return { before, isTaken, answers };
      },
      [HANDSHAKE_EVENT, RELAY_READY_EVENT] as const,
    );
    expect(seen).toEqual({ before: 0, isTaken: false, answers: [] });
    expect(await probe.connections()).toBe(0);
    await expectOthersUnharmed();
  });

  test('puts elements in place of the document’s members: its call works all the same', async () => {
    await page.evaluate(() => {
      for (const name of ['featurePolicy', 'permissionsPolicy', 'visibilityState', 'defaultView', 'location']) {
        document.body.insertAdjacentHTML('beforeend', `<form name="${name}"><input name="allowsFeature"></form><img name="${name}">`);
      }
    });
    expect(await callCreate(page, TOUCH_ONLY).outcome).toMatchObject({ ok: true });
    await expectOthersUnharmed();
  });

  describe('replaces what its realm is made of', () => {
    test.each(TAMPER_GROUPS)('%s', async (group) => {
      const registered = await createInTamperedRealm(page, group);
      expect(registered).toMatchObject({ settled: 'fulfilled', name: '', read: 5, leaks: [] });
      const { credential } = registered;
      expect(JSON.parse(Buffer.from(credential?.response.clientDataJSON ?? '', 'base64url').toString())).toEqual({
        type: 'webauthn.create',
        challenge: 'CQkJCQkJCQkJCQkJCQkJCQ',
        origin: stack.tenant.origin,
        crossOrigin: false,
      });
      await expectOthersUnharmed();
    });
  });

  test('has options that change under the reader: what was read first counts', async () => {
    const outcome = await page.evaluate(async () => {
      const first = new Uint8Array(16).fill(9);
      let reads = 0;
      const publicKey = {
        rp: { name: 'Lab' },
        user: { id: new Uint8Array([1]), name: 'a', displayName: 'a' },
        get challenge() {
          reads += 1;
          return reads === 1 ? first : new Uint8Array(16).fill(reads);
        },
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        authenticatorSelection: { userVerification: 'discouraged' },
      } as unknown as PublicKeyCredentialCreationOptions;
      const call = navigator.credentials.create({ publicKey });
      first.fill(0xff);
      publicKey.user.id = new Uint8Array([2]);
      const { response } = (await call) as PublicKeyCredential;
      return { reads, clientData: JSON.parse(new TextDecoder().decode(response.clientDataJSON)) as unknown };
    });
    expect(outcome).toMatchObject({ reads: 1, clientData: { challenge: 'CQkJCQkJCQkJCQkJCQkJCQ', origin: stack.tenant.origin } });
    await expectOthersUnharmed();
  });

  test('has options that throw, are proxies, are garbage: it gets its own exception, or the browser’s', async () => {
    const outcomes = await page.evaluate(async () => {
      const mine = new Error();
      mine.name = 'mine';
      const valid = { challenge: new Uint8Array(16), rpId: 'localhost', userVerification: 'discouraged' };
      const attempt = async (options: unknown): Promise<string> => {
        try {
          await navigator.credentials.get(options as CredentialRequestOptions);
          return 'fulfilled';
        } catch (error) {
          return (error as Error).name;
        }
      };
      const throwing = (name: string): object => Object.defineProperty({ ...valid }, name, { get() { throw mine; } });
      const revoked = Proxy.revocable({}, {});
      revoked.revoke();
      const cyclic: Record<string, unknown> = {};
      cyclic['self'] = cyclic;
      return {
        publicKey: await attempt(Object.defineProperty({}, 'publicKey', { get() { throw mine; } })),
        challenge: await attempt({ publicKey: throwing('challenge') }),
        rpId: await attempt({ publicKey: throwing('rpId') }),
        list: await attempt({ publicKey: { ...valid, allowCredentials: { [Symbol.iterator]() { throw mine; } } } }),
        item: await attempt({ publicKey: { ...valid, allowCredentials: [{ type: 'public-key', get id() { throw mine; } }] } }),
        revoked: await attempt({ publicKey: revoked.proxy }),
        revokedTop: await attempt(revoked.proxy),
        trap: await attempt({ publicKey: new Proxy(valid, { get() { throw mine; } }) }),
        shared: await attempt({ publicKey: { ...valid, challenge: new Uint8Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer) } }),
        text: await attempt({ publicKey: { ...valid, challenge: 'AAAA' } }),
        symbol: await attempt({ publicKey: { ...valid, rpId: Symbol('x') } }),
        list2: await attempt({ publicKey: { ...valid, allowCredentials: 5 } }),
      };
    });
    expect(outcomes).toEqual({
      publicKey: 'mine', challenge: 'mine', rpId: 'mine', list: 'mine', item: 'mine', trap: 'mine',
      revoked: 'TypeError', revokedTop: 'TypeError', shared: 'TypeError', text: 'TypeError', symbol: 'TypeError', list2: 'TypeError',
    });
    expect(await probe.connections()).toBe(0);
    await expectOthersUnharmed();
  });

  test('passes proxies and odd types that do convert: they count as what they convert to', async () => {
    const clientData = await page.evaluate(async () => {
      const publicKey = new Proxy(
        {
          rp: new Proxy({ name: { toString: () => 'Lab' } }, {}),
          user: Object.assign(() => undefined, { id: new DataView(new ArrayBuffer(8), 2, 4), displayName: 5 }),
          challenge: new Uint8Array(32).fill(9).subarray(8, 24),
          pubKeyCredParams: new Set([{ type: 'public-key', alg: '-7' }]),
          timeout: '300000',
          authenticatorSelection: { userVerification: new String('discouraged'), requireResidentKey: 0 },
          hints: ['security-key'],
        },
        {},
      );
      Object.defineProperty(publicKey.user, 'name', { value: null });
      const made = (await navigator.credentials.create({ publicKey: publicKey as unknown as PublicKeyCredentialCreationOptions })) as PublicKeyCredential;
      return JSON.parse(new TextDecoder().decode(made.response.clientDataJSON)) as unknown;
    });
    expect(clientData).toMatchObject({ challenge: 'CQkJCQkJCQkJCQkJCQkJCQ', origin: stack.tenant.origin });
    await expectOthersUnharmed();
  });

  test.each(['challenge', 'user name', 'extension', 'list'])('sends 10 MB in its %s: the browser gets that call', async (where) => {
    const devTools = await stack.browser.context.newCDPSession(page);
    await devTools.send('WebAuthn.enable');
    const outcome = await page.evaluate(async (place) => {
      const size = 10_000_000;
      const controller = new AbortController();
      const call = navigator.credentials.create({
        signal: controller.signal,
        publicKey: {
          rp: { name: 'Lab' },
          user: { id: new Uint8Array([1]), name: place === 'user name' ? 'x'.repeat(size) : 'a', displayName: 'a' },
          challenge: place === 'challenge' ? new Uint8Array(size) : new Uint8Array(16),
          pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
          excludeCredentials: place === 'list' ? Array.from({ length: 10_000 }, () => ({ type: 'public-key' as const, id: new Uint8Array(1000) })) : [],
          extensions: (place === 'extension' ? { junk: 'x'.repeat(size) } : {}) as AuthenticationExtensionsClientInputs,
        },
      });
      // The virtual environment of DevTools has no authenticator, so the browser's own request stays open.
      const settled = await Promise.race([
        call.then(() => 'fulfilled', (error: unknown) => (error as Error).name),
        new Promise((resolve) => { setTimeout(resolve, 500, 'open'); }),
      ]);
      controller.abort('enough');
      return [settled, await call.catch((reason: unknown) => reason)];
    }, where);
    // The browser counts the list before it asks anybody.
    expect(outcome[0]).toBe(where === 'list' ? 'RangeError' : 'open');
    expect(stack.browser.context.pages().filter((tab) => tab.url().includes('/ui/prompt/'))).toEqual([]);
    await devTools.detach();
    await expectOthersUnharmed();
  });

  test('calls ten thousand times and aborts each: every promise rejects with its own reason', async () => {
    const reasons = await page.evaluate(async () => {
      const calls: Promise<unknown>[] = [];
      for (let index = 0; index < 10_000; index += 1) {
        const controller = new AbortController();
        const call = navigator.credentials.get({
          publicKey: { challenge: new Uint8Array(16), userVerification: 'discouraged' },
          signal: controller.signal,
        });
        calls.push(call.catch((reason: unknown) => reason));
        if (index % 10 === 0) await Promise.resolve();
        controller.abort(index);
      }
      return Promise.all(calls);
    });
    expect(reasons).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
    await expectOthersUnharmed();
  });

  test('calls three hundred times at once: one is served, the rest are told that one is pending', async () => {
    const names = await page.evaluate(async () => {
      const calls = Array.from({ length: 300 }, () =>
        navigator.credentials
          .create({
            publicKey: {
              rp: { name: 'Lab' },
              user: { id: new Uint8Array([1]), name: 'a', displayName: 'a' },
              challenge: new Uint8Array(16),
              pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
            },
          })
          .then(() => 'made', (error: unknown) => (error as Error).name),
      );
      return Promise.all(calls);
    });
    expect(names.filter((name) => name === 'made')).toHaveLength(1);
    expect(names.filter((name) => name === 'OperationError')).toHaveLength(299);
    await expectOthersUnharmed();
  });

  test('asks in a frame and takes the frame away: the call ends, the next one works', async () => {
    const later = await page.evaluate(async () => {
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const { credentials } = (frame.contentWindow as Window & typeof globalThis).navigator;
      const options = { publicKey: { challenge: new Uint8Array(16) } };
      void credentials.get(options).catch(() => undefined);
      frame.remove();
      const outcome = credentials.get(options).then(() => 'fulfilled', (error: unknown) => (error as Error).name);
      return Promise.race([outcome, new Promise((resolve) => { setTimeout(resolve, 2000, 'still open'); })]);
    });
    expect(later).toMatch(/Error$/);
    await expectOthersUnharmed();
  });
});
