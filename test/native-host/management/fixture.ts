import { createKeyAccess, type KeyAccess } from '../../../native-host/ceremony/key-access.ts';
import { makeCredential } from '../../../native-host/ctap2/make-credential.ts';
import type { ManagementError } from '../../../native-host/management/errors.ts';
import type { KeyUser, Loss, ManagementEvent } from '../../../native-host/management/key-user.ts';
import type { ManagedKey } from '../../../native-host/management/managed-key.ts';
import { withManagedKey } from '../../../native-host/management/with-key.ts';
import { encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import { success, type Result } from '../../../shared/bytes/result.ts';
import { callOptions, startUdpKeys, type UdpKeys } from '../support/udp-keys.ts';

/** A user who answers from lists and keeps what happened. */
export class ScriptedUser implements KeyUser {
  prefersPin = true;
  confirms = true;
  readonly pins: string[];
  readonly newPins: string[];
  readonly events: ManagementEvent[] = [];
  readonly losses: Loss[] = [];
  /** What the questions said. */
  readonly asked: string[] = [];
  /** Called at each event, after it was kept. */
  onEvent: (event: ManagementEvent) => void = () => undefined;

  constructor(pins: readonly string[] = [], newPins: readonly string[] = []) {
    this.pins = [...pins];
    this.newPins = [...newPins];
  }

  readonly askPin: KeyUser['askPin'] = ({ reason, pinRetries }) => {
    this.asked.push(`${reason} ${pinRetries.toString()}`);
    return Promise.resolve(this.pins.shift());
  };

  readonly askNewPin: KeyUser['askNewPin'] = ({ problem, minLength }) => {
    this.asked.push(`new ${minLength.toString()} ${problem ?? ''}`.trim());
    return Promise.resolve(this.newPins.shift());
  };

  readonly confirm: KeyUser['confirm'] = (loss) => {
    this.losses.push(loss);
    return Promise.resolve(this.confirms);
  };

  readonly tell: KeyUser['tell'] = (event) => {
    this.events.push(event);
    this.onEvent(event);
  };

  /** The types of the events so far. */
  get told(): readonly string[] {
    return this.events.map(({ type }) => type);
  }
}

/** The virtual key over UDP with the host's way to it. */
export interface ManagementBench extends UdpKeys {
  readonly access: KeyAccess;
  readonly stop: AbortController;
  /** Runs work on the key in the first slot. */
  manage<Value>(user: KeyUser, work: (key: ManagedKey) => Promise<Result<Value, ManagementError>>): Promise<Result<Value, ManagementError>>;
  /** Makes a discoverable credential on a key without a PIN. */
  register(rpId: string, account: string): Promise<void>;
}

/** Starts an empty bench. */
export async function startBench(slots = 1): Promise<ManagementBench> {
  const keys = await startUdpKeys(slots);
  const access = createKeyAccess([keys.transport]);
  const stop = new AbortController();
  const stopWatching = access.watch({ added: () => undefined, removed: () => undefined, denied: () => undefined });
  // The access opens what was reported; the first report may take a moment.
  const reported = (id: string): Promise<void> =>
    new Promise((resolve) => {
      const end = access.watch({
        added: (descriptor) => {
          if (descriptor.id !== id) return;
          end();
          resolve();
        },
        removed: () => undefined,
        denied: () => undefined,
      });
    });
  return {
    ...keys,
    access,
    stop,
    manage: async (user, work) => {
      await reported(keys.idOf(0));
      return withManagedKey(access, keys.idOf(0), { user, signal: stop.signal }, work);
    },
    register: async (rpId, account) => {
      await reported(keys.idOf(0));
      const device = await access.open(keys.idOf(0), stop.signal);
      if (!device.ok) throw new Error(device.error.detail);
      const made = await makeCredential(
        device.value,
        {
          clientDataHash: new Uint8Array(32),
          rp: { id: rpId, name: rpId },
          user: { id: encodeUtf8(account), name: account, displayName: `The ${account}` },
          pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
          options: { rk: true },
        },
        callOptions(),
      );
      await access.close(device.value);
      if (!made.ok) throw new Error(JSON.stringify(made.error));
    },
    close: async () => {
      stopWatching();
      await keys.close();
    },
  };
}

/** The value of a result that must be good. */
export function must<Value>(result: Result<Value, ManagementError>): Value {
  if (!result.ok) throw new Error(`${result.error.reason}: ${result.error.message} ${result.error.detail ?? ''}`);
  return result.value;
}

/** The reason of a result that must be bad; its sentence must be one. */
export function reasonOf(result: Result<unknown, ManagementError>): string {
  if (result.ok) throw new Error('It should have failed.');
  if (!/^[A-Z].*[.a-z]$/s.test(result.error.message)) throw new Error(`Not a sentence: ${result.error.message}`);
  return result.error.reason;
}

/** Work that does nothing, for tests of what comes before it. */
export function nothing(): Promise<Result<undefined, ManagementError>> {
  return Promise.resolve(success(undefined));
}
