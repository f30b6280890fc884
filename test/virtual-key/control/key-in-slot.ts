import { Authenticator, type LogEntry } from '../authenticator/authenticator.ts';
import type { Environment } from '../authenticator/environment.ts';
import type { Face, Slot, Traffic } from '../faces/face.ts';
import { faultHook, muteHook, type PacketFault } from '../faces/faults.ts';
import type { KeyChanges, KeyConfig } from './decode-config.ts';
import { ControlFailure } from './fields.ts';

/** What keystile_state tells. */
export interface KeyStateJson {
  /** Where the key is reached, such as `127.0.0.1:8111`. */
  readonly address: string;
  readonly plugged: boolean;
  /** HID packets of a USB key. */
  readonly traffic?: Traffic;
  readonly waitingForTouch: boolean;
  readonly pinSet: boolean;
  readonly pinRetries: number;
  readonly uvRetries: number;
  readonly credentials: number;
  /** Names; null for a fingerprint without one. */
  readonly fingerprints: readonly (string | null)[];
  readonly winks: number;
  /** Commands over the life of the key. */
  readonly commandsSeen: number;
  readonly log: readonly LogEntry[];
}

/** What keystile_wait can wait for. */
export type WaitFor =
  | { readonly kind: 'waitingForTouch' }
  /** A command of this name whose index in the log is `after` or more. */
  | { readonly kind: 'command'; readonly name: string; readonly after: number };

/** A key in its slot: authenticator and face together, as the control commands see it. */
export class KeyInSlot {
  readonly authenticator: Authenticator;
  readonly #slot: Slot;
  readonly #face: Face;
  readonly #environment: Environment;
  #faults: readonly PacketFault[] = [];
  #mute = false;
  #stopWatching: (() => void) | undefined;

  constructor(config: KeyConfig, slot: Slot, environment: Environment) {
    this.authenticator = new Authenticator(config.settings, environment);
    if (config.pin !== undefined) this.authenticator.setPin(config.pin);
    if (config.pinRetries !== undefined) this.authenticator.setPinRetries(config.pinRetries);
    if (config.fingerprints !== undefined) this.authenticator.setFingerprints(config.fingerprints);
    this.#slot = slot;
    this.#environment = environment;
    this.#face = slot.insert(this.authenticator, environment);
  }

  configure(changes: KeyChanges): void {
    this.authenticator.configure(changes.settings);
    if (changes.pin !== undefined) this.authenticator.setPin(changes.pin ?? undefined);
    if (changes.pinRetries !== undefined) this.authenticator.setPinRetries(changes.pinRetries);
    if (changes.fingerprints !== undefined) this.authenticator.setFingerprints(changes.fingerprints);
  }

  /** Sets the packet faults, counted from now, and whether the key swallows everything. */
  setFaults(faults: readonly PacketFault[] | undefined, mute: boolean | undefined): void {
    if (this.#slot.shape.otherClient === undefined && faults?.some(({ action }) => action === 'otherClient') === true) {
      throw new ControlFailure('unsupported operation', 'Other programs use a card through the PC/SC service.');
    }
    this.#faults = faults ?? this.#faults;
    this.#mute = mute ?? this.#mute;
    this.#face.setHooks([...(this.#mute ? [muteHook()] : []), faultHook(this.#faults, this.#slot.shape)]);
  }

  plug(): void {
    this.#face.plug();
  }

  /** Pulls the key out now, or as soon as it waits for a touch. */
  unplug(at: 'now' | 'touch'): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    if (at === 'now' || this.authenticator.waitingForTouch) {
      this.#face.unplug();
      return;
    }
    this.#stopWatching = this.authenticator.observe(() => {
      if (this.authenticator.waitingForTouch) this.unplug('now');
    });
  }

  /** Pulls the key out and puts it back. */
  powerCycle(): void {
    this.#face.unplug();
    this.#face.plug();
  }

  /** Takes the key away for good. */
  remove(): void {
    this.#stopWatching?.();
    this.#slot.remove();
  }

  /** Resolves with true when it has happened, with false after `timeout` milliseconds. */
  async waitFor(what: WaitFor, timeout: number): Promise<boolean> {
    const happened = (): boolean =>
      what.kind === 'waitingForTouch'
        ? this.authenticator.waitingForTouch
        : this.authenticator.log.entries.some(({ index, command }) => index >= what.after && command === what.name);
    if (happened()) return true;
    return await new Promise<boolean>((resolve) => {
      const stop = this.authenticator.observe(() => {
        if (happened()) finish(true);
      });
      const cancelTimer = this.#environment.schedule(timeout, () => finish(false));
      const finish = (outcome: boolean): void => {
        stop();
        cancelTimer();
        resolve(outcome);
      };
    });
  }

  state(): KeyStateJson {
    const { authenticator } = this;
    return {
      address: this.#face.address,
      plugged: this.#face.plugged,
      ...(this.#face.traffic === undefined ? {} : { traffic: this.#face.traffic }),
      waitingForTouch: authenticator.waitingForTouch,
      pinSet: authenticator.pinIsSet,
      pinRetries: authenticator.pinRetries,
      uvRetries: authenticator.uvRetries,
      credentials: authenticator.store.all.length,
      fingerprints: authenticator.fingerprints.map(({ name }) => name ?? null),
      winks: authenticator.winks,
      commandsSeen: authenticator.log.count,
      log: authenticator.log.entries,
    };
  }
}
