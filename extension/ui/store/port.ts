import type { Translate } from '../i18n.ts';

/** A connection of a page of the extension to its background. */
export interface UiPort {
  /** Sends a message; does nothing once the connection has ended. */
  postMessage(message: unknown): void;
  disconnect(): void;
}

/** All that the user interface needs of the browser's extension API. Tests and fixtures bring their own. */
export interface UiPlatform {
  /**
   * Connects to the background under the name of a port.
   *
   * @param onDisconnect called once when the other side ends; not after an own `disconnect()`.
   */
  connect(name: string, onMessage: (message: unknown) => void, onDisconnect: () => void): UiPort;
  /** The text of a key in the user's language. */
  readonly translate: Translate;
  /** Closes the window (or tab) that shows this page. */
  closeWindow(): void;
}
