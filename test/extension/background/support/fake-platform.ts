import type {
  BrowserIdentity,
  FrameInfo,
  HeaderRule,
  NativePort,
  PageScript,
  Platform,
  ProxyCompletion,
  RuntimePort,
  SiteChangesPort,
  StoragePort,
  TabInfo,
  WebauthnProxyPort,
  WindowBounds,
} from '../../../../extension/platform/ports.ts';

export const EXTENSION_ID = 'abcdefghijklmnopabcdefghijklmnop';
export const EXTENSION_ORIGIN = `chrome-extension://${EXTENSION_ID}`;

/** What crosses a port arrives as a copy, a task later. */
function deliver(listener: ((message: unknown) => void) | undefined, message: unknown): void {
  const copy: unknown = JSON.parse(JSON.stringify(message));
  queueMicrotask(() => listener?.(copy));
}

/** Both ends of a port: `port` for the background, the rest for whoever connected. */
export class FakeConnection {
  readonly sent: unknown[] = [];
  readonly port: RuntimePort;
  onMessage: ((message: unknown) => void) | undefined;
  onClosed: (() => void) | undefined;
  isClosed = false;
  #toBackground: ((message: unknown) => void) | undefined;
  #onDisconnect: (() => void) | undefined;

  constructor(name: string, sender: unknown) {
    this.port = {
      name,
      sender,
      post: (message) => {
        if (this.isClosed) return;
        this.sent.push(JSON.parse(JSON.stringify(message)));
        deliver(this.onMessage, message);
      },
      onMessage: (listener) => {
        this.#toBackground = listener;
      },
      onDisconnect: (listener) => {
        this.#onDisconnect = listener;
      },
      disconnect: () => {
        if (this.isClosed) return;
        this.isClosed = true;
        this.onClosed?.();
      },
    };
  }

  /** From the other side. */
  send(message: unknown): void {
    if (!this.isClosed) deliver(this.#toBackground, message);
  }

  /** The other side goes away. */
  disconnect(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#onDisconnect?.();
  }
}

/** The host's end of a native port. */
export class FakeNativeConnection {
  readonly port: NativePort;
  onMessage: ((message: unknown) => void) | undefined;
  onDisconnected: (() => void) | undefined;
  isClosed = false;
  #toBackground: ((message: unknown) => void) | undefined;
  #onDisconnect: ((detail: string) => void) | undefined;

  constructor() {
    this.port = {
      post: (message) => {
        if (!this.isClosed) deliver(this.onMessage, message);
      },
      onMessage: (listener) => {
        this.#toBackground = listener;
      },
      onDisconnect: (listener) => {
        this.#onDisconnect = listener;
      },
      disconnect: () => {
        if (this.isClosed) return;
        this.isClosed = true;
        this.onDisconnected?.();
      },
    };
  }

  send(message: unknown): void {
    if (!this.isClosed) deliver(this.#toBackground, message);
  }

  /** The process ends; `detail` is what the browser says. */
  end(detail: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onDisconnected?.();
    this.#onDisconnect?.(detail);
  }
}

class FakeStorage implements StoragePort {
  readonly items = new Map<string, string>();
  /** What browsers answer when the disk does not, or the extension's room on it is used up. */
  refuses: 'get' | 'set' | undefined;

  get(key: string): Promise<unknown> {
    if (this.refuses === 'get') return Promise.reject(new Error('The storage cannot be read.'));
    const text = this.items.get(key);
    return Promise.resolve(text === undefined ? undefined : JSON.parse(text));
  }

  set(key: string, value: unknown): Promise<void> {
    if (this.refuses === 'set') return Promise.reject(new Error('Resource::kQuotaBytes quota exceeded'));
    this.items.set(key, JSON.stringify(value));
    return Promise.resolve();
  }

  remove(key: string): Promise<void> {
    this.items.delete(key);
    return Promise.resolve();
  }
}

/** The browser's WebAuthn proxy: requests are put in, completions come out. */
export class FakeProxy implements WebauthnProxyPort {
  isAttached = false;
  /** What the browser has against an attachment. */
  problem: string | undefined;
  /** The browser does not accept credentials. */
  refusesResponses = false;
  readonly completions = new Map<number, ProxyCompletion | boolean>();
  onCompleted: ((requestId: number) => void) | undefined;
  #create: ((request: unknown) => void) | undefined;
  #get: ((request: unknown) => void) | undefined;
  #isUvpaa: ((request: unknown) => void) | undefined;
  #canceled: ((requestId: unknown) => void) | undefined;

  attach(): Promise<string | undefined> {
    if (this.problem === undefined) this.isAttached = true;
    return Promise.resolve(this.problem);
  }

  detach(): Promise<void> {
    if (!this.isAttached) return Promise.reject(new Error('No extension is attached'));
    this.isAttached = false;
    return Promise.resolve();
  }

  completeCreateRequest(completion: ProxyCompletion): Promise<void> {
    return this.#complete(completion);
  }

  completeGetRequest(completion: ProxyCompletion): Promise<void> {
    return this.#complete(completion);
  }

  completeIsUvpaaRequest({ requestId, isUvpaa }: { requestId: number; isUvpaa: boolean }): Promise<void> {
    this.completions.set(requestId, isUvpaa);
    return Promise.resolve();
  }

  onCreateRequest(listener: (request: unknown) => void): void {
    this.#create = listener;
  }

  onGetRequest(listener: (request: unknown) => void): void {
    this.#get = listener;
  }

  onIsUvpaaRequest(listener: (request: unknown) => void): void {
    this.#isUvpaa = listener;
  }

  onRequestCanceled(listener: (requestId: unknown) => void): void {
    this.#canceled = listener;
  }

  /** A page's call arrives; resolves with its completion. */
  request(method: 'create' | 'get', request: { readonly requestId: number; readonly requestDetailsJson: unknown }): Promise<ProxyCompletion> {
    return new Promise((resolve) => {
      this.onCompleted = (requestId) => {
        if (requestId === request.requestId) resolve(this.completions.get(requestId) as ProxyCompletion);
      };
      (method === 'create' ? this.#create : this.#get)?.(request);
    });
  }

  askIsUvpaa(requestId: number): void {
    this.#isUvpaa?.({ requestId });
  }

  cancel(requestId: number): void {
    this.#canceled?.(requestId);
  }

  #complete(completion: ProxyCompletion): Promise<void> {
    if (this.refusesResponses && 'responseJson' in completion) {
      return Promise.reject(new Error('Invalid responseJson: field missing or invalid: rawId'));
    }
    this.completions.set(completion.requestId, completion);
    this.onCompleted?.(completion.requestId);
    return Promise.resolve();
  }
}

/** Scripts and header rules, as the browser has them. */
export class FakeSiteChanges implements SiteChangesPort {
  scripts: readonly PageScript[] = [];
  rules: readonly HeaderRule[] = [];
  /** How often something was set. */
  calls = 0;

  setPageScripts(scripts: readonly PageScript[]): Promise<void> {
    this.scripts = scripts;
    this.calls += 1;
    return Promise.resolve();
  }

  setRequestHeaders(rules: readonly HeaderRule[]): Promise<void> {
    this.rules = rules;
    this.calls += 1;
    return Promise.resolve();
  }
}

/** An opened prompt window. */
export interface FakeWindow {
  readonly id: number;
  readonly path: string;
  readonly at: { readonly left: number; readonly top: number } | undefined;
}

/** The browser, in memory. `log` is the order of what the background did with windows, tabs and ports. */
export class FakePlatform implements Platform {
  readonly extensionId = EXTENSION_ID;
  readonly version = '0.1.0';
  readonly local = new FakeStorage();
  readonly session = new FakeStorage();
  readonly connections: FakeConnection[] = [];
  readonly openWindows = new Map<number, FakeWindow>();
  readonly log: string[] = [];
  readonly frameTrees = new Map<number, readonly FrameInfo[]>();
  badge = '';
  parentBounds: WindowBounds | undefined = { left: 100, top: 50, width: 1200, height: 800 };
  /** Refuses positions, as browsers do for those outside the screen. */
  refusesPositions = false;
  refusesWindows = false;
  connectHost: () => FakeNativeConnection = () => {
    const connection = new FakeNativeConnection();
    queueMicrotask(() => connection.end('Specified native messaging host not found.'));
    return connection;
  };
  hostStarts = 0;
  onWindowOpened: ((window: FakeWindow) => void) | undefined;
  #connect: ((port: RuntimePort) => void) | undefined;
  #installed: (() => void) | undefined;
  #windowClosed: ((windowId: number) => void) | undefined;
  #nextWindowId = 1000;

  readonly windows: Platform['windows'] = {
    bounds: () => Promise.resolve(this.parentBounds),
    openPopup: (path, _size, at) => {
      if (this.refusesWindows || (this.refusesPositions && at !== undefined)) return Promise.reject(new Error('Invalid value for bounds.'));
      const window = { id: this.#nextWindowId, path, at };
      this.#nextWindowId += 1;
      this.openWindows.set(window.id, window);
      this.log.push('open');
      queueMicrotask(() => this.onWindowOpened?.(window));
      return Promise.resolve(window.id);
    },
    close: (windowId) => {
      if (this.openWindows.delete(windowId)) {
        this.log.push('close');
        this.#windowClosed?.(windowId);
      }
      return Promise.resolve();
    },
    focus: (windowId) => {
      this.log.push(`focus ${windowId.toString()}`);
      return Promise.resolve();
    },
    activateTab: (tabId) => {
      this.log.push(`activate ${tabId.toString()}`);
      return Promise.resolve();
    },
    onClosed: (listener) => {
      this.#windowClosed = listener;
    },
  };

  /** What the administrator set. */
  managedValues: unknown = {};
  #managedChanged: (() => void) | undefined;
  readonly managed: Platform['managed'] = {
    get: () => Promise.resolve(structuredClone(this.managedValues)),
    onChange: (listener) => {
      this.#managedChanged = listener;
    },
  };
  isForced = false;

  isForceInstalled(): Promise<boolean> {
    return Promise.resolve(this.isForced);
  }

  /** No network in memory; tests may bring one. */
  fetch: typeof fetch = () => Promise.reject(new TypeError('Failed to fetch'));
  proxy: FakeProxy | undefined;
  tab: TabInfo | undefined = { tabId: 7, windowId: 3, isPrivate: false, origin: 'https://login.example' };
  identity: BrowserIdentity = { userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', brands: undefined };
  readonly siteChanges = new FakeSiteChanges();
  #tabLeft: ((tabId: number) => void) | undefined;

  get webauthnProxy(): FakeProxy | undefined {
    return this.proxy;
  }

  activeTab(): Promise<TabInfo | undefined> {
    return Promise.resolve(this.tab);
  }

  onTabLeft(listener: (tabId: number) => void): void {
    this.#tabLeft = listener;
  }

  leaveTab(tabId: number): void {
    this.#tabLeft?.(tabId);
  }

  changeManaged(values: unknown): void {
    this.managedValues = values;
    this.#managedChanged?.();
  }

  url(path: string): string {
    return `${EXTENSION_ORIGIN}/${path}`;
  }

  onConnect(listener: (port: RuntimePort) => void): void {
    this.#connect = listener;
  }

  onInstalled(listener: () => void): void {
    this.#installed = listener;
  }

  onStartup(): void {
    // Nothing here starts a browser.
  }

  connectNative(): NativePort {
    this.hostStarts += 1;
    return this.connectHost().port;
  }

  frames(tabId: number): Promise<readonly FrameInfo[]> {
    return Promise.resolve(this.frameTrees.get(tabId) ?? []);
  }

  setBadge(text: string): void {
    this.badge = text;
  }

  /** Something connects to the background. */
  connect(name: string, sender: unknown): FakeConnection {
    const connection = new FakeConnection(name, sender);
    this.connections.push(connection);
    this.#connect?.(connection.port);
    return connection;
  }

  install(): void {
    this.#installed?.();
  }

  /** The user closes a window. */
  closeWindow(windowId: number): void {
    this.openWindows.delete(windowId);
    this.#windowClosed?.(windowId);
  }

  /** Everything that outlives a ceremony or reaches a page, as one text. */
  everythingKept(): string {
    const relays = this.connections.filter(({ port }) => port.name === 'keystile-relay').map(({ sent }) => sent);
    return JSON.stringify([[...this.local.items], [...this.session.items], relays]);
  }
}
