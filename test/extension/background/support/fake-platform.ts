import type {
  FrameInfo,
  NativePort,
  Platform,
  RuntimePort,
  StoragePort,
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

  get(key: string): Promise<unknown> {
    const text = this.items.get(key);
    return Promise.resolve(text === undefined ? undefined : JSON.parse(text));
  }

  set(key: string, value: unknown): Promise<void> {
    this.items.set(key, JSON.stringify(value));
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
