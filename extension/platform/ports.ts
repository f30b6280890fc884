/**
 * What the background needs of the browser, as small typed ports. `webextension.ts` is the one implementation; tests
 * bring their own. Everything that comes out of the browser and decides something is `unknown` here and decoded by
 * whoever uses it.
 */

/** A connection from a content script or a page of the extension. */
export interface RuntimePort {
  readonly name: string;
  /** The browser's account of who connected; undecoded. */
  readonly sender: unknown;
  /** Sends a message; does nothing once the port is closed. */
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** The other side went away (navigation, closed tab, closed window). Not called after {@link disconnect}. */
  onDisconnect(listener: () => void): void;
  disconnect(): void;
}

/** A connection to the native host's process. */
export interface NativePort {
  /** Sends a message; does nothing once the port is closed. */
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** The process ended or never started; `detail` is the browser's own text. Not called after {@link disconnect}. */
  onDisconnect(listener: (detail: string) => void): void;
  disconnect(): void;
}

/** A frame of a tab, as the browser's navigation knows it. */
export interface FrameInfo {
  readonly frameId: number;
  /** -1 for the top frame. */
  readonly parentFrameId: number;
  readonly url: string;
}

/** Position and size of a window, in device-independent pixels. */
export interface WindowBounds {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Windows and tabs, as far as the prompt needs them. */
export interface WindowsPort {
  /** `undefined` when the window is gone or the browser does not tell. */
  bounds(windowId: number): Promise<WindowBounds | undefined>;
  /** Opens a focused window without tabs for a page of the extension. Rejects when the browser refuses. */
  openPopup(path: string, size: { readonly width: number; readonly height: number }, at?: { readonly left: number; readonly top: number }): Promise<number>;
  /** Closes a window; one that is gone already is no error. */
  close(windowId: number): Promise<void>;
  /** Brings a window to the front; one that is gone is no error. */
  focus(windowId: number): Promise<void>;
  /** Shows a tab in its window; one that is gone is no error. */
  activateTab(tabId: number): Promise<void>;
  onClosed(listener: (windowId: number) => void): void;
}

/** One area of the extension's storage: JSON values by key. */
export interface StoragePort {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  remove(key: string): Promise<void>;
}

/** What the administrator set for the extension. */
export interface ManagedStoragePort {
  /** Every setting by name, unchecked; an empty object where there is none, or none yet. */
  get(): Promise<unknown>;
  onChange(listener: () => void): void;
}

/** A tab, as far as the background places windows by it, and tells the popup about it. */
export interface TabInfo {
  readonly tabId: number;
  readonly windowId: number;
  readonly isPrivate: boolean;
  /** Serialised origin of its document; `undefined` where the extension may not know it. */
  readonly origin: string | undefined;
}

/** A script for the page's own realm, at document_start, in every frame of these origins. */
export interface PageScript {
  readonly id: string;
  /** Path of the file within the extension. */
  readonly file: string;
  readonly origins: readonly string[];
}

/** Request headers to an origin: a text replaces the header, or adds it; `undefined` takes it out. */
export interface HeaderRule {
  readonly origin: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** What the browser says of itself. */
export interface BrowserIdentity {
  readonly userAgent: string;
  /** Of its client hints; `undefined` where it has none. */
  readonly brands: readonly { readonly brand: string; readonly version: string }[] | undefined;
}

/** Changes to chosen sites that the browser itself makes, and remembers until it is told otherwise. */
export interface SiteChangesPort {
  /** Leaves exactly these scripts registered. */
  setPageScripts(scripts: readonly PageScript[]): Promise<void>;
  /** Leaves exactly these rules in force. */
  setRequestHeaders(rules: readonly HeaderRule[]): Promise<void>;
}

/** How a proxied request ends: a credential in JSON form, or an exception. */
export type ProxyCompletion =
  | { readonly requestId: number; readonly responseJson: string }
  | { readonly requestId: number; readonly error: { readonly name: string; readonly message: string } };

/** The browser's own redirection of WebAuthn calls to an extension. What comes out of it is undecoded. */
export interface WebauthnProxyPort {
  /** Resolves with what the browser has against it, if anything. Attaching again is no error. */
  attach(): Promise<string | undefined>;
  /** Ends requests that wait; rejects when nothing was attached. */
  detach(): Promise<void>;
  /** Rejects for a response that the browser does not accept (the page then still waits), and for an unknown request. */
  completeCreateRequest(completion: ProxyCompletion): Promise<void>;
  completeGetRequest(completion: ProxyCompletion): Promise<void>;
  completeIsUvpaaRequest(completion: { readonly requestId: number; readonly isUvpaa: boolean }): Promise<void>;
  onCreateRequest(listener: (request: unknown) => void): void;
  onGetRequest(listener: (request: unknown) => void): void;
  onIsUvpaaRequest(listener: (request: unknown) => void): void;
  onRequestCanceled(listener: (requestId: unknown) => void): void;
}

/** The browser, as the background sees it. Listeners must be registered before the worker's first turn ends. */
export interface Platform {
  readonly extensionId: string;
  readonly version: string;
  /** Absolute URL of a file of the extension. */
  url(path: string): string;
  onConnect(listener: (port: RuntimePort) => void): void;
  /** The extension was installed or updated. */
  onInstalled(listener: () => void): void;
  /** The browser started with the extension installed. */
  onStartup(listener: () => void): void;
  connectNative(hostName: string): NativePort;
  /** The background's `fetch`, bound to `https:` by the manifest's content security policy. */
  readonly fetch: typeof fetch;
  /** The frames of a tab; empty when the tab is gone. */
  frames(tabId: number): Promise<readonly FrameInfo[]>;
  readonly windows: WindowsPort;
  readonly managed: ManagedStoragePort;
  /** An administrator's policy installed the extension. False where the browser does not tell. */
  isForceInstalled(): Promise<boolean>;
  /** Absent where the browser has none. */
  readonly webauthnProxy: WebauthnProxyPort | undefined;
  /** The active tab of the window that was last used; `undefined` where there is none. */
  activeTab(): Promise<TabInfo | undefined>;
  readonly identity: BrowserIdentity;
  readonly siteChanges: SiteChangesPort;
  /** A tab was closed, or its top document gave way to another. */
  onTabLeft(listener: (tabId: number) => void): void;
  /** Kept until the extension is removed. */
  readonly local: StoragePort;
  /** Kept until the browser ends, never on disk. */
  readonly session: StoragePort;
  /** Text on the toolbar button; empty for none. */
  setBadge(text: string): void;
}
