import type { WebauthnProxyPort } from './ports.ts';

/** The browser's WebAuthn proxy; `undefined` where it has none (Firefox, Chromium before 115). */
export function createWebauthnProxy(): WebauthnProxyPort | undefined {
  const { webAuthenticationProxy: proxy } = globalThis.chrome as Partial<typeof chrome>;
  if (proxy === undefined) return undefined;
  return {
    attach: () => proxy.attach(),
    async detach() {
      await proxy.detach();
    },
    completeCreateRequest: (completion) => proxy.completeCreateRequest(completion),
    completeGetRequest: (completion) => proxy.completeGetRequest(completion),
    completeIsUvpaaRequest: (completion) => proxy.completeIsUvpaaRequest(completion),
    onCreateRequest: (listener) => proxy.onCreateRequest.addListener(listener),
    onGetRequest: (listener) => proxy.onGetRequest.addListener(listener),
    onIsUvpaaRequest: (listener) => proxy.onIsUvpaaRequest.addListener(listener),
    onRequestCanceled: (listener) => proxy.onRequestCanceled.addListener(listener),
  };
}
