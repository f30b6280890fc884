import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { HANDSHAKE_EVENT, RELAY_READY_EVENT } from '../../shared/wire/page.ts';
import { clientDataOf } from '../support/ceremonies.ts';
import { type FirefoxTab, findFirefox } from '../support/firefox.ts';
import { stopEventPage } from '../support/firefox-background.ts';
import { nextFirefoxPrompt, openPrompts } from '../support/firefox-prompt.ts';
import { type FirefoxStack, startFirefoxStack } from '../support/firefox-stack.ts';
import { callCreate, callGet } from '../support/page-call.ts';
import { createInTamperedRealm, TAMPER_GROUPS } from '../support/tampered-realm.ts';

const TOUCH_ONLY = { authenticatorSelection: { userVerification: 'discouraged' as const } };
const CALL = { challenge: 'CQkJCQkJCQkJCQkJCQkJCQ', userVerification: 'discouraged' as const };

const isMissing = findFirefox() === undefined;
const why = isMissing ? ' (skipped: there is none; install firefox-esr or name one by KEYSTILE_FIREFOX)' : '';

/** A page may do to its own realm what it likes: it gets at most its own call wrong. Each test ends with another tab's ceremony. */
describe.skipIf(isMissing)(`a hostile page in Firefox${why}`, () => {
  let stack: FirefoxStack;
  let page: FirefoxTab;

  beforeAll(async () => {
    stack = await startFirefoxStack();
  });
  beforeEach(async () => {
    await stack.plugKey();
    page = await stack.openLab();
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  async function expectOthersUnharmed(): Promise<void> {
    const bystander = await stack.openLab();
    const outcome = await callCreate(bystander.realm, TOUCH_ONLY).outcome;
    expect(outcome).toMatchObject({ ok: true });
    expect(clientDataOf(outcome)).toEqual({
      type: 'webauthn.create', challenge: 'BwcHBwcHBwcHBwcHBwcHBw', origin: stack.tenant.origin, crossOrigin: false,
    });
    await expect.poll(async () => (await openPrompts(stack.firefox)).length).toBe(0);
  }

  test('lies about itself, forges the handshake, posts garbage: nobody listens', async () => {
    const lies = { origin: 'https://evil.example', topOrigin: 'https://evil.example', crossOrigin: true, frame: { visible: true } };
    const seen = await page.realm.evaluate(async ([handshake, ready]) => {
      const offered: string[] = [];
      addEventListener(handshake, () => offered.push('handshake'));
      dispatchEvent(new Event(ready));
      const channel = new MessageChannel();
      const answers: unknown[] = [];
      channel.port1.onmessage = ({ data }) => answers.push(data);
      const before = offered.length;
      const isTaken = !dispatchEvent(new MessageEvent(handshake, { cancelable: true, data: 'x', ports: [channel.port2] }));
      const own = new MessageChannel();
      own.port1.onmessage = ({ data }) => answers.push(data);
      const call = { v: 1, id: 'AAAAAAAAAAAAAAAAAAAAAA', method: 'get', params: { options: { challenge: 'AAAA' } } };
      channel.port1.postMessage(call, [own.port2]);
      for (const garbage of [call, 0, null, { v: 1 }, [], { ...call, id: {} }, new Map()]) {
        window.postMessage(garbage, '*');
        dispatchEvent(new MessageEvent('message', { data: garbage }));
      }
      for (let turn = 0; turn < 2; turn += 1) {
        await new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = resolve;
          port2.postMessage(0);
        });
      }
      return { before, isTaken, answers };
    }, [HANDSHAKE_EVENT, RELAY_READY_EVENT] as const);
    expect(seen).toEqual({ before: 0, isTaken: false, answers: [] });
    expect(await openPrompts(stack.firefox)).toEqual([]);
    const registered = await callCreate(page.realm, { ...TOUCH_ONLY, ...lies, rp: { name: 'Lab', ...lies } }).outcome;
    expect(clientDataOf(registered)).toMatchObject({ origin: stack.tenant.origin, crossOrigin: false });
    await expectOthersUnharmed();
  });

  test('a frame forges the handshake in its parent and in its sibling: nobody takes its port', async () => {
    const taken = await page.realm.evaluate(async ([handshake, ready]) => {
      const frames = [0, 1].map(() => {
        const frame = document.createElement('iframe');
        frame.srcdoc = '<!doctype html>';
        document.body.append(frame);
        return frame;
      });
      await Promise.all(frames.map((frame) => new Promise((resolve) => frame.addEventListener('load', resolve))));
      const [own, sibling] = frames.map(({ contentWindow }) => contentWindow as Window & typeof globalThis);
      if (own === undefined) return [];
      return [window, sibling, own].map((target) => {
        target?.dispatchEvent(new own.Event(ready));
        const { port2 } = new own.MessageChannel();
        return target?.dispatchEvent(new own.MessageEvent(handshake, { cancelable: true, data: 'x', ports: [port2] }));
      });
    }, [HANDSHAKE_EVENT, RELAY_READY_EVENT] as const);
    expect(taken).toEqual([true, true, true]);
    await expectOthersUnharmed();
  });

  test.each(TAMPER_GROUPS)('replaces what its realm is made of: %s', async (group) => {
    const registered = await createInTamperedRealm(page.realm, group);
    expect(registered).toMatchObject({ settled: 'fulfilled', name: '', read: 5, leaks: [] });
    const { credential } = registered;
    expect(JSON.parse(Buffer.from(credential?.response.clientDataJSON ?? '', 'base64url').toString())).toEqual({
      type: 'webauthn.create', challenge: 'CQkJCQkJCQkJCQkJCQkJCQ', origin: stack.tenant.origin, crossOrigin: false,
    });
  });

  test('puts elements in place of the document’s members: its call works all the same', async () => {
    await page.realm.evaluate(() => {
      for (const name of ['featurePolicy', 'visibilityState', 'defaultView', 'location']) {
        document.body.insertAdjacentHTML('beforeend', `<form name="${name}"><input name="allowsFeature"></form><img name="${name}">`);
      }
    });
    expect(await callCreate(page.realm, TOUCH_ONLY).outcome).toMatchObject({ ok: true });
    await expectOthersUnharmed();
  });

  test('has options that throw, are proxies, are garbage: it gets its own exception, or the browser’s', async () => {
    const outcomes = await page.realm.evaluate(async () => {
      const mine = new Error();
      mine.name = 'mine';
      const valid = { challenge: new Uint8Array(16), rpId: 'localhost', userVerification: 'discouraged' };
      const attempt = (options: unknown): Promise<string> =>
        navigator.credentials.get(options as CredentialRequestOptions).then(() => 'fulfilled', (error: unknown) => (error as Error).name);
      const throwing = (name: string): object => Object.defineProperty({ ...valid }, name, { get() { throw mine; } });
      const revoked = Proxy.revocable({}, {});
      revoked.revoke();
      return {
        publicKey: await attempt(Object.defineProperty({}, 'publicKey', { get() { throw mine; } })),
        challenge: await attempt({ publicKey: throwing('challenge') }),
        rpId: await attempt({ publicKey: throwing('rpId') }),
        list: await attempt({ publicKey: { ...valid, allowCredentials: { [Symbol.iterator]() { throw mine; } } } }),
        item: await attempt({ publicKey: { ...valid, allowCredentials: [{ type: 'public-key', get id() { throw mine; } }] } }),
        trap: await attempt({ publicKey: new Proxy(valid, { get() { throw mine; } }) }),
        revoked: await attempt({ publicKey: revoked.proxy }),
        revokedTop: await attempt(revoked.proxy),
        text: await attempt({ publicKey: { ...valid, challenge: 'AAAA' } }),
        symbol: await attempt({ publicKey: { ...valid, rpId: Symbol('x') } }),
        list2: await attempt({ publicKey: { ...valid, allowCredentials: 5 } }),
      };
    });
    expect(outcomes).toEqual({
      publicKey: 'mine', challenge: 'mine', rpId: 'mine', list: 'mine', item: 'mine', trap: 'mine',
      revoked: 'TypeError', revokedTop: 'TypeError', text: 'TypeError', symbol: 'TypeError', list2: 'TypeError',
    });
    expect(await openPrompts(stack.firefox)).toEqual([]);
    await expectOthersUnharmed();
  });

  test('passes proxies and odd types that do convert, and changes its bytes at once: what was read first counts', async () => {
    const clientData = await page.realm.evaluate(async () => {
      const challenge = new Uint8Array(32).fill(9);
      const publicKey = new Proxy({
        rp: new Proxy({ name: { toString: () => 'Lab' } }, {}),
        user: { id: new DataView(new ArrayBuffer(8), 2, 4), name: null, displayName: 5 },
        challenge: challenge.subarray(8, 24),
        pubKeyCredParams: new Set([{ type: 'public-key', alg: '-7' }]),
        timeout: '300000',
        authenticatorSelection: { userVerification: new String('discouraged'), requireResidentKey: 0 },
      }, {});
      const call = navigator.credentials.create({ publicKey: publicKey as unknown as PublicKeyCredentialCreationOptions });
      challenge.fill(0xff);
      const { response } = (await call) as PublicKeyCredential;
      return JSON.parse(new TextDecoder().decode(response.clientDataJSON)) as unknown;
    });
    expect(clientData).toMatchObject({ challenge: 'CQkJCQkJCQkJCQkJCQkJCQ', origin: stack.tenant.origin });
    await expectOthersUnharmed();
  });

  test('calls ten thousand times and aborts each: every promise rejects with its own reason', async () => {
    const wrong = await page.realm.evaluate(async () => {
      const calls: Promise<unknown>[] = [];
      for (let index = 0; index < 10_000; index += 1) {
        const controller = new AbortController();
        const call = navigator.credentials.get({ publicKey: { challenge: new Uint8Array(16), userVerification: 'discouraged' }, signal: controller.signal });
        calls.push(call.then(() => 'fulfilled', (reason: unknown) => reason));
        if (index % 100 === 0) await Promise.resolve();
        controller.abort(index);
      }
      return (await Promise.all(calls)).filter((reason, index) => reason !== index).length;
    });
    expect(wrong).toBe(0);
    await expectOthersUnharmed();
  });

  test('calls three hundred times at once: one is served, the rest are told that one is pending', async () => {
    const names = await page.realm.evaluate(() => Promise.all(Array.from({ length: 300 }, () =>
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
    )));
    expect(names.filter((name) => name === 'made')).toHaveLength(1);
    expect(names.filter((name) => name === 'OperationError')).toHaveLength(299);
    await expectOthersUnharmed();
  });

  test('asks in a frame and takes the frame away: the request is withdrawn, and the next one works', async () => {
    await stack.keys.detach();
    await page.realm.evaluate(async () => {
      const frame = document.createElement('iframe');
      frame.srcdoc = '<!doctype html>';
      document.body.append(frame);
      await new Promise((resolve) => frame.addEventListener('load', resolve));
      const { credentials } = (frame.contentWindow as Window & typeof globalThis).navigator;
      void credentials.get({ publicKey: { challenge: new Uint8Array(16) } }).catch(() => undefined);
      Object.assign(globalThis, { takeAway: () => frame.remove(), ofFrame: credentials });
    });
    const prompt = await nextFirefoxPrompt(stack.firefox);
    await prompt.waitForState('waitingForDevice');
    await page.realm.evaluate(() => {
      const { takeAway, ofFrame } = globalThis as unknown as { takeAway: () => void; ofFrame: CredentialsContainer };
      takeAway();
      // Firefox's own function never settles in such a frame; nobody is asked anything.
      void ofFrame.get({ publicKey: { challenge: new Uint8Array(16) } });
    });
    await prompt.waitForState('failed');
    expect(await openPrompts(stack.firefox)).toHaveLength(1);
    await stack.plugKey();
    await expectOthersUnharmed();
  });

  test('the background ends at every stage: the page gets NotAllowedError, and the next call is served', async () => {
    await stack.keys.detach();
    const stages = {
      'no key': async () => (await nextFirefoxPrompt(stack.firefox)).waitForState('waitingForDevice'),
      PIN: async () => {
        await stack.plugKey({ pin: '1234' });
        await (await nextFirefoxPrompt(stack.firefox)).waitForState('needsPin');
      },
      'at once': () => Promise.resolve(),
    };
    for (const [stage, reached] of Object.entries(stages)) {
      const call = callGet(page.realm, stage === 'PIN' ? { ...CALL, userVerification: 'required' } : CALL);
      await reached();
      await stopEventPage(stack.firefox);
      expect(await call.outcome, stage).toMatchObject({ ok: false, name: 'NotAllowedError' });
      for (const prompt of await openPrompts(stack.firefox)) await prompt.close();
      await stack.keys.detach();
    }
    await stack.plugKey();
    await expectOthersUnharmed();
  });
});
