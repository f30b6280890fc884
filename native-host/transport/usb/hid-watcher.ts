import type { FidoDevice } from './fido-devices.ts';
import type { DeviceAccess } from './hid-system.ts';

/** A FIDO key of a listing. */
export interface ListedDevice extends FidoDevice {
  /** Stable while the key stays plugged in. */
  readonly id: string;
  readonly access: DeviceAccess;
  /** Empty where the system cannot tell. */
  readonly port: string;
}

/** What a watcher finds out. */
export interface HidWatchListener {
  readonly added: (device: ListedDevice) => void;
  readonly denied: (device: ListedDevice) => void;
  readonly removed: (id: string) => void;
}

/** Milliseconds that the system has to grant access to a device which just came: rights are given after the node is made. */
const ACCESS_GRACE = 300;

interface Known {
  state: 'pending' | 'added' | 'denied';
  readonly since: number;
}

/** Turns listings of devices into arrivals and removals. */
export class HidWatcher {
  readonly #list: () => Promise<readonly ListedDevice[]>;
  readonly #listener: HidWatchListener;
  readonly #known = new Map<string, Known>();
  #isListing = false;
  #isDue = false;
  #isStopped = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(list: () => Promise<readonly ListedDevice[]>, listener: HidWatchListener) {
    this.#list = list;
    this.#listener = listener;
  }

  /** Looks for changes. While a look is under way, one more is remembered. */
  refresh(): void {
    if (this.#isStopped) return;
    this.#isDue = true;
    if (!this.#isListing) void this.#run();
  }

  /** Ends it: the listener is not called any more. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
  }

  async #run(): Promise<void> {
    this.#isListing = true;
    while (this.#isDue) {
      this.#isDue = false;
      this.#compare(await this.#list());
    }
    this.#isListing = false;
  }

  #compare(devices: readonly ListedDevice[]): void {
    if (this.#isStopped) return;
    const ids = new Set(devices.map(({ id }) => id));
    for (const [id, { state }] of [...this.#known]) {
      if (ids.has(id)) continue;
      this.#known.delete(id);
      if (state !== 'pending') this.#listener.removed(id);
    }
    for (const device of devices) this.#look(device);
  }

  #look(device: ListedDevice): void {
    const known = this.#known.get(device.id) ?? { state: 'pending', since: performance.now() };
    this.#known.set(device.id, known);
    if (known.state === 'added' || device.access === 'absent') return;
    if (device.access === 'granted') {
      known.state = 'added';
      this.#listener.added(device);
    } else if (known.state === 'pending') {
      const left = known.since + ACCESS_GRACE - performance.now();
      if (left > 0) {
        clearTimeout(this.#retry);
        this.#retry = setTimeout(() => this.refresh(), left);
        return;
      }
      known.state = 'denied';
      this.#listener.denied(device);
    }
  }
}
