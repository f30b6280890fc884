import { success, type Result } from '../../../shared/bytes/result.ts';
import type { CeremonyState } from '../../../shared/wire/ceremony-state.ts';
import { createKeyAccess, type KeyAccess } from '../../../native-host/ceremony/key-access.ts';
import type { CeremonyFailure, CeremonyOutcome, CeremonyRequest } from '../../../native-host/ceremony/request.ts';
import { type RunningCeremony, startCeremony } from '../../../native-host/ceremony/runner.ts';
import { type AuthenticatorInfo, getInfo } from '../../../native-host/ctap2/get-info.ts';
import { reset } from '../../../native-host/ctap2/reset.ts';
import type { ManagementError } from '../../../native-host/management/errors.ts';
import type { ManagedKey } from '../../../native-host/management/managed-key.ts';
import { withDevice, withManagedKey } from '../../../native-host/management/with-key.ts';
import type { Device, Transport } from '../../../native-host/transport/device.ts';
import { Person } from './person.ts';

/** Milliseconds until a key must have shown itself. */
const ARRIVAL = 10_000;
const STALL_TIMEOUT = 5000;

/** How a ceremony went. */
export interface Ceremony {
  readonly result: Result<CeremonyOutcome, CeremonyFailure>;
  readonly states: readonly CeremonyState[];
}

/** An authenticator of whatever make, and the host's ways to use it. */
export class KeyUnderTest {
  readonly #access: KeyAccess;
  readonly #id: string;
  readonly #stopWatching: () => void;
  readonly #stop = new AbortController();

  private constructor(access: KeyAccess, id: string, stopWatching: () => void) {
    this.#access = access;
    this.#id = id;
    this.#stopWatching = stopWatching;
  }

  /** Waits for the first key of the transport. Throws when none shows itself. */
  static async find(transport: Transport): Promise<KeyUnderTest> {
    const access = createKeyAccess([transport]);
    let stopWatching: () => void = () => undefined;
    const id = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('No authenticator answers there.')), ARRIVAL);
      stopWatching = access.watch({
        added: (descriptor) => {
          clearTimeout(timer);
          resolve(descriptor.id);
        },
        removed: () => undefined,
        denied: (_, error) => {
          clearTimeout(timer);
          reject(new Error(error.detail));
        },
      });
    });
    return new KeyUnderTest(access, id, stopWatching);
  }

  /** What the key says of itself now. */
  async info(): Promise<AuthenticatorInfo> {
    const info = await this.#withDevice((device) => getInfo(device, this.#callOptions()));
    if (!info.ok) throw new Error(`getInfo: ${JSON.stringify(info.error)}`);
    return info.value;
  }

  /** Erases the key as a program would; `false` when the key wants its power cycled before. */
  async erase(): Promise<boolean> {
    const erased = await this.#withDevice((device) => reset(device, this.#callOptions()));
    return erased.ok;
  }

  /** Runs a job of key management. */
  manage<Value>(person: Person, work: (key: ManagedKey) => Promise<Result<Value, ManagementError>>): Promise<Result<Value, ManagementError>> {
    return withManagedKey(this.#access, this.#id, { user: person, signal: this.#stop.signal }, work);
  }

  /**
   * Runs a ceremony with a person who does what the prompt asks for.
   *
   * @param watch is told each state and may end the ceremony.
   */
  async run(
    request: CeremonyRequest,
    person = new Person(),
    watch: (state: CeremonyState, running: RunningCeremony) => void = () => undefined,
  ): Promise<Ceremony> {
    const states: CeremonyState[] = [];
    const faults: unknown[] = [];
    const running: RunningCeremony = startCeremony(request, {
      keys: this.#access,
      promptVisible: true,
      onState: (state) => {
        states.push(state);
        setImmediate(() => {
          if (states.at(-1) !== state) return;
          answer(state, running, person);
          watch(state, running);
        });
      },
      onFault: (fault) => faults.push(fault),
    });
    const result = await running.outcome;
    await running.released;
    if (faults.length > 0) throw new Error(`The host has a fault: ${faults.map(String).join(', ')}`);
    return { result, states };
  }

  /** Lets go of the key. */
  close(): void {
    this.#stop.abort();
    this.#stopWatching();
  }

  async #withDevice<Value, Problem>(work: (device: Device) => Promise<Result<Value, Problem>>): Promise<Result<Value, Problem>> {
    let outcome: Result<Value, Problem> | undefined;
    const opened = await withDevice(this.#access, this.#id, this.#stop.signal, async (device) => {
      outcome = await work(device);
      return success(undefined);
    });
    if (!opened.ok) throw new Error(opened.error.message);
    if (outcome === undefined) throw new Error('Nothing was done.');
    return outcome;
  }

  #callOptions(): { readonly signal: AbortSignal; readonly stallTimeout: number } {
    return { signal: this.#stop.signal, stallTimeout: STALL_TIMEOUT };
  }
}

function answer(state: CeremonyState, running: RunningCeremony, person: Person): void {
  switch (state.state) {
    case 'needsPin': {
      const pin = person.typePin(state.reason, state.pinRetries);
      if (pin === undefined) running.abort({ reason: 'cancelledByUser', message: 'The person knows no other PIN.' });
      else running.input({ type: 'pinSubmitted', pin });
      return;
    }
    case 'needsNewPin':
      if (person.newPin === undefined) running.abort({ reason: 'cancelledByUser', message: 'The person wants no new PIN.' });
      else running.input({ type: 'newPinSubmitted', pin: person.newPin });
      return;
    case 'selectingDevice': {
      const card = state.devices.find(({ waitsForConsent }) => waitsForConsent);
      if (card !== undefined) running.input({ type: 'cardChosen', readerName: card.productName });
      return;
    }
    case 'needsReinsert':
      if (state.reason === 'presentBefore') running.input({ type: 'cardChosen', readerName: state.device.productName });
      else running.abort({ reason: 'cancelledByUser', message: `The key has to be taken out: ${state.reason}.` });
      return;
    case 'selectingCredential':
      running.input({ type: 'credentialSelected', index: person.choose(state) });
      return;
    default:
  }
}
