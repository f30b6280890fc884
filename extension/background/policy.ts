import { type Policy, NO_POLICY, readPolicy } from '../../shared/policy/policy.ts';
import type { StoragePort } from '../platform/ports.ts';
import type { ManagedSettings } from './managed-settings.ts';

const KEY = 'lastPolicy';

/** Milliseconds for which "nothing set" is not believed after a start: Chromium delivers policies some seconds late. */
const GRACE = 10_000;

/** The organisation's policy; until {@link PolicySource.loaded} none. */
export interface PolicySource {
  readonly current: Policy;
  readonly loaded: Promise<void>;
  onChange(listener: () => void): void;
}

/**
 * Reads the policy that the administrator set, and again whenever it changes. The last one is kept: while a browser
 * that starts has not delivered its policies yet, it goes on to count.
 */
export function createPolicySource(
  managed: ManagedSettings,
  storage: StoragePort,
  reportFault: (fault: unknown, where: string) => void,
  grace: number = GRACE,
): PolicySource {
  const listeners: (() => void)[] = [];
  let current = NO_POLICY;
  /** What `current` was read from, as JSON. */
  let source: string | undefined;
  let isGraceOver = false;

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
    if (managed.values.policy === undefined && last !== undefined && last !== null) adopt(last);
    else update();
  }

  const loaded = load();
  managed.onChange(update);
  setTimeout(() => {
    isGraceOver = true;
    void loaded.then(update);
  }, grace);
  return {
    get current() {
      return current;
    },
    loaded,
    onChange: (listener) => void listeners.push(listener),
  };
}
