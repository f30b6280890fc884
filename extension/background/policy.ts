import { type Policy, NO_POLICY, readPolicy } from '../../shared/policy/policy.ts';
import type { StoragePort } from '../platform/ports.ts';
import type { ManagedSettings } from './managed-settings.ts';

const KEY = 'lastPolicy';

/** Milliseconds for which "nothing set" is not believed after a start: Chromium delivers policies some seconds late. */
const GRACE = 10_000;

/** Milliseconds that registrations of a forced installation wait for its first policy. */
const FIRST_DELIVERY = 5_000;

/** Milliseconds; tests choose shorter ones. */
export interface PolicyTimes {
  readonly grace: number;
  readonly firstDelivery: number;
}

/** The organisation's policy; until {@link PolicySource.loaded} none. */
export interface PolicySource {
  readonly current: Policy;
  readonly loaded: Promise<void>;
  /**
   * As {@link loaded}, and in the very first moments of a forced installation, when the browser has yet to deliver the
   * policy that comes with it, after that or the deadline. Registrations wait for it: what they leave on a key stays.
   */
  readonly delivered: Promise<void>;
  onChange(listener: () => void): void;
}

/**
 * Reads the policy that the administrator set, and again whenever it changes. The last one is kept: while a browser
 * that starts has not delivered its policies yet, it goes on to count.
 */
export function createPolicySource(
  managed: ManagedSettings,
  storage: StoragePort,
  isForceInstalled: () => Promise<boolean>,
  reportFault: (fault: unknown, where: string) => void,
  { grace, firstDelivery }: PolicyTimes = { grace: GRACE, firstDelivery: FIRST_DELIVERY },
): PolicySource {
  const listeners: (() => void)[] = [];
  let current = NO_POLICY;
  /** What `current` was read from, as JSON. */
  let source: string | undefined;
  let isGraceOver = false;
  /** Nothing is known of an earlier start, not even that there was no policy. */
  let isFirstStart = false;

  function adopt(value: unknown): void {
    const text = value === undefined ? undefined : JSON.stringify(value);
    if (text === source) return;
    source = text;
    current = value === undefined ? NO_POLICY : readPolicy(value);
    storage.set(KEY, value ?? null).catch((fault: unknown) => reportFault(fault, 'policy'));
    for (const listener of listeners) listener();
  }

  function update(): void {
    const { policy } = managed.values;
    if (policy !== undefined || isGraceOver) adopt(policy);
  }

  async function load(): Promise<void> {
    const [last] = await Promise.all([
      storage.get(KEY).catch((fault: unknown) => {
        reportFault(fault, 'policy');
        return undefined;
      }),
      managed.loaded,
    ]);
    isFirstStart = last === undefined;
    if (managed.values.policy === undefined && last !== undefined && last !== null) adopt(last);
    else update();
  }

  async function waitForDelivery(): Promise<void> {
    await loaded;
    if (!isFirstStart || managed.values.policy !== undefined || !(await isForceInstalled())) return;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, firstDelivery);
      // Whatever has come, it has come with the policy, if there is one.
      managed.onChange(resolve);
    });
  }

  /** From now on "nothing set" is believed; the next start knows that there was none. */
  function endGrace(): void {
    isGraceOver = true;
    update();
    if (isFirstStart && source === undefined) storage.set(KEY, null).catch((fault: unknown) => reportFault(fault, 'policy'));
  }

  const loaded = load();
  const delivered = waitForDelivery();
  managed.onChange(update);
  setTimeout(() => void loaded.then(endGrace), grace);
  return {
    get current() {
      return current;
    },
    loaded,
    delivered,
    onChange: (listener) => void listeners.push(listener),
  };
}
