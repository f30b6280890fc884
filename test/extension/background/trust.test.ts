import { describe, expect, it } from 'vitest';

import { failure } from '../../../shared/bytes/result.ts';
import { EXTENSION_ID, EXTENSION_ORIGIN } from './support/fake-platform.ts';
import { base64url, creationOptions, type Relay, requestOptions, World } from './support/world.ts';

const ORIGIN = 'https://login.example';
const pageError = (name: string): object => ({ ok: false, error: { kind: 'error', error: { name } } });

function clientDataOf(outcome: object): unknown {
  const { value } = outcome as { value: { credential: { response: { clientDataJSON: string } } } };
  return JSON.parse(Buffer.from(value.credential.response.clientDataJSON, 'base64url').toString());
}

describe('who calls', () => {
  it('is what the browser says, whatever the message says', async () => {
    const world = new World().withHost().start();
    const { connection } = world.relay('https://evil.example');
    const answered = new Promise<unknown>((resolve) => {
      connection.onMessage = resolve;
    });
    connection.send({
      v: 1,
      id: 'forged',
      method: 'create',
      origin: ORIGIN,
      sender: { origin: ORIGIN, tab: { id: 1 } },
      params: {
        options: { ...creationOptions({ rp: { id: 'evil.example', name: 'Evil' } }), origin: ORIGIN, topOrigin: ORIGIN, crossOrigin: false },
        origin: ORIGIN,
        topOrigin: ORIGIN,
        frame: { visible: true, allowedByPolicy: true, origin: ORIGIN, topOrigin: ORIGIN, frameId: 0, sameOriginWithAncestors: true },
      },
    });
    const { result } = (await answered) as { result: object };
    expect(clientDataOf({ value: result })).toEqual({
      type: 'webauthn.create',
      challenge: base64url('challenge-create'),
      origin: 'https://evil.example',
      crossOrigin: false,
    });
    const view = await (await world.prompts.until()).state('waitingForDevice');
    expect(view).toMatchObject({ origin: 'https://evil.example', rpId: 'evil.example' });
  });

  it.each([
    ['an RP ID of another site', 'https://evil.example', 'login.example'],
    ['a sibling domain', 'https://a.login.example', 'b.login.example'],
    ['a public suffix', 'https://login.example', 'example'],
    ['a private public suffix', 'https://me.github.io', 'github.io'],
    ['an address', 'https://127.0.0.1', '127.0.0.1'],
    ['another scheme', 'http://login.example', 'login.example'],
  ])('%s: SecurityError without a prompt', async (_, origin, rpId) => {
    const world = new World().withHost().start();
    expect(await world.relay(origin).get(requestOptions({ rpId }))).toMatchObject(pageError('SecurityError'));
    expect(await world.relay(origin).create(creationOptions({ rp: { id: rpId, name: '' } }))).toMatchObject(pageError('SecurityError'));
    expect(world.platform.log).toEqual([]);
  });

  it('an opaque origin: NotAllowedError', async () => {
    const world = new World().withHost().start();
    expect(await world.relay('null').get(requestOptions())).toMatchObject(pageError('NotAllowedError'));
    expect(world.platform.log).toEqual([]);
  });

  it('localhost without https may', async () => {
    const world = new World().withHost().start();
    const outcome = await world.relay('http://localhost:8080').create(creationOptions({ rp: { name: 'Local' } }));
    expect(clientDataOf(outcome)).toMatchObject({ origin: 'http://localhost:8080' });
  });

  it.each([
    ['without an origin', { origin: undefined }],
    ['without a tab', { tab: undefined }],
    ['of another extension', { id: 'ponmlkjihgfedcbaponmlkjihgfedcba' }],
    ['in a prerendered document', { documentLifecycle: 'prerender' }],
    ['in a cached document', { documentLifecycle: 'cached' }],
    ['without a frame', { frameId: undefined }],
  ])('a relay %s is disconnected', (_, sender) => {
    const world = new World().withHost().start();
    expect(world.relay(ORIGIN, sender).connection.isClosed).toBe(true);
  });
});

describe('frames', () => {
  const TAB = { tab: { id: 7, windowId: 3 } };

  function frames(world: World, top: string, middle: string, inner: string): Relay {
    world.platform.frameTrees.set(7, [
      { frameId: 0, parentFrameId: -1, url: top },
      { frameId: 4, parentFrameId: 0, url: middle },
      { frameId: 5, parentFrameId: 4, url: `${inner}/frame` },
    ]);
    return world.relay(inner, { frameId: 5, ...TAB });
  }

  it.each([
    ['https://login.example/', 'https://login.example/a', false],
    ['https://login.example/', 'about:srcdoc', false],
    ['https://login.example/', 'about:blank', false],
    ['https://other.example/', 'https://login.example/a', true],
    ['https://login.example/', 'https://other.example/', true],
    ['https://login.example:8443/', 'about:blank', true],
    ['https://login.example/', 'data:text/html,x', true],
  ])('under %s and %s', async (top, middle, crossOrigin) => {
    const world = new World().withHost().start();
    await world.relay(ORIGIN).create(creationOptions());
    const outcome = await frames(world, top, middle, ORIGIN).get(requestOptions());
    expect(clientDataOf(outcome)).toEqual({
      type: 'webauthn.get',
      challenge: base64url('challenge-get'),
      origin: ORIGIN,
      crossOrigin,
      ...(crossOrigin ? { topOrigin: new URL(top).origin } : {}),
    });
    expect(world.prompts.items.at(-1)?.views.items.at(0)?.topOrigin).toBe(crossOrigin ? new URL(top).origin : undefined);
  });

  it('an ancestor without an origin makes a frame foreign, and a frame cannot make itself less so', async () => {
    const world = new World().withHost().start();
    await world.relay(ORIGIN).create(creationOptions());
    const sandboxed = frames(world, `${ORIGIN}/`, 'about:srcdoc', ORIGIN);
    const inSandbox = await sandboxed.get(requestOptions(), { ancestorOrigins: ['null', ORIGIN] });
    expect(clientDataOf(inSandbox)).toMatchObject({ crossOrigin: true, topOrigin: ORIGIN });
    const framed = frames(world, 'https://other.example/', `${ORIGIN}/a`, ORIGIN);
    const lying = await framed.get(requestOptions(), { ancestorOrigins: [ORIGIN, ORIGIN] });
    expect(clientDataOf(lying)).toMatchObject({ crossOrigin: true, topOrigin: 'https://other.example' });
  });

  it('a foreign frame without permission: NotAllowedError', async () => {
    const world = new World().withHost().start();
    const relay = frames(world, 'https://other.example/', 'https://other.example/b', ORIGIN);
    expect(await relay.get(requestOptions(), { allowedByPolicy: false })).toMatchObject(pageError('NotAllowedError'));
    expect(await relay.create(creationOptions(), { allowedByPolicy: false })).toMatchObject(pageError('NotAllowedError'));
    expect(world.platform.log).toEqual([]);
  });

  it('what only the browser knows of a foreign frame is left to it', async () => {
    const world = new World().withHost().start();
    const relay = frames(world, 'https://other.example/', 'https://other.example/b', ORIGIN);
    const native = { ok: true, value: { outcome: 'standAside', reason: 'notApplicable' } };
    expect(await relay.get(requestOptions(), { allowedByPolicy: undefined })).toEqual(native);
    expect(await relay.create(creationOptions(), { allowedByPolicy: undefined, activated: true })).toEqual(native);
  });

  it('a registration in a foreign frame needs an activation of that frame', async () => {
    const world = new World().withHost().start();
    const relay = frames(world, 'https://other.example/', 'https://other.example/b', ORIGIN);
    for (const activated of [undefined, false]) {
      expect(await relay.create(creationOptions(), { activated })).toMatchObject(pageError('NotAllowedError'));
    }
    expect(world.platform.log).toEqual([]);
    expect(await relay.create(creationOptions(), { activated: true })).toMatchObject({ ok: true, value: { outcome: 'credential' } });
  });

  const LEFT_TO_THE_BROWSER = { ok: true, value: { outcome: 'standAside', reason: 'notApplicable' } };

  it('a frame of which nothing is known is left to the browser', async () => {
    const world = new World().withHost().start();
    expect(await world.relay(ORIGIN, { frameId: 5, ...TAB }).get(requestOptions())).toEqual(LEFT_TO_THE_BROWSER);
    expect(world.platform.log).toEqual([]);
  });

  it('a frame that the browser does not list is at home where all others of the tab are of its origin', async () => {
    const world = new World().withHost().start();
    await world.relay(ORIGIN).create(creationOptions());
    const listed = [
      { frameId: 0, parentFrameId: -1, url: `${ORIGIN}/` },
      { frameId: 3, parentFrameId: 0, url: 'about:blank' },
    ];
    world.platform.frameTrees.set(7, listed);
    const relay = world.relay(ORIGIN, { frameId: 5, ...TAB });
    expect(clientDataOf(await relay.get(requestOptions()))).toMatchObject({ origin: ORIGIN, crossOrigin: false });
    world.platform.frameTrees.set(7, [...listed, { frameId: 4, parentFrameId: 0, url: 'https://other.example/' }]);
    const among = world.relay(ORIGIN, { frameId: 6, ...TAB });
    expect(await among.get(requestOptions())).toEqual(LEFT_TO_THE_BROWSER);
  });

  it('a tree that goes round in circles ends', async () => {
    const world = new World().withHost().start();
    world.platform.frameTrees.set(7, [
      { frameId: 4, parentFrameId: 5, url: ORIGIN },
      { frameId: 5, parentFrameId: 4, url: ORIGIN },
    ]);
    expect(await world.relay(ORIGIN, { frameId: 5, ...TAB }).get(requestOptions())).toEqual(LEFT_TO_THE_BROWSER);
  });
});

describe('messages', () => {
  it.each([
    ['no envelope', 'hello'],
    ['an unknown method', { v: 1, id: 'a', method: 'prompt.submitPin', params: { pin: '1234' } }],
    ['parameters that do not decode', { v: 1, id: 'a', method: 'get', params: { options: {}, frame: 'x' } }],
    ['another version', { v: 2, id: 'a', method: 'get', params: {} }],
    ['a response', { v: 1, id: 'a', ok: true, result: {} }],
    ['far too much', { v: 1, id: 'a', method: 'get', params: { options: 'x'.repeat(300_000), frame: { visible: true } } }],
  ])('%s from a relay ends its connection and nothing else', async (_, message) => {
    const world = new World().withHost().start();
    const honest = world.relay(ORIGIN);
    const answer = honest.create(creationOptions());
    const { connection } = world.relay('https://evil.example');
    const closed = new Promise<void>((resolve) => {
      connection.onClosed = resolve;
    });
    connection.send(message);
    await closed;
    expect(connection.sent).toEqual([]);
    expect(await answer).toMatchObject({ ok: true });
  });

  it('a cancel of another page does not reach a request of the same id', async () => {
    const world = new World().withHost().start();
    world.promptsBecomeVisible = false;
    const { connection } = world.relay(ORIGIN);
    const answered = new Promise<unknown>((resolve) => {
      connection.onMessage = resolve;
    });
    const frame = { visible: true, allowedByPolicy: true };
    connection.send({ v: 1, id: 'same', method: 'create', params: { options: creationOptions(), frame } });
    const prompt = await world.prompts.until();
    const ceremony = await world.ceremonies.until();
    const evil = world.relay('https://evil.example').connection;
    evil.send({ v: 1, id: 'same', cancel: true });
    evil.send({ v: 1, id: ceremony.context.id, cancel: true });
    await prompt.state('waitingForDevice');
    prompt.visible();
    expect(await answered).toMatchObject({ id: 'same', ok: true });
  });

  it('values that are no options: TypeError, and the connection stays', async () => {
    const world = new World().withHost().start();
    const relay = world.relay(ORIGIN);
    for (const options of [null, 7, 'x', [], {}, { challenge: 7 }, creationOptions({ user: {} })]) {
      expect(await relay.create(options)).toMatchObject(pageError('TypeError'));
    }
    expect(await relay.create(creationOptions())).toMatchObject({ ok: true });
  });
});

describe('the prompt and the popup', () => {
  it.each([
    ['a web page', { id: EXTENSION_ID, url: 'https://login.example/ui/prompt/index.html', frameId: 0, tab: { id: 7 } }],
    ['the popup', { id: EXTENSION_ID, url: `${EXTENSION_ORIGIN}/ui/popup/index.html` }],
    ['another extension', { id: 'x', url: `${EXTENSION_ORIGIN}/ui/prompt/index.html` }],
    ['another extension\'s page', { id: EXTENSION_ID, url: 'chrome-extension://x/ui/prompt/index.html' }],
    ['a frame', { id: EXTENSION_ID, url: `${EXTENSION_ORIGIN}/ui/prompt/index.html`, frameId: 3, tab: { id: 7 } }],
    ['a path that only begins so', { id: EXTENSION_ID, url: `${EXTENSION_ORIGIN}/ui/prompt/index.html/x` }],
    ['nobody', undefined],
  ])('%s cannot connect as the prompt', (_, sender) => {
    const world = new World().withHost().start();
    expect(world.platform.connect('keystile-prompt', sender).isClosed).toBe(true);
  });

  it('a web page cannot connect as the popup, nor anything under another name', () => {
    const world = new World().withHost().start();
    const page = { id: EXTENSION_ID, origin: ORIGIN, url: ORIGIN, frameId: 0, tab: { id: 7 } };
    expect(world.platform.connect('keystile-popup', page).isClosed).toBe(true);
    expect(world.platform.connect('something', page).isClosed).toBe(true);
  });

  it('a prompt is attached once, by its own id', async () => {
    const world = new World().withHost().start();
    world.promptsBecomeVisible = false;
    void world.relay(ORIGIN).get(requestOptions());
    const prompt = await world.prompts.until();
    await prompt.state('waitingForDevice');
    const other = world.platform.connect('keystile-prompt', { id: EXTENSION_ID, url: `${EXTENSION_ORIGIN}/ui/prompt/index.html` });
    const answers: object[] = [];
    const answered = new Promise<void>((resolve) => {
      other.onMessage = (message) => {
        answers.push(message as object);
        if (answers.length === 3) resolve();
      };
    });
    other.send({ v: 1, id: 'a', method: 'prompt.attach', params: { promptId: prompt.window.path.split('#')[1] } });
    other.send({ v: 1, id: 'b', method: 'prompt.attach', params: { promptId: 'unknown' } });
    other.send({ v: 1, id: 'c', method: 'prompt.submitPin', params: { pin: '1234' } });
    await answered;
    expect(answers.every((message) => (message as { ok: boolean }).ok)).toBe(false);
    expect(world.inputs).toEqual([]);
  });
});

describe('the PIN', () => {
  const PIN = 'Geheimnis-4711';

  it('goes from the prompt to the host and is kept nowhere', async () => {
    const world = new World().withHost().start();
    const device = { transport: 'usb' as const, productName: 'Key' };
    world.behaviour.register = async ({ params, context }) => {
      context.emit({ event: 'ceremony.state', data: { state: 'needsPin', reason: 'needed', pinRetries: 8, device } });
      await world.presence(params.promptVisible, context);
      return failure({ reason: 'pinBlocked', message: `The host must not say ${PIN}.` });
    };
    world.promptsBecomeVisible = false;
    const relay = world.relay(ORIGIN);
    const answer = relay.create(creationOptions());
    const prompt = await world.prompts.until();
    expect((await prompt.state('needsPin')).ceremony).toEqual({ state: 'needsPin', reason: 'needed', pinRetries: 8, device });
    expect(await prompt.requester.request('prompt.submitPin', { pin: PIN })).toEqual({ ok: true, value: {} });
    await prompt.requester.request('prompt.submitNewPin', { pin: PIN });
    await prompt.requester.request('prompt.selectCredential', { index: 1 });
    await prompt.requester.request('prompt.useCard', { readerName: 'Reader' });
    const ceremonyId = world.ceremonies.items[0]?.context.id;
    expect(world.inputs).toEqual([
      { method: 'submitPin', params: { ceremonyId, pin: PIN } },
      { method: 'submitNewPin', params: { ceremonyId, pin: PIN } },
      { method: 'selectCredential', params: { ceremonyId, index: 1 } },
      { method: 'useCard', params: { ceremonyId, readerName: 'Reader' } },
    ]);
    prompt.visible();
    expect(await answer).toMatchObject(pageError('NotAllowedError'));
    const popup = world.popup();
    await popup.views.until(({ ceremonies }) => ceremonies.length === 1);

    const kept = [world.platform.everythingKept(), JSON.stringify(popup.views.items), JSON.stringify(prompt.views.items), world.faults.join()].join('\n');
    const utf16 = Buffer.from(PIN, 'utf16le');
    const utf8 = Buffer.from(PIN);
    const forms = [PIN, ...[utf8, utf16].flatMap((bytes) => [bytes.toString('base64').replace(/=*$/, ''), bytes.toString('base64url'), bytes.toString('hex')]), utf16.toString('latin1')];
    for (const form of forms) expect(kept).not.toContain(form);
  });

  it('that does not decode ends the prompt without being quoted', async () => {
    const world = new World().withHost().start();
    world.promptsBecomeVisible = false;
    const answer = world.relay(ORIGIN).get(requestOptions());
    const prompt = await world.prompts.until();
    await prompt.state('waitingForDevice');
    void prompt.requester.request('prompt.submitPin', { pin: PIN.repeat(100) });
    expect(await answer).toMatchObject(pageError('NotAllowedError'));
    expect([world.platform.everythingKept(), ...world.faults].join()).not.toContain(PIN);
  });
});
