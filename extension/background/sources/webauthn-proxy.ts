import * as v from 'valibot';

import { success } from '../../../shared/bytes/result.ts';
import { toPageError, WebauthnErrorName } from '../../../shared/webauthn/errors.ts';
import { CeremonyKind } from '../../../shared/wire/ceremony-state.ts';
import type { PageError } from '../../../shared/wire/page.ts';
import type { TabInfo, WebauthnProxyPort, WindowsPort } from '../../platform/ports.ts';
import type { Client, ClientAnswer } from '../client/client.ts';
import type { Caller } from '../sender.ts';

/** What the proxy source works with. */
export interface ProxySourceServices {
  readonly client: Client;
  readonly proxy: WebauthnProxyPort;
  readonly windows: WindowsPort;
  /** The tab that the user looks at. */
  readonly activeTab: () => Promise<TabInfo | undefined>;
  /** A tab was closed, or shows another document. */
  readonly onTabLeft: (listener: (tabId: number) => void) => void;
  readonly reportFault: (fault: unknown, where: string) => void;
}

const request = v.object({ requestId: v.pipe(v.number(), v.integer()), requestDetailsJson: v.pipe(v.string(), v.maxLength(262_144)) });

/** Written by the browser; pages that bring such a member of their own are refused by it. */
const callerOverride = v.object({
  origin: v.pipe(v.string(), v.maxLength(4096)),
  sameOriginWithAncestors: v.boolean(),
});

const details = v.looseObject({
  extensions: v.looseObject({ remoteDesktopClientOverride: callerOverride, appIdExclude: v.optional(v.unknown()) }),
});

/** A request that the browser waits for. */
interface Pending {
  readonly controller: AbortController;
  tabId?: number;
}

const NOT_ALLOWED = toPageError(WebauthnErrorName.notAllowed);

/**
 * Serves the browser's WebAuthn proxy: the same client as for pages, behind an adapter. Registers its listeners at
 * once; whether the browser sends anything here is decided elsewhere (attachment).
 *
 * Checked by the browser before it asks: argument types, permissions policy, user activation, RP ID. It does not tell
 * frame, tab or top origin, ends nothing by itself, and cannot be asked to serve a call after all: an answer is
 * always a credential or an exception.
 */
export function serveWebauthnProxy({ client, proxy, windows, activeTab, onTabLeft, reportFault }: ProxySourceServices): void {
  const pending = new Map<number, Pending>();

  proxy.onCreateRequest((value) => void serve(CeremonyKind.registration, value));
  proxy.onGetRequest((value) => void serve(CeremonyKind.authentication, value));
  proxy.onRequestCanceled((requestId) => {
    if (typeof requestId === 'number') pending.get(requestId)?.controller.abort();
  });
  // Security keys are no platform authenticators, and while this proxy is attached no other authenticator is asked.
  proxy.onIsUvpaaRequest((value) => {
    const asked = v.safeParse(v.object({ requestId: v.pipe(v.number(), v.integer()) }), value);
    if (!asked.success) return;
    proxy.completeIsUvpaaRequest({ requestId: asked.output.requestId, isUvpaa: false }).catch((fault: unknown) => reportFault(fault, 'isUVPAA'));
  });
  // The browser does not tell that nobody waits any more.
  onTabLeft((tabId) => {
    for (const entry of pending.values()) if (entry.tabId === tabId) entry.controller.abort();
  });

  async function serve(kind: CeremonyKind, value: unknown): Promise<void> {
    const decoded = v.safeParse(request, value);
    if (!decoded.success) {
      const { requestId } = (value ?? {}) as { requestId?: unknown };
      reportFault(new Error('A request of the browser that cannot be read.'), 'webauthn proxy');
      if (typeof requestId === 'number') await completeWithError(kind, requestId, NOT_ALLOWED);
      return;
    }
    const { requestId, requestDetailsJson } = decoded.output;
    const entry: Pending = { controller: new AbortController() };
    pending.set(requestId, entry);
    try {
      const answer = await ask(kind, requestId, requestDetailsJson, entry);
      if (entry.controller.signal.aborted) return;
      await complete(kind, requestId, answer, entry.tabId);
    } catch (fault) {
      reportFault(fault, 'webauthn proxy');
      await completeWithError(kind, requestId, NOT_ALLOWED);
    } finally {
      pending.delete(requestId);
    }
  }

  async function ask(kind: CeremonyKind, requestId: number, json: string, entry: Pending): Promise<ClientAnswer> {
    const { options, override } = readDetails(json);
    const tab = await activeTab();
    if (tab !== undefined) entry.tabId = tab.tabId;
    const { origin, sameOriginWithAncestors } = override;
    const caller: Caller = {
      origin,
      topOrigin: sameOriginWithAncestors ? origin : undefined,
      sameOriginWithAncestors,
      url: origin,
      tabId: tab?.tabId,
      windowId: tab?.windowId,
      isPrivate: tab?.isPrivate ?? false,
      frameId: 0,
      documentId: `proxy.${requestId.toString()}`,
      canUseBrowser: false,
    };
    return client.call({
      kind,
      options,
      // The browser has checked all of it.
      frame: { visible: true, allowedByPolicy: true, activated: true },
      caller: Promise.resolve(success(caller)),
      signal: entry.controller.signal,
    });
  }

  async function complete(kind: CeremonyKind, requestId: number, answer: ClientAnswer, tabId: number | undefined): Promise<void> {
    if (!answer.ok) {
      await completeWithError(kind, requestId, answer.error);
      return;
    }
    if (answer.value.outcome === 'standAside') {
      await completeWithError(kind, requestId, NOT_ALLOWED);
      return;
    }
    const responseJson = JSON.stringify(answer.value.credential);
    if (kind === CeremonyKind.registration) {
      // The browser takes no new credential for a page that is not in view.
      if (tabId !== undefined) await windows.activateTab(tabId);
      await proxy.completeCreateRequest({ requestId, responseJson });
    } else {
      await proxy.completeGetRequest({ requestId, responseJson });
    }
  }

  /** A page must never be left waiting. Fails only for a request that the browser no longer knows. */
  async function completeWithError(kind: CeremonyKind, requestId: number, { name, message }: PageError): Promise<void> {
    const completion = { requestId, error: { name, message } };
    await (kind === CeremonyKind.registration ? proxy.completeCreateRequest(completion) : proxy.completeGetRequest(completion)).catch(
      (fault: unknown) => reportFault(fault, 'webauthn proxy completion'),
    );
  }
}

/**
 * Takes the browser's account of the caller out of the options.
 *
 * @throws when the text does not have the browser's form.
 */
function readDetails(json: string): { readonly options: unknown; readonly override: v.InferOutput<typeof callerOverride> } {
  const { extensions, ...rest } = v.parse(details, JSON.parse(json));
  const { remoteDesktopClientOverride, appIdExclude, ...others } = extensions;
  return {
    options: withoutNulls({
      ...rest,
      // The browser's spelling here; the specification's is `appidExclude`.
      extensions: { ...others, ...(appIdExclude === undefined ? {} : { appidExclude: appIdExclude }) },
    }),
    override: remoteDesktopClientOverride,
  };
}

/** Older browsers write absent members as null. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([name, member]) => [name, withoutNulls(member)]),
  );
}
