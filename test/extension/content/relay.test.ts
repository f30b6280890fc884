import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { HANDSHAKE_EVENT, LOST_ANSWER, RELAY_PORT_NAME } from '../../../shared/wire/page.ts';

const ID = 'AAAAAAAAAAAAAAAAAAAAAA';
const REQUEST = { v: 1, id: ID, method: 'get', params: { options: { challenge: 'AAAA' } } };
const NATIVE = { ok: true, result: { outcome: 'standAside', reason: 'notApplicable' } };

const documentState = { visibility: 'visible' };
const FRAME = { visible: true, allowedByPolicy: true };

/** A connection to the background, as the browser would give it. */
class FakeConnection {
  readonly sent: unknown[] = [];
  readonly listeners: { message: (message: unknown) => void; disconnect: () => void } = { message: () => undefined, disconnect: () => undefined };
  readonly onMessage = { addListener: (listener: (message: unknown) => void) => (this.listeners.message = listener) };
  readonly onDisconnect = { addListener: (listener: () => void) => (this.listeners.disconnect = listener) };

  postMessage(message: unknown): void {
    this.sent.push(message);
  }

  disconnect(): void {
    this.sent.push('disconnected');
  }
}

/**
 * The relay against a page that got hold of its port and forges what it likes. In a browser no page gets that far; here
 * it does.
 */
describe('relay', () => {
  let connections: FakeConnection[];
  let isExtensionGone: boolean;
  let frame: EventTarget;
  let ports: MessagePort[];

  beforeEach(async () => {
    connections = [];
    ports = [];
    isExtensionGone = false;
    frame = new EventTarget();
    vi.stubGlobal('window', frame);
    vi.stubGlobal('isSecureContext', true);
    vi.stubGlobal('Document', class {
      get visibilityState(): string {
        return documentState.visibility;
      }
      get featurePolicy(): object {
        return { allowsFeature: () => true };
      }
    });
    vi.stubGlobal('document', {});
    vi.stubGlobal('location', {});
    vi.stubGlobal('chrome', {
      runtime: {
        connect: ({ name }: { name: string }) => {
          if (isExtensionGone) throw new Error('Extension context invalidated.');
          expect(name).toBe(RELAY_PORT_NAME);
          const connection = new FakeConnection();
          connections.push(connection);
          return connection;
        },
      },
    });
    vi.resetModules();
    await import('../../../extension/content/relay.iife.ts');
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    for (const port of ports) port.close();
  });

  test('takes one port, and no second', () => {
    expect(offerPort().isTaken).toBe(true);
    expect(offerPort().isTaken).toBe(false);
  });

  test('connects with the first call only, and carries answers to the port that asked', async () => {
    const { port } = offerPort();
    expect(connections).toEqual([]);
    const call = send(port, REQUEST);
    const connection = await connected();
    expect(connection.sent).toEqual([{ ...REQUEST, params: { ...REQUEST.params, frame: FRAME } }]);
    connection.listeners.message({ v: 1, id: 'somebody-elses', ok: true, result: {} });
    connection.listeners.message({ v: 1, id: ID, ok: true, result: { outcome: 'credential', credential: {} } });
    // A second answer to the same call finds nobody.
    connection.listeners.message({ v: 1, id: ID, ok: false, error: {} });
    expect(await call).toEqual({ v: 1, id: ID, ok: true, result: { outcome: 'credential', credential: {} } });
  });

  test('drops every member that is not the options', async () => {
    const { port } = offerPort();
    void send(port, { ...REQUEST, origin: 'https://evil.example', sender: {}, params: { ...REQUEST.params, frame: { visible: false, allowedByPolicy: false }, origin: 'x' } });
    expect((await connected()).sent).toEqual([{ ...REQUEST, params: { ...REQUEST.params, frame: FRAME } }]);
  });

  test.each([
    ['another version', { ...REQUEST, v: 2 }],
    ['another method', { ...REQUEST, method: 'prompt.submitPin' }],
    ['no method', { v: 1, id: ID }],
    ['a response', { v: 1, id: ID, ok: true, result: {} }],
    ['a cancel', { v: 1, id: ID, cancel: true }],
    ['an id that is none', { ...REQUEST, id: '../' }],
    ['an object for an id', { ...REQUEST, id: { toString: 'x' } }],
    ['too much', { ...REQUEST, params: { options: 'x'.repeat(300_000) } }],
    ['too deep', { ...REQUEST, params: { options: nested(20) } }],
    ['nothing', undefined],
    ['a text', 'get'],
    ['a list', [REQUEST]],
  ])('a call that is %s is left to the browser, and the background hears nothing', async (_what, message) => {
    const { port } = offerPort();
    expect(await send(port, message)).toMatchObject(NATIVE);
    expect(connections).toEqual([]);
  });

  test('a message without a port is nobody’s call', async () => {
    const { port } = offerPort();
    port.postMessage(REQUEST);
    expect(await send(port, { ...REQUEST, v: 2 })).toMatchObject(NATIVE);
    expect(connections).toEqual([]);
  });

  test('a second call with the id of a running one is left to the browser; the first goes on', async () => {
    const { port } = offerPort();
    const first = send(port, REQUEST);
    const connection = await connected();
    expect(await send(port, REQUEST)).toMatchObject(NATIVE);
    expect(connection.sent).toHaveLength(1);
    connection.listeners.message({ v: 1, id: ID, ok: true, result: { outcome: 'standAside', reason: 'paused' } });
    expect(await first).toMatchObject({ ok: true, result: { reason: 'paused' } });
  });

  test('only the port of a call cancels it, and with a cancel only', async () => {
    const { port } = offerPort();
    const mine = new MessageChannel();
    const other = new MessageChannel();
    ports.push(mine.port1, other.port1);
    port.postMessage(REQUEST, [mine.port2]);
    const connection = await connected();
    port.postMessage({ ...REQUEST, id: 'BBBB' }, [other.port2]);
    await expect.poll(() => connection.sent.length).toBe(2);
    mine.port1.postMessage(REQUEST);
    mine.port1.postMessage('cancel');
    // Whatever id the cancel names: it is about the port's own call.
    other.port1.postMessage({ v: 1, id: ID, cancel: true });
    await expect.poll(() => connection.sent.length).toBe(3);
    expect(connection.sent[2]).toEqual({ v: 1, id: 'BBBB', cancel: true });
    connection.listeners.message({ v: 1, id: ID, ok: true, result: { outcome: 'standAside', reason: 'paused' } });
    const answer = await new Promise((resolve) => (mine.port1.onmessage = ({ data }) => resolve(data)));
    expect(answer).toMatchObject({ id: ID, ok: true });
  });

  test('the background ends: every running call is told, and the next one connects anew', async () => {
    const { port } = offerPort();
    const first = send(port, { ...REQUEST, id: 'AAAA' });
    const connection = await connected();
    const calls = [first, ...['BBBB', 'CCCC'].map((id) => send(port, { ...REQUEST, id }))];
    await expect.poll(() => connection.sent.length).toBe(3);
    connection.listeners.disconnect();
    for (const answer of await Promise.all(calls)) expect(answer).toMatchObject({ ok: false, error: LOST_ANSWER });
    void send(port, { ...REQUEST, id: 'DDDD' });
    await expect.poll(() => connections.length).toBe(2);
  });

  test('the extension is gone: the browser’s own function is called', async () => {
    isExtensionGone = true;
    expect(await send(offerPort().port, REQUEST)).toMatchObject({ ok: true, result: { outcome: 'standAside', reason: 'hostUnavailable' } });
  });

  function offerPort(): { port: MessagePort; isTaken: boolean } {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1);
    const event = Object.assign(new Event(HANDSHAKE_EVENT, { cancelable: true }), { data: 'alive', ports: [port2] });
    return { port: port1, isTaken: !frame.dispatchEvent(event) };
  }

  /** Makes a call on a port of its own. Resolves with the answer. */
  function send(port: MessagePort, message: unknown): Promise<unknown> {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1);
    port.postMessage(message, [port2]);
    return new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
    });
  }

  async function connected(): Promise<FakeConnection> {
    await expect.poll(() => connections[0]?.sent.length).toBe(1);
    const [connection] = connections;
    if (connection === undefined) throw new Error('Nothing has connected.');
    return connection;
  }
});

function nested(depth: number): unknown {
  return depth === 0 ? 0 : { in: nested(depth - 1) };
}
