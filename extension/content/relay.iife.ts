import { PROTOCOL_VERSION, type RequestMessage } from '../../shared/wire/envelope.ts';
import {
  decodeFromPage,
  HANDSHAKE_EVENT,
  LOST_ANSWER,
  type PageError,
  type PageMethod,
  type PageResult,
  RELAY_PORT_NAME,
  RELAY_READY_EVENT,
} from '../../shared/wire/page.ts';
import { connectToBackground, type ContentPort } from '../platform/content-runtime.ts';
import { isCertificateRefused } from './certificate.ts';
import { allowedByPolicy, ofDocument } from './permissions-policy.ts';
import { createUserActivation } from './user-activation.ts';

/**
 * Runs in the extension's isolated world of every frame. Passes the page's calls to the background and the answers
 * back; adds nothing to them but the frame's own facts, which no script of the page can touch here, and decides
 * nothing. Connects only when a page makes its first call, so that a page without WebAuthn costs nothing.
 */

function startRelay(pagePort: MessagePort): void {
  /** Answering ports of the calls that run, by id. */
  const running = new Map<string, MessagePort>();
  const activation = createUserActivation();
  let background: ContentPort | undefined;

  function answer(id: string, outcome: { ok: true; result: PageResult } | { ok: false; error: PageError }): void {
    const port = running.get(id);
    running.delete(id);
    port?.postMessage({ v: PROTOCOL_VERSION, id, ...outcome });
    port?.close();
  }

  function connected(): ContentPort | undefined {
    background ??= connectToBackground(
      RELAY_PORT_NAME,
      (message) => {
        const { id } = message as { id?: unknown };
        if (typeof id !== 'string') return;
        const port = running.get(id);
        running.delete(id);
        port?.postMessage(message);
        port?.close();
      },
      lost,
    );
    return background;
  }

  function disconnect(): void {
    background?.disconnect();
    background = undefined;
  }

  /** The background is gone (or the worker ended in the middle of a ceremony): no answer will come. */
  function lost(): void {
    background = undefined;
    for (const id of [...running.keys()]) answer(id, { ok: false, error: LOST_ANSWER });
  }

  function onCall(message: unknown, port: MessagePort | undefined): void {
    if (port === undefined) return;
    const envelope = decodeFromPage(message);
    if (envelope?.kind !== 'request' || running.has(envelope.message.id)) {
      // Too large or misshapen for us, perhaps not for the browser.
      const { id } = (message ?? {}) as { id?: unknown };
      const result: PageResult = { outcome: 'standAside', reason: 'notApplicable' };
      port.postMessage({ v: PROTOCOL_VERSION, id, ok: true, result });
      return;
    }
    const { id } = envelope.message;
    running.set(id, port);
    port.onmessage = (event: MessageEvent<unknown>) => {
      const sent = decodeFromPage(event.data);
      if (sent?.kind !== 'cancel' || running.get(id) !== port) return;
      running.delete(id);
      port.close();
      background?.postMessage({ v: PROTOCOL_VERSION, id, cancel: true });
    };
    const go = (): void => void lookAndPass(envelope.message, port);
    // As the browser has it: a document that nobody has entered yet waits with its calls.
    if (ofDocument('prerendering') === true) document.addEventListener('prerenderingchange', go, { once: true });
    else go();
  }

  /** Passes a call on with the facts of its frame, unless it was taken back meanwhile. */
  async function lookAndPass(call: RequestMessage, port: MessagePort): Promise<void> {
    if (running.get(call.id) !== port) return;
    // First, so that the background wakes while the frame is looked at.
    connected();
    const [allowed, certificateRefused] = await Promise.all([allowedByPolicy(call.method as PageMethod), isCertificateRefused()]);
    if (running.get(call.id) === port) pass(call, allowed, certificateRefused);
  }

  function pass({ id, method, params }: RequestMessage, allowed: boolean | undefined, certificateRefused: boolean): void {
    const to = connected();
    if (to === undefined) {
      // The extension was updated or removed under this page.
      answer(id, { ok: true, result: { outcome: 'standAside', reason: 'hostUnavailable' } });
      return;
    }
    // Firefox has it from 148 on; before, the background goes by the frames' addresses alone.
    const { ancestorOrigins: ancestors } = location as { ancestorOrigins?: DOMStringList };
    to.postMessage({
      v: PROTOCOL_VERSION,
      id,
      method,
      params: {
        options: (params as { options?: unknown } | undefined)?.options,
        frame: {
          visible: ofDocument('visibilityState') === 'visible',
          ...(allowed === undefined ? {} : { allowedByPolicy: allowed }),
          ...(certificateRefused ? { certificateRefused } : {}),
          ...(ancestors === undefined ? {} : { ancestorOrigins: Array.from(ancestors) }),
          // The top document is never foreign, and keeps its activation.
          ...(method === 'create' && window !== window.top ? { activated: activation.take() } : {}),
        },
      },
    });
  }

  pagePort.onmessage = (event: MessageEvent<unknown>) => {
    onCall(event.data, event.ports[0]);
  };
  // A document that may come back by "Back" keeps its connection in Firefox, and would leave its prompt standing. What
  // is answered while it is away does not arrive.
  window.addEventListener('pagehide', ({ isTrusted }) => {
    if (isTrusted) disconnect();
  });
  window.addEventListener('pageshow', ({ isTrusted, persisted }) => {
    if (!isTrusted || !persisted) return;
    disconnect();
    lost();
  });
}

function listen(): void {
  if (!isSecureContext) return;
  window.addEventListener(
    HANDSHAKE_EVENT,
    (event) => {
      const { data: aliveEvent, ports } = event as MessageEvent<unknown>;
      const [port] = ports;
      if (port === undefined || typeof aliveEvent !== 'string') return;
      event.preventDefault();
      startRelay(port);
      // Not on the window: `document.open()` takes away all that listens there, and the page writes itself anew.
      performance.addEventListener(aliveEvent, (asked) => asked.preventDefault());
    },
    { once: true },
  );
  // For the case that the page script ran first.
  window.dispatchEvent(new Event(RELAY_READY_EVENT));
}

listen();
