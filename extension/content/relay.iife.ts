import { PROTOCOL_VERSION } from '../../shared/wire/envelope.ts';
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

/**
 * Runs in the extension's isolated world of every frame. Passes the page's calls to the background and the answers
 * back; adds nothing to them but the frame's own facts, which no script of the page can touch here, and decides
 * nothing. Connects only when a page makes its first call, so that a page without WebAuthn costs nothing.
 */

interface FeaturePolicy {
  readonly allowsFeature?: (feature: string) => boolean;
}

/** Chromium calls it featurePolicy; Firefox has no way to ask, and the background then decides without. */
function allowedByPolicy(method: PageMethod): boolean | undefined {
  const policy = (ofDocument('permissionsPolicy') ?? ofDocument('featurePolicy')) as FeaturePolicy | undefined;
  return policy?.allowsFeature?.(`publickey-credentials-${method}`);
}

/** A member of the document. Not read from the document itself: there, a page's form or image of that name comes first. */
function ofDocument(name: string): unknown {
  return Object.getOwnPropertyDescriptor(Document.prototype, name)?.get?.call(document);
}

function startRelay(pagePort: MessagePort): void {
  /** Answering ports of the calls that run, by id. */
  const running = new Map<string, MessagePort>();
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
      () => {
        // The worker ended in the middle of a ceremony: no answer will come.
        background = undefined;
        for (const id of [...running.keys()]) answer(id, { ok: false, error: LOST_ANSWER });
      },
    );
    return background;
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
    const { id, method, params } = envelope.message;
    running.set(id, port);
    port.onmessage = (event: MessageEvent<unknown>) => {
      const sent = decodeFromPage(event.data);
      if (sent?.kind !== 'cancel' || running.get(id) !== port) return;
      running.delete(id);
      port.close();
      background?.postMessage({ v: PROTOCOL_VERSION, id, cancel: true });
    };
    const to = connected();
    if (to === undefined) {
      // The extension was updated or removed under this page.
      answer(id, { ok: true, result: { outcome: 'standAside', reason: 'hostUnavailable' } });
      return;
    }
    const allowed = allowedByPolicy(method as PageMethod);
    // Firefox has none; the background then goes by the frames' addresses alone.
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
          ...(ancestors === undefined ? {} : { ancestorOrigins: Array.from(ancestors) }),
        },
      },
    });
  }

  pagePort.onmessage = (event: MessageEvent<unknown>) => {
    onCall(event.data, event.ports[0]);
  };
}

function listen(): void {
  if (!isSecureContext) return;
  window.addEventListener(
    HANDSHAKE_EVENT,
    (event) => {
      const [port] = (event as MessageEvent).ports;
      if (port === undefined) return;
      event.preventDefault();
      startRelay(port);
    },
    { once: true },
  );
  // For the case that the page script ran first.
  window.dispatchEvent(new Event(RELAY_READY_EVENT));
}

listen();
