import type { WebauthnProxyPort } from '../platform/ports.ts';
import { Interception, type ManagedSettings } from './managed-settings.ts';
import type { NativeHost } from './native-port.ts';
import type { Settings } from './settings.ts';

/** Whether WebAuthn calls come by the browser's proxy. */
export const ProxyState = {
  /** The administrator does not want it. */
  off: 'off',
  attached: 'attached',
  /** Wanted, but Keystile stands aside now: paused, or without its host. */
  detached: 'detached',
  /** Wanted, but the browser refuses: another extension has it. */
  taken: 'taken',
  /** Wanted, but this browser has no such thing. */
  unsupported: 'unsupported',
} as const;
export type ProxyState = (typeof ProxyState)[keyof typeof ProxyState];

/** The attachment to the browser's WebAuthn proxy. */
export interface ProxyAttachment {
  readonly state: ProxyState;
  /** Pages' own calls are left to the browser, which sends them here, or to whom it has instead. */
  readonly isWanted: boolean;
  /** Attaches or detaches as things are. Never rejects. */
  refresh(): Promise<void>;
  onChange(listener: () => void): void;
}

/** What decides about the attachment. */
export interface ProxyAttachmentServices {
  /** Absent where the browser has none. */
  readonly proxy: WebauthnProxyPort | undefined;
  readonly managed: ManagedSettings;
  readonly settings: Settings;
  readonly host: NativeHost;
  /** The host answered when it was last asked. */
  readonly isHostExpected: () => boolean;
  readonly reportFault: (fault: unknown, where: string) => void;
}

/**
 * Keeps the proxy attached while the administrator wants it, Keystile is not paused, and the host is there: an
 * attached proxy takes every call, and can pass none on.
 */
export function createProxyAttachment(services: ProxyAttachmentServices): ProxyAttachment {
  const { proxy, managed, settings, host, isHostExpected, reportFault } = services;
  const listeners: (() => void)[] = [];
  let state: ProxyState = ProxyState.off;
  /** One change after the other. */
  let working: Promise<void> = Promise.resolve();

  function isWanted(): boolean {
    return managed.values.interception === Interception.proxy;
  }

  function set(next: ProxyState): void {
    if (state === next) return;
    state = next;
    for (const listener of listeners) listener();
  }

  async function work(): Promise<void> {
    await Promise.all([managed.loaded, settings.loaded]);
    if (proxy === undefined) {
      set(isWanted() ? ProxyState.unsupported : ProxyState.off);
      return;
    }
    const shallAttach = isWanted() && !settings.values.paused && (isHostExpected() || (await host.connect()).ok);
    if (shallAttach) {
      // Attaching twice is no error, and after a restart of the worker nobody knows.
      const problem = await proxy.attach().catch(describe);
      if (problem !== undefined) reportFault(new Error(problem), 'webauthn proxy');
      set(problem === undefined ? ProxyState.attached : ProxyState.taken);
      return;
    }
    // Fails when nothing was attached, which is what is wanted.
    if (isWanted() || state === ProxyState.attached) await proxy.detach().catch(() => undefined);
    set(isWanted() ? ProxyState.detached : ProxyState.off);
  }

  function refresh(): Promise<void> {
    working = working.then(work).catch((fault: unknown) => reportFault(fault, 'webauthn proxy'));
    return working;
  }

  managed.onChange(() => void refresh());
  settings.onChange(() => void refresh());
  host.onStatus(({ status }) => {
    if ((status === 'unavailable') === (state === ProxyState.attached)) void refresh();
  });

  return {
    get state() {
      return state;
    },
    get isWanted() {
      return isWanted();
    },
    refresh,
    onChange: (listener) => void listeners.push(listener),
  };
}

function describe(fault: unknown): string {
  return fault instanceof Error ? fault.message : 'The browser refused.';
}
