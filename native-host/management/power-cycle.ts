import { success, type Result } from '../../shared/bytes/result.ts';
import type { KeyAccess } from '../ceremony/key-access.ts';
import type { DeviceDescriptor } from '../transport/device.ts';
import { onAbort } from '../transport/signals.ts';
import { type ManagementError, managementFailure } from './errors.ts';
import type { KeyUser } from './key-user.ts';

/** Milliseconds that the user has to remove the key, and again to insert it. */
const HANDLING_TIMEOUT = 60_000;

type Outcome = Result<DeviceDescriptor, ManagementError>;

/** Watches one key go and come back. Its id may be another one afterwards. */
export class PowerCycle {
  readonly #stopWatching: () => void;
  #id: string;
  #isPresent = true;
  #onRemoved: () => void = () => undefined;
  #onInserted: (descriptor: DeviceDescriptor) => void = () => undefined;

  /** Begins to watch the key with that id, which is there now. */
  constructor(access: KeyAccess, id: string) {
    this.#id = id;
    this.#stopWatching = access.watch({
      added: (descriptor) => this.#added(descriptor),
      removed: (removed) => this.#removed(removed),
      // Access may come a moment after the key; until then there is nothing to be done with it.
      denied: () => undefined,
    });
  }

  /** Has the user remove the key, unless it is removed already, and insert it; resolves with the key that came. */
  ask(user: KeyUser, signal: AbortSignal): Promise<Outcome> {
    return new Promise((resolve) => {
      let stopListening = (): void => undefined;
      const finish = (outcome: Outcome): void => {
        clearTimeout(timer);
        stopListening();
        this.#onRemoved = () => undefined;
        this.#onInserted = () => undefined;
        resolve(outcome);
      };
      const late = (): void =>
        finish(managementFailure('timeout', 'The key was not removed and inserted again in time. Nothing was erased.'));
      let timer = setTimeout(late, HANDLING_TIMEOUT);
      const insert = (): void => {
        clearTimeout(timer);
        timer = setTimeout(late, HANDLING_TIMEOUT);
        this.#onInserted = (descriptor) => finish(success(descriptor));
        user.tell({ type: 'insertKey' });
      };
      this.#onRemoved = insert;
      stopListening = onAbort([signal], () => finish(managementFailure('cancelled', 'Cancelled. Nothing was erased.')));
      if (signal.aborted) return;
      if (this.#isPresent) user.tell({ type: 'removeKey' });
      else insert();
    });
  }

  stop(): void {
    this.#stopWatching();
  }

  #added(descriptor: DeviceDescriptor): void {
    if (this.#isPresent) return;
    this.#isPresent = true;
    this.#id = descriptor.id;
    this.#onInserted(descriptor);
  }

  #removed(id: string): void {
    if (id !== this.#id || !this.#isPresent) return;
    this.#isPresent = false;
    this.#onRemoved();
  }
}
