import { startBackground } from '../../../../extension/background/background.ts';
import type { PolicyTimes } from '../../../../extension/background/policy.ts';
import { encodeBase64url } from '../../../../shared/bytes/base64url.ts';
import { failure, success, type Result } from '../../../../shared/bytes/result.ts';
import { DEFAULT_OPTION_LIMITS, type OptionLimits } from '../../../../shared/webauthn/options.ts';
import type { ErrorOf, ParamsOf, ResultOf } from '../../../../shared/wire/hop.ts';
import { NATIVE_HOST_NAME, nativeHop, type NativeHop } from '../../../../shared/wire/native.ts';
import { createRequester, type Requester } from '../../../../shared/wire/requester.ts';
import { createResponder, type RequestContext } from '../../../../shared/wire/responder.ts';
import { runtimeHop, type RuntimeHop } from '../../../../shared/wire/runtime.ts';
import { popupHop, type PopupHop, type PopupView, promptHop, type PromptHop, type PromptView } from '../../../../shared/wire/ui.ts';
import { EXTENSION_ID, EXTENSION_ORIGIN, type FakeConnection, FakeNativeConnection, FakePlatform, type FakeWindow } from './fake-platform.ts';
import { SoftwareKey } from './software-key.ts';

type Start = 'registration.start' | 'authentication.start';
type StartResult<Method extends Start> = Result<ResultOf<NativeHop, Method>, ErrorOf<NativeHop>>;

/** A running ceremony at the fake host. */
export interface HostCeremony<Method extends Start> {
  readonly params: ParamsOf<NativeHop, Method>;
  readonly context: RequestContext<NativeHop, Method, undefined>;
}

/** What the test's host does with ceremonies; by default the software key answers once the prompt is visible. */
export interface HostBehaviour {
  register: (ceremony: HostCeremony<'registration.start'>) => Promise<StartResult<'registration.start'>>;
  authenticate: (ceremony: HostCeremony<'authentication.start'>) => Promise<StartResult<'authentication.start'>>;
  protocol: number;
  development: boolean;
}

let counter = 0;

function newId(): string {
  counter += 1;
  return `test-${counter.toString()}`;
}

/** Keeps what comes, and lets one wait for something among it, past or to come. */
export class Observed<Item> {
  readonly items: Item[] = [];
  #waiting: { accepts: (item: Item) => boolean; resolve: (item: Item) => void }[] = [];

  add(item: Item): void {
    this.items.push(item);
    const now = this.#waiting.filter(({ accepts }) => accepts(item));
    this.#waiting = this.#waiting.filter((entry) => !now.includes(entry));
    for (const { resolve } of now) resolve(item);
  }

  until(accepts: (item: Item) => boolean = () => true): Promise<Item> {
    const found = this.items.find(accepts);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => this.#waiting.push({ accepts, resolve }));
  }
}

/** A document of a page with its relay. */
export class Relay {
  readonly connection: FakeConnection;
  readonly requester: Requester<RuntimeHop>;

  constructor(connection: FakeConnection) {
    this.connection = connection;
    this.requester = createRequester(runtimeHop, { send: (message) => connection.send(message), newId });
    connection.onMessage = (message) => this.requester.receive(message);
    connection.onClosed = () => this.requester.disconnected();
  }

  create(options: unknown, frame: object = {}, signal?: AbortSignal): ReturnType<Requester<RuntimeHop>['request']> {
    return this.requester.request('create', { options, frame: { visible: true, allowedByPolicy: true, ...frame } }, signal === undefined ? {} : { signal });
  }

  get(options: unknown, frame: object = {}, signal?: AbortSignal): ReturnType<Requester<RuntimeHop>['request']> {
    return this.requester.request('get', { options, frame: { visible: true, allowedByPolicy: true, ...frame } }, signal === undefined ? {} : { signal });
  }
}

/** A prompt window's page. */
export class PromptPage {
  readonly connection: FakeConnection;
  readonly requester: Requester<PromptHop>;
  readonly views = new Observed<PromptView>();
  readonly window: FakeWindow;

  constructor(connection: FakeConnection, window: FakeWindow) {
    this.window = window;
    this.connection = connection;
    this.requester = createRequester(promptHop, { send: (message) => connection.send(message), newId });
    connection.onMessage = (message) => this.requester.receive(message);
    connection.onClosed = () => this.requester.disconnected();
    void this.requester.request('prompt.attach', { promptId: new URL(window.path, 'https://extension.example/').hash.slice(1) }, {
      onEvent: ({ data }) => this.views.add(data),
    });
  }

  state(state: PromptView['ceremony']['state']): Promise<PromptView> {
    return this.views.until(({ ceremony }) => ceremony.state === state);
  }

  visible(): void {
    void this.requester.request('prompt.visible', {});
  }
}

/** The background with a browser in memory, a host that speaks the real protocol and a key that really signs. */
export class World {
  readonly platform = new FakePlatform();
  readonly key = new SoftwareKey();
  readonly prompts = new Observed<PromptPage>();
  readonly ceremonies = new Observed<HostCeremony<Start>>();
  readonly hosts: FakeNativeConnection[] = [];
  readonly inputs: { method: string; params: unknown }[] = [];
  readonly faults: string[] = [];
  /** What the host answers to requests for deletion, one after the other; then `deleted`. */
  readonly deletions: ResultOf<NativeHop, 'credential.delete'>[] = [];
  /** What the host knows of any model. */
  metadata: ResultOf<NativeHop, 'metadata.lookup'> = { status: { state: 'none', detail: 'No metadata is set up.' } };
  policyTimes: PolicyTimes | undefined;
  /** Windows open, but their page does not load. */
  promptsStayEmpty = false;
  /** Prompts say that they are visible as soon as they are open. */
  promptsBecomeVisible = true;
  readonly behaviour: HostBehaviour = {
    register: async ({ params, context }) => {
      await this.presence(params.promptVisible, context);
      return context.signal.aborted ? failure({ reason: 'cancelled', message: '' }) : success(this.key.register(params));
    },
    authenticate: async ({ params, context }) => {
      await this.presence(params.promptVisible, context);
      return context.signal.aborted ? failure({ reason: 'cancelled', message: '' }) : success(this.key.authenticate(params));
    },
    protocol: 1,
    development: false,
  };
  readonly #visible = new Observed<string>();

  constructor() {
    this.platform.onWindowOpened = (window) => {
      if (this.promptsStayEmpty) return;
      const connection = this.platform.connect('keystile-prompt', {
        id: EXTENSION_ID,
        url: `${EXTENSION_ORIGIN}/${window.path}`,
        frameId: 0,
        tab: { id: 900 + window.id, windowId: window.id },
      });
      const page = new PromptPage(connection, window);
      this.prompts.add(page);
      if (this.promptsBecomeVisible) page.visible();
    };
  }

  start(limits: Partial<OptionLimits['timeout']> = {}, hostTimes = { hello: 5000, unavailable: 0, idle: 60_000 }): this {
    startBackground(this.platform, {
      reportFault: (fault, where) => this.faults.push(`${where}: ${String(fault)}`),
      limits: { ...DEFAULT_OPTION_LIMITS, timeout: { ...DEFAULT_OPTION_LIMITS.timeout, ...limits } },
      hostTimes,
      ceremonyTimes: { cancel: 100, handOver: 100, promptPage: 100 },
      ...(this.policyTimes === undefined ? {} : { policyTimes: this.policyTimes }),
    });
    return this;
  }

  withHost(): this {
    this.platform.connectHost = () => this.#host();
    return this;
  }

  /** Resolves when the prompt is visible or nobody waits any more, as the real host holds presence back. */
  presence(isVisible: boolean, { id, signal }: { readonly id: string; readonly signal: AbortSignal }): Promise<unknown> {
    if (isVisible || signal.aborted) return Promise.resolve();
    return Promise.race([
      this.#visible.until((ceremonyId) => ceremonyId === id),
      new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })),
    ]);
  }

  relay(origin: string, sender: object = {}): Relay {
    const tabId = 7;
    return new Relay(
      this.platform.connect('keystile-relay', {
        id: EXTENSION_ID,
        origin,
        url: `${origin}/login`,
        frameId: 0,
        documentId: newId(),
        documentLifecycle: 'active',
        tab: { id: tabId, windowId: 3 },
        ...sender,
      }),
    );
  }

  popup(): { requester: Requester<PopupHop>; views: Observed<PopupView> } {
    const connection = this.platform.connect('keystile-popup', { id: EXTENSION_ID, url: `${EXTENSION_ORIGIN}/ui/popup/index.html` });
    const requester = createRequester(popupHop, { send: (message) => connection.send(message), newId });
    const views = new Observed<PopupView>();
    connection.onMessage = (message) => requester.receive(message);
    void requester.request('popup.attach', {}, { onEvent: ({ data }) => views.add(data) });
    return { requester, views };
  }

  #host(): FakeNativeConnection {
    const connection = new FakeNativeConnection();
    this.hosts.push(connection);
    const input = (method: string) => (params: unknown) => {
      this.inputs.push({ method, params });
      return success({});
    };
    const hello: ResultOf<NativeHop, 'host.hello'> = {
      name: NATIVE_HOST_NAME,
      version: '0.1.0',
      protocol: this.behaviour.protocol,
      platform: 'test',
      transports: [{ kind: 'udp', available: true }],
      development: this.behaviour.development,
    };
    const responder = createResponder({
      hop: nativeHop,
      caller: undefined,
      send: (message) => connection.send(message),
      onViolation: ({ kind }) => ({ reason: 'malformedMessage' as const, message: kind }),
      onFault: (fault) => ({ reason: 'internal' as const, message: String(fault) }),
      handlers: {
        'host.hello': () => success(hello),
        'registration.start': (params, context) => {
          this.ceremonies.add({ params, context } as HostCeremony<Start>);
          return this.behaviour.register({ params, context });
        },
        'authentication.start': (params, context) => {
          this.ceremonies.add({ params, context } as HostCeremony<Start>);
          return this.behaviour.authenticate({ params, context });
        },
        'credential.delete': (params) => {
          this.inputs.push({ method: 'credential.delete', params });
          return success(this.deletions.shift() ?? { outcome: 'deleted' as const });
        },
        'metadata.lookup': (params) => {
          this.inputs.push({ method: 'metadata.lookup', params });
          return success(this.metadata);
        },
        'ceremony.promptVisible': ({ ceremonyId }) => {
          this.#visible.add(ceremonyId);
          return success({});
        },
        'ceremony.submitPin': input('submitPin'),
        'ceremony.submitNewPin': input('submitNewPin'),
        'ceremony.selectCredential': input('selectCredential'),
        'ceremony.useCard': input('useCard'),
      },
    });
    connection.onMessage = (message) => responder.receive(message);
    connection.onDisconnected = () => responder.disconnected();
    return connection;
  }
}

/** Bytes of a text as base64url. */
export function base64url(text: string): string {
  return encodeBase64url(new TextEncoder().encode(text));
}

/** Options of a registration that a key can serve. */
export function creationOptions(change: object = {}): object {
  return {
    rp: { id: 'login.example', name: 'Example' },
    user: { id: base64url('user-1'), name: 'ada@login.example', displayName: 'Ada' },
    challenge: base64url('challenge-create'),
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    attestation: 'direct',
    ...change,
  };
}

/** Options of an authentication without user name. */
export function requestOptions(change: object = {}): object {
  return { challenge: base64url('challenge-get'), rpId: 'login.example', userVerification: 'required', ...change };
}
