import type { UiPlatform } from '../ui/store/port.ts';

/**
 * The extension API as the pages of the user interface need it. Uses the browser's own object: the polyfill would
 * add 10 kB to the prompt, whose opening time every sign-in pays.
 */
export function createUiPlatform(): UiPlatform {
  const api = (globalThis as { browser?: typeof chrome }).browser ?? chrome;
  return {
    connect(name, onMessage, onDisconnect) {
      const port = api.runtime.connect({ name });
      let connected = true;
      port.onMessage.addListener(onMessage);
      port.onDisconnect.addListener(() => {
        connected = false;
        onDisconnect();
      });
      return {
        postMessage(message) {
          if (connected) port.postMessage(message);
        },
        disconnect() {
          connected = false;
          port.disconnect();
        },
      };
    },
    translate: (key: string, value?: string) => api.i18n.getMessage(key, value),
    closeWindow() {
      // `window.close()` is not reliable here: Firefox refuses it for windows that the background opened.
      void api.tabs.getCurrent().then(async (tab) => {
        if (tab?.id === undefined) window.close();
        else await api.tabs.remove(tab.id);
      });
    },
  };
}
