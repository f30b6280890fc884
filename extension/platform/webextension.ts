import browser from 'webextension-polyfill';

import type { NativePort, Platform, RuntimePort, StoragePort, WindowsPort } from './ports.ts';
import { browserIdentity, createSiteChanges } from './site-changes.ts';
import { createWebauthnProxy } from './webauthn-proxy.ts';

/**
 * The browser behind the ports, for the background of Chromium and Firefox alike.
 *
 * @param reportFault gets what only a fault of ours or of the browser can throw.
 */
export function createPlatform(reportFault: (fault: unknown, where: string) => void): Platform {
  return {
    extensionId: browser.runtime.id,
    version: browser.runtime.getManifest().version,
    url: (path) => browser.runtime.getURL(path),
    onConnect: (listener) => browser.runtime.onConnect.addListener((port) => listener(runtimePort(port))),
    onInstalled: (listener) => browser.runtime.onInstalled.addListener(() => listener()),
    onStartup: (listener) => browser.runtime.onStartup.addListener(listener),
    connectNative: (hostName) => nativePort(browser.runtime.connectNative(hostName)),
    fetch: (input, init) => fetch(input, init),
    async frames(tabId) {
      // Both browsers answer null, or reject, for a tab that is gone.
      return (await browser.webNavigation.getAllFrames({ tabId }).catch(() => null)) ?? [];
    },
    windows: createWindows(),
    webauthnProxy: createWebauthnProxy(),
    async activeTab() {
      const [tab] = await browser.tabs.query({ active: true, lastFocusedWindow: true, windowType: 'normal' });
      if (tab?.id === undefined || tab.windowId === undefined) return undefined;
      const origin = tab.url !== undefined && URL.canParse(tab.url) ? new URL(tab.url).origin : undefined;
      return { tabId: tab.id, windowId: tab.windowId, isPrivate: tab.incognito, origin };
    },
    identity: browserIdentity(),
    siteChanges: createSiteChanges(),
    onTabLeft(listener) {
      browser.tabs.onRemoved.addListener((tabId) => listener(tabId));
      browser.webNavigation.onCommitted.addListener(({ tabId, frameId }) => {
        if (frameId === 0) listener(tabId);
      });
    },
    managed: {
      // Firefox rejects where the administrator set nothing.
      get: () => browser.storage.managed.get().catch(() => ({})),
      onChange: (listener) =>
        browser.storage.onChanged.addListener((_changes, area) => {
          if (area === 'managed') listener();
        }),
    },
    async isForceInstalled() {
      try {
        return (await browser.management.getSelf()).installType === 'admin';
      } catch {
        // A browser without this interface: nobody can say.
        return false;
      }
    },
    local: storageArea(browser.storage.local),
    session: storageArea(browser.storage.session),
    setBadge(text) {
      Promise.all([
        browser.action.setBadgeText({ text }),
        browser.action.setBadgeBackgroundColor({ color: '#a33' }),
      ]).catch((fault: unknown) => reportFault(fault, 'badge'));
    },
  };
}

type BrowserPort = ReturnType<typeof browser.runtime.connect>;

/** Ports throw once they are closed, and the other side may close at any time: what is said then is lost anyway. */
function sendingSide(port: BrowserPort): Pick<RuntimePort, 'post' | 'disconnect'> {
  let open = true;
  port.onDisconnect.addListener(() => {
    open = false;
  });
  return {
    post(message) {
      if (open) port.postMessage(message);
    },
    disconnect() {
      if (!open) return;
      open = false;
      port.disconnect();
    },
  };
}

function runtimePort(port: BrowserPort): RuntimePort {
  return {
    ...sendingSide(port),
    name: port.name,
    sender: port.sender,
    onMessage: (listener) => port.onMessage.addListener((message: unknown) => listener(message)),
    onDisconnect: (listener) => port.onDisconnect.addListener(() => listener()),
  };
}

function nativePort(port: BrowserPort): NativePort {
  return {
    ...sendingSide(port),
    onMessage: (listener) => port.onMessage.addListener((message: unknown) => listener(message)),
    onDisconnect(listener) {
      port.onDisconnect.addListener((ended) => {
        // Firefox tells by the port, Chromium by lastError, which must be read during the event.
        const told = (ended as { error?: { message?: string } | null }).error ?? browser.runtime.lastError;
        listener(told?.message ?? '');
      });
    },
  };
}

function createWindows(): WindowsPort {
  return {
    async bounds(windowId) {
      const found = await browser.windows.get(windowId).catch(() => undefined);
      const { left, top, width, height } = found ?? {};
      if (left === undefined || top === undefined || width === undefined || height === undefined) return undefined;
      return { left, top, width, height };
    },
    async openPopup(path, { width, height }, at) {
      const opened = await browser.windows.create({
        url: browser.runtime.getURL(path),
        type: 'popup',
        width,
        height,
        ...(at ?? {}),
        focused: true,
      });
      if (opened.id === undefined) throw new Error('The browser opened a window without an id.');
      return opened.id;
    },
    // Windows and tabs may be gone by the time the call arrives: what was wanted then needs nothing more.
    close: (windowId) => browser.windows.remove(windowId).catch(() => undefined),
    focus: (windowId) =>
      browser.windows.update(windowId, { focused: true }).then(
        () => undefined,
        () => undefined,
      ),
    activateTab: (tabId) =>
      browser.tabs.update(tabId, { active: true }).then(
        () => undefined,
        () => undefined,
      ),
    onClosed: (listener) => browser.windows.onRemoved.addListener(listener),
  };
}

function storageArea(area: {
  get(key: string): Promise<Record<string, unknown>>;
  set(items: Record<string, unknown>): Promise<void>;
  remove(key: string): Promise<void>;
}): StoragePort {
  return {
    get: async (key) => (await area.get(key))[key],
    set: (key, value) => area.set({ [key]: value }),
    remove: (key) => area.remove(key),
  };
}
