/** A connection of a content script to the background. */
export interface ContentPort {
  postMessage(message: unknown): void;
  /** Ends the connection; `onDisconnect` is not called for it. */
  disconnect(): void;
}

/**
 * Connects a content script to the background. Uses the browser's own object: the polyfill would add 10 kB to every
 * frame, and ports need none of it.
 *
 * @returns `undefined` when the extension was updated, disabled or removed under the page.
 */
export function connectToBackground(
  name: string,
  onMessage: (message: unknown) => void,
  onDisconnect: () => void,
): ContentPort | undefined {
  const { runtime } = (globalThis as { browser?: typeof chrome }).browser ?? chrome;
  try {
    const port = runtime.connect({ name });
    port.onMessage.addListener(onMessage);
    port.onDisconnect.addListener(onDisconnect);
    return port;
  } catch {
    // "Extension context invalidated": this script outlived its extension.
    return undefined;
  }
}
