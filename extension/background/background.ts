import { DEFAULT_OPTION_LIMITS, type OptionLimits } from '../../shared/webauthn/options.ts';
import type { Platform } from '../platform/ports.ts';
import { keepBadge } from './badge.ts';
import { createCeremonies } from './ceremonies.ts';
import { CEREMONY_TIMES, type CeremonyTimes } from './ceremony.ts';
import { createClient } from './client/client.ts';
import { createRelatedOrigins } from './client/related-origins.ts';
import { createCredentialStore } from './credential-store.ts';
import { createManagedSettings } from './managed-settings.ts';
import { createNativeHost, NATIVE_HOST_TIMES, type NativeHostTimes } from './native-port.ts';
import { createPolicySource, type PolicyTimes } from './policy.ts';
import { createPopupPorts } from './popup-port.ts';
import { servePrompt } from './prompt-port.ts';
import { createPrompts } from './prompts.ts';
import { createProxyAttachment } from './proxy-attachment.ts';
import { createRecorder } from './recorder.ts';
import { routeConnection } from './router.ts';
import { createSettings } from './settings.ts';
import { siteNameOf } from './site-names.ts';
import { createSiteProfiles } from './site-profiles/site-profiles.ts';
import { servePage } from './sources/page.ts';
import { serveWebauthnProxy } from './sources/webauthn-proxy.ts';
import { createTurns } from './turns.ts';

/** What may be chosen at composition. */
export interface BackgroundOptions {
  readonly reportFault: (fault: unknown, where: string) => void;
  readonly limits?: OptionLimits;
  readonly hostTimes?: NativeHostTimes;
  readonly ceremonyTimes?: CeremonyTimes;
  readonly policyTimes?: PolicyTimes;
}

/** Composes the background and registers every listener, all within this call, as a worker that may be woken must. */
export function startBackground(
  platform: Platform,
  {
    reportFault,
    limits = DEFAULT_OPTION_LIMITS,
    hostTimes = NATIVE_HOST_TIMES,
    ceremonyTimes = CEREMONY_TIMES,
    policyTimes,
  }: BackgroundOptions,
): void {
  const { extensionId, version, windows } = platform;
  const host = createNativeHost({ version, connectNative: (name) => platform.connectNative(name) }, hostTimes);
  const settings = createSettings(platform.local, reportFault);
  const managed = createManagedSettings(platform.managed, platform.local, reportFault);
  const recorder = createRecorder(platform.session, reportFault);
  const policy = createPolicySource(managed, platform.local, () => platform.isForceInstalled(), reportFault, policyTimes);
  const store = createCredentialStore(platform.local, reportFault);
  const prompts = createPrompts(windows, ceremonyTimes.promptPage);
  const isHostExpected = (): boolean =>
    host.status.status === 'ready' || (host.status.status === 'unknown' && settings.values.hostSeen);
  const ceremonies = createCeremonies({
    host,
    isHostExpected,
    prompts,
    windows,
    siteName: (origin) => siteNameOf(origin, managed.values.siteNames),
    turns: createTurns(),
    reportFault,
    times: ceremonyTimes,
  });
  const relatedOrigins = createRelatedOrigins((input, init) => platform.fetch(input, init));
  const client = createClient({ host, ceremonies, store, settings, recorder, limits, relatedOrigins, managed, policy, reportFault });
  const attachment = createProxyAttachment({
    proxy: platform.webauthnProxy,
    managed,
    settings,
    host,
    isHostExpected,
    reportFault,
  });
  const { siteChanges, identity } = platform;
  const profiles = createSiteProfiles({ siteChanges, identity, settings, managed, reportFault });
  const activeTab = (): ReturnType<Platform['activeTab']> => platform.activeTab();
  const popups = createPopupPorts({
    version,
    host,
    settings,
    store,
    managed,
    policy,
    attachment,
    recorder,
    profiles,
    activeTab,
    reportFault,
  });

  keepBadge((text) => platform.setBadge(text), host, settings);
  host.onStatus(({ status }) => {
    const hostSeen = status === 'ready';
    if (status !== 'unknown' && settings.values.hostSeen !== hostSeen) settings.update({ hostSeen });
  });

  const isProxied = async (): Promise<boolean> => {
    await managed.loaded;
    return attachment.isWanted;
  };
  // Always, because an event may be what woke the worker: the attachment outlives it.
  if (platform.webauthnProxy !== undefined) {
    serveWebauthnProxy({
      client,
      proxy: platform.webauthnProxy,
      windows,
      activeTab,
      onTabLeft: (listener) => platform.onTabLeft(listener),
      reportFault,
    });
  }

  platform.onConnect((port) =>
    routeConnection(port, {
      extensionId,
      url: (path) => platform.url(path),
      page: (relay) =>
        servePage(relay, { client, extensionId, frames: (tabId) => platform.frames(tabId), isProxied, reportFault }),
      prompt: (page) => servePrompt(page, prompts, reportFault),
      popup: (page) => popups.serve(page),
    }),
  );
  // Tells by the badge at once whether the host is there.
  platform.onInstalled(() => void host.connect());
  // To be started with the browser: the badge of a paused Keystile is there again, and the proxy is attached.
  platform.onStartup(() => undefined);
  void attachment.refresh();
  void profiles.refresh();
}
