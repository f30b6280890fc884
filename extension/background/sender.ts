import * as v from 'valibot';

import { failure, success, type Result } from '../../shared/bytes/result.ts';
import type { FrameInfo } from '../platform/ports.ts';

/** Who calls WebAuthn, in the browser's own words. Nothing here ever comes from a message. */
export interface Caller {
  /** Serialised origin of the calling document; `"null"` for an opaque one. */
  readonly origin: string;
  /** Serialised origin of the document in the address bar; `undefined` where the browser does not tell. */
  readonly topOrigin: string | undefined;
  /** False when any ancestor frame is of another origin. */
  readonly sameOriginWithAncestors: boolean;
  readonly url: string;
  /** `undefined` where the browser does not tell. */
  readonly tabId: number | undefined;
  readonly windowId: number | undefined;
  /** A private window: nothing of the call is kept. */
  readonly isPrivate: boolean;
  readonly frameId: number;
  /** Names the document among all that ever were. Where the browser has no ids for documents, tab and frame do. */
  readonly documentId: string;
  /** The call can still be left to the browser's own function. */
  readonly canUseBrowser: boolean;
}

/** Why a connection is not served. For the log, never for the page. */
export interface SenderProblem {
  readonly kind: 'sender';
  readonly detail: string;
}

const id = v.pipe(v.number(), v.integer(), v.minValue(0));

const relaySender = v.object({
  id: v.string(),
  origin: v.pipe(v.string(), v.maxLength(4096)),
  url: v.string(),
  frameId: id,
  documentId: v.optional(v.string()),
  /** Prerendered and cached documents may not ask; where the browser does not tell, it has no such documents. */
  documentLifecycle: v.optional(v.literal('active'), 'active'),
  tab: v.object({ id, windowId: v.optional(v.pipe(v.number(), v.integer())), incognito: v.optional(v.boolean(), false) }),
});

/** The connecting frame, before anything is known of its ancestors. */
export type FrameSender = v.InferOutput<typeof relaySender>;

/**
 * Decodes the browser's account of a relay that connected.
 *
 * @returns what was missing when it is no content script of ours in an active document of a tab.
 */
export function decodeFrameSender(sender: unknown, extensionId: string): Result<FrameSender, SenderProblem> {
  const decoded = v.safeParse(relaySender, sender, { abortEarly: true });
  if (!decoded.success) {
    return failure({ kind: 'sender', detail: `No active frame: ${v.getDotPath(decoded.issues[0]) ?? 'no sender'}.` });
  }
  if (decoded.output.id !== extensionId) return failure({ kind: 'sender', detail: 'Another extension.' });
  return success(decoded.output);
}

/**
 * Tells whether the browser says that a connection comes from the page of ours at `pageUrl`, as its top document.
 * A page of ours within another page's frame is not accepted.
 */
export function isOwnPage(sender: unknown, extensionId: string, pageUrl: string): boolean {
  const { id: senderId, url, frameId } = (sender ?? {}) as { id?: unknown; url?: unknown; frameId?: unknown };
  if (senderId !== extensionId || typeof url !== 'string' || !URL.canParse(url)) return false;
  if (frameId !== undefined && frameId !== 0) return false;
  const { protocol, host, pathname } = new URL(url);
  const own = new URL(pageUrl);
  return protocol === own.protocol && host === own.host && pathname === own.pathname;
}

/**
 * Completes a sender to a caller: for a frame below the top, its ancestors decide `sameOriginWithAncestors` and
 * `topOrigin`. They cannot change while the frame lives: navigating an ancestor ends it.
 *
 * Source: WebAuthn L3 §5.1.3 step 2 and §5.8.1 (crossOrigin, topOrigin).
 *
 * @param frames the frames of the sender's tab; asked only when needed.
 */
export async function resolveCaller(
  sender: FrameSender,
  frames: (tabId: number) => Promise<readonly FrameInfo[]>,
): Promise<Result<Caller, SenderProblem>> {
  const { origin, url, frameId, tab } = sender;
  const caller = {
    origin,
    url,
    frameId,
    tabId: tab.id,
    windowId: tab.windowId,
    isPrivate: tab.incognito,
    documentId: sender.documentId ?? `${tab.id.toString()}.${frameId.toString()}`,
    canUseBrowser: true,
  };
  if (frameId === 0) return success({ ...caller, topOrigin: origin, sameOriginWithAncestors: origin !== 'null' });
  const known = await frames(tab.id);
  if (isHiddenAmongItsOwn(known, frameId, origin)) {
    return success({ ...caller, topOrigin: origin, sameOriginWithAncestors: true });
  }
  const ancestors = ancestorOrigins(known, frameId);
  const topOrigin = ancestors?.at(-1);
  if (ancestors === undefined || topOrigin === undefined) {
    return failure({ kind: 'sender', detail: 'The browser does not tell what the frame is part of.' });
  }
  const sameOriginWithAncestors = origin !== 'null' && ancestors.every((ancestor) => ancestor === origin);
  return success({ ...caller, topOrigin, sameOriginWithAncestors });
}

/**
 * Takes into account what the frame itself was told of its ancestors: addresses do not show opaque origins (a
 * sandboxed ancestor), nor who filled an about:blank document. It can only make a frame a foreign one.
 */
export function narrowCaller(caller: Caller, ancestors: readonly string[] | undefined): Caller {
  const isForeign = ancestors?.some((ancestor) => ancestor !== caller.origin) ?? false;
  return isForeign ? { ...caller, sameOriginWithAncestors: false } : caller;
}

/**
 * Chromium does not list frames that show a blob: or javascript: document. Where all others of the tab are of the
 * frame's own origin, so are its ancestors, whichever they are.
 */
function isHiddenAmongItsOwn(frames: readonly FrameInfo[], frameId: number, origin: string): boolean {
  if (origin === 'null' || frames.length === 0 || frames.some((frame) => frame.frameId === frameId)) return false;
  return frames.every(({ url }) => documentOrigin(url, origin) === origin);
}

/** Origins of a frame's ancestors, nearest first; `undefined` when the chain does not reach the top. */
function ancestorOrigins(frames: readonly FrameInfo[], frameId: number): readonly string[] | undefined {
  const byId = new Map(frames.map((frame) => [frame.frameId, frame]));
  const chain: FrameInfo[] = [];
  let current = byId.get(frameId);
  while (current !== undefined && current.parentFrameId !== -1) {
    current = byId.get(current.parentFrameId);
    if (current === undefined || chain.includes(current)) return undefined;
    chain.push(current);
  }
  if (current === undefined) return undefined;
  // From the top down, because about:blank and srcdoc documents have the origin of the document that holds them.
  const origins: string[] = [];
  for (const { url } of chain.reverse()) origins.push(documentOrigin(url, origins.at(-1)));
  return origins.reverse();
}

function documentOrigin(url: string, holder: string | undefined): string {
  if (!URL.canParse(url)) return 'null';
  const parsed = new URL(url);
  if (parsed.protocol === 'about:') return holder ?? 'null';
  return parsed.origin;
}
