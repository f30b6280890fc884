import { DEFAULT_OPTION_LIMITS, type OptionLimits } from '../../shared/webauthn/options.ts';
import type { Platform } from '../platform/ports.ts';
import { keepBadge } from './badge.ts';
import { createCeremonies } from './ceremonies.ts';
import { CEREMONY_TIMES, type CeremonyTimes } from './ceremony.ts';
import { createClient } from './client/client.ts';
import { createRelatedOrigins } from './client/related-origins.ts';
import { createCredentialStore } from './credential-store.ts';
import { createNativeHost, NATIVE_HOST_TIMES, type NativeHostTimes } from './native-port.ts';
import { createPopupPorts } from './popup-port.ts';
import { servePrompt } from './prompt-port.ts';
import { createPrompts } from './prompts.ts';
import { createRecorder } from './recorder.ts';
import { routeConnection } from './router.ts';
import { createSettings } from './settings.ts';
import { servePage } from './sources/page.ts';
import { createTurns } from './turns.ts';

/** What may be chosen at composition. */
export interface BackgroundOptions {
  readonly reportFault: (fault: unknown, where: string) => void;
  readonly limits?: OptionLimits;
  readonly hostTimes?: NativeHostTimes;
  readonly ceremonyTimes?: CeremonyTimes;
}

/** Composes the background and registers every listener, all within this call, as a worker that may be woken must. */
export function startBackground(
  platform: Platform,
  {
    reportFault,
    limits = DEFAULT_OPTION_LIMITS,
    hostTimes = NATIVE_HOST_TIMES,
    ceremonyTimes = CEREMONY_TIMES,
  }: BackgroundOptions,
): void {
  const { extensionId, version, windows } = platform;
  const host = createNativeHost({ version, connectNative: (name) => platform.connectNative(name) }, hostTimes);
  const settings = createSettings(platform.local, reportFault);
  const recorder = createRecorder(platform.session, reportFault);
  const store = createCredentialStore(platform.local, reportFault);
  const prompts = createPrompts(windows, ceremonyTimes.promptPage);
  const ceremonies = createCeremonies({
    host,
    isHostExpected: () => host.status.status === 'ready' || (host.status.status === 'unknown' && settings.values.hostSeen),
    prompts,
    windows,
    turns: createTurns(),
    reportFault,
    times: ceremonyTimes,
  });
  const relatedOrigins = createRelatedOrigins((input, init) => fetch(input, init));
  const client = createClient({ host, ceremonies, store, settings, recorder, limits, relatedOrigins });
  const popups = createPopupPorts({ version, host, settings, recorder, reportFault });

  keepBadge((text) => platform.setBadge(text), host, settings);
  host.onStatus(({ status }) => {
    const hostSeen = status === 'ready';
    if (status !== 'unknown' && settings.values.hostSeen !== hostSeen) settings.update({ hostSeen });
  });

  platform.onConnect((port) =>
    routeConnection(port, {
      extensionId,
      url: (path) => platform.url(path),
      page: (relay) => servePage(relay, { client, extensionId, frames: (tabId) => platform.frames(tabId), reportFault }),
      prompt: (page) => servePrompt(page, prompts, reportFault),
      popup: (page) => popups.serve(page),
    }),
  );
  // Tells by the badge at once whether the host is there.
  platform.onInstalled(() => void host.connect());
  // Only to be started with the browser, so that the badge of a paused Keystile is there again.
  platform.onStartup(() => undefined);
}
