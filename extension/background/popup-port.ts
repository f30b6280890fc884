import { failure, success } from '../../shared/bytes/result.ts';
import type { ResultOf } from '../../shared/wire/hop.ts';
import { createResponder } from '../../shared/wire/responder.ts';
import { MAX_CREDENTIALS_PART, type PopupHop, popupHop, type PopupView } from '../../shared/wire/ui.ts';
import type { RuntimePort, TabInfo } from '../platform/ports.ts';
import type { CredentialStore, KnownCredentials } from './credential-store.ts';
import type { ManagedSettings } from './managed-settings.ts';
import type { NativeHost } from './native-port.ts';
import type { PolicySource } from './policy.ts';
import type { ProxyAttachment } from './proxy-attachment.ts';
import type { Recorder } from './recorder.ts';
import type { Settings } from './settings.ts';
import type { SiteProfiles } from './site-profiles/site-profiles.ts';
import { createThisSite } from './this-site.ts';

/** Path of the popup's page within the extension. */
export const POPUP_PAGE = 'ui/popup/index.html';

/** What the popup shows and changes. */
export interface PopupServices {
  readonly version: string;
  readonly host: NativeHost;
  readonly settings: Settings;
  readonly managed: ManagedSettings;
  readonly policy: PolicySource;
  readonly store: CredentialStore;
  readonly attachment: ProxyAttachment;
  readonly recorder: Recorder;
  readonly profiles: SiteProfiles;
  /** The tab that the popup was opened over. */
  readonly activeTab: () => Promise<TabInfo | undefined>;
  readonly reportFault: (fault: unknown, where: string) => void;
}

/** Serves open popups. */
export interface PopupPorts {
  serve(port: RuntimePort): void;
}

/** Builds the popups' side of the background; listens to its sources once, however many popups come and go. */
export function createPopupPorts(services: PopupServices): PopupPorts {
  const { version, host, settings, store, managed, policy, attachment, recorder, profiles, reportFault } = services;
  const thisSite = createThisSite({ settings, managed, recorder, profiles });
  const views = new Set<(view: PopupView) => void>();
  let turn = 0;

  async function view(): Promise<PopupView> {
    const site = thisSite.view(await activeTab());
    return {
      version,
      paused: settings.values.paused,
      host: host.status,
      interception: attachment.state,
      ...(site === undefined ? {} : { site }),
      managedProblems: [
        ...managed.problems,
        ...policy.current.problems.map(({ path, reason }) => ({ path: `policy: ${path}`, detail: reason })),
      ]
        .slice(0, 64)
        .map(({ path, detail }) => ({ path: path.slice(0, 1024), detail: detail.slice(0, 1024) })),
      ceremonies: [...recorder.summaries],
    };
  }

  /** Without it the popup has all else to show. */
  function activeTab(): Promise<TabInfo | undefined> {
    return services.activeTab().catch((fault: unknown) => {
      reportFault(fault, 'active tab');
      return undefined;
    });
  }

  async function show(): Promise<void> {
    turn += 1;
    const own = turn;
    const current = await view();
    // A newer view is on its way.
    if (own !== turn) return;
    for (const listener of views) listener(current);
  }

  function publish(): void {
    if (views.size > 0) void show();
  }

  host.onStatus(publish);
  settings.onChange(publish);
  managed.onChange(publish);
  policy.onChange(publish);
  attachment.onChange(publish);
  recorder.onChange(publish);

  return {
    serve(port) {
      const responder = createResponder({
        hop: popupHop,
        caller: undefined,
        send: (message) => port.post(message),
        onViolation() {
          responder.disconnected();
          port.disconnect();
          return undefined;
        },
        onFault(fault, method) {
          reportFault(fault, method);
          return { message: 'A fault of the extension.' };
        },
        handlers: {
          async 'popup.attach'(_, { emit, signal }) {
            const listener = (data: PopupView): void => emit({ event: 'popup.view', data });
            await Promise.all([settings.loaded, managed.loaded, policy.loaded, recorder.loaded]);
            views.add(listener);
            publish();
            void host.connect();
            if (!signal.aborted) {
              await new Promise<void>((resolve) => {
                signal.addEventListener('abort', () => resolve(), { once: true });
              });
            }
            views.delete(listener);
            return success({});
          },
          'popup.setPaused'({ paused }) {
            settings.update({ paused });
            return success({});
          },
          'popup.setSiteUsed'({ host: site, isUsed }) {
            return thisSite.use(site, isUsed) ? success({}) : failure({ message: 'The site cannot be changed.' });
          },
          'popup.setSiteProfile'({ id, isOn }) {
            return profiles.turn(id, isOn) ? success({}) : failure({ message: 'The profile cannot be changed.' });
          },
          async 'popup.checkHost'() {
            await host.check();
            return success({});
          },
          async 'popup.knownCredentials'({ from }) {
            return success(partOf(await store.all(), from));
          },
          async 'popup.forgetCredential'({ rpId, credentialId }) {
            await store.remove(rpId, credentialId);
            return success({});
          },
          async 'popup.importCredentials'({ credentials }) {
            const result = await store.import(credentials);
            return result === undefined ? failure({ message: 'It is no export of credentials.' }) : success(result);
          },
          async 'popup.ceremonyDetail'({ id }) {
            const detail = await recorder.detail(id);
            return detail === undefined ? failure({ message: 'No details are kept.' }) : success(detail);
          },
          'popup.clearCeremonies'() {
            recorder.clear();
            return success({});
          },
        },
      });
      port.onMessage((message) => responder.receive(message));
      port.onDisconnect(() => responder.disconnected());
    },
  };
}

/** What of the credentials fits into one message (`MESSAGE_LIMITS`), from that place on: the registered ones come first. */
function partOf({ registered, learned }: KnownCredentials, from: number): ResultOf<PopupHop, 'popup.knownCredentials'> {
  const part: ResultOf<PopupHop, 'popup.knownCredentials'> = { registered: [], learned: [] };
  let room = MAX_CREDENTIALS_PART;
  let place = from;
  for (const entry of [...registered, ...learned].slice(from)) {
    room -= JSON.stringify(entry).length;
    if (room < 0) return { ...part, next: place };
    part[place < registered.length ? 'registered' : 'learned'].push({ ...entry });
    place += 1;
  }
  return part;
}
